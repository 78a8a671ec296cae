using System.Runtime.InteropServices;
using System.Text.Json;

namespace Analemma.Sandbox.Seccomp;

/// <summary>The numbers of one architecture for the syscalls that the profile names; not every name has one.</summary>
internal sealed class SyscallNumbers
{
    // AUDIT_ARCH_* of <linux/audit.h>: the ELF machine, 64-bit, little-endian.
    private const uint AuditX64 = 0xC000_003E;
    private const uint AuditArm64 = 0xC000_00B7;

    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly Dictionary<int, string> _names = [];

    private SyscallNumbers(uint auditArchitecture, JsonElement numbers)
    {
        AuditArchitecture = auditArchitecture;
        foreach (var member in numbers.EnumerateObject())
        {
            var number = member.Value.GetInt32();
            _numbers.Add(member.Name, number);
            _names.Add(number, member.Name);
        }
    }

    public static SyscallNumbers Native { get; } = Load(RuntimeInformation.OSArchitecture);

    public uint AuditArchitecture { get; }

    public IReadOnlyDictionary<string, int> ByName => _numbers;

    public static SyscallNumbers Load(Architecture architecture)
    {
        const string Resource = "Analemma.Sandbox.Seccomp.syscall-numbers.json";
        using var json = typeof(SyscallNumbers).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"the resource {Resource} is not in the assembly");
        using var all = JsonDocument.Parse(json);
        return architecture switch
        {
            Architecture.X64 => new SyscallNumbers(AuditX64, all.RootElement.GetProperty("x86_64")),
            Architecture.Arm64 => new SyscallNumbers(AuditArm64, all.RootElement.GetProperty("aarch64")),
            _ => throw new PlatformNotSupportedException($"there is no seccomp profile for {architecture}"),
        };
    }

    public string NameOf(int number) => _names.GetValueOrDefault(number) ?? $"syscall {number}";
}

using System.Collections.Frozen;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Analemma.Sandbox.Seccomp;

/// <summary>The numbers of one architecture for the syscalls that the profile names; not every name has one.</summary>
internal sealed class SyscallNumbers
{
    // AUDIT_ARCH_* of <linux/audit.h>: the ELF machine, 64-bit, little-endian.
    private const uint AuditX64 = 0xC000_003E;
    private const uint AuditArm64 = 0xC000_00B7;

    private readonly FrozenDictionary<int, string> _names;

    private SyscallNumbers(uint auditArchitecture, Dictionary<string, int> numbers)
    {
        AuditArchitecture = auditArchitecture;
        ByName = numbers.ToFrozenDictionary();
        _names = numbers.ToFrozenDictionary(pair => pair.Value, pair => pair.Key);
    }

    public static SyscallNumbers Native { get; } = Load(RuntimeInformation.OSArchitecture);

    public uint AuditArchitecture { get; }

    public FrozenDictionary<string, int> ByName { get; }

    public static SyscallNumbers Load(Architecture architecture)
    {
        const string Resource = "Analemma.Sandbox.Seccomp.syscall-numbers.json";
        using var json = typeof(SyscallNumbers).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"the resource {Resource} is not in the assembly");
        var all = JsonSerializer.Deserialize(json, SyscallNumbersJson.Default.DictionaryStringDictionaryStringInt32)!;
        return architecture switch
        {
            Architecture.X64 => new SyscallNumbers(AuditX64, all["x86_64"]),
            Architecture.Arm64 => new SyscallNumbers(AuditArm64, all["aarch64"]),
            _ => throw new PlatformNotSupportedException($"there is no seccomp profile for {architecture}"),
        };
    }

    public string NameOf(int number) => _names.GetValueOrDefault(number) ?? $"syscall {number}";
}

[JsonSerializable(typeof(Dictionary<string, Dictionary<string, int>>))]
internal sealed partial class SyscallNumbersJson : JsonSerializerContext;

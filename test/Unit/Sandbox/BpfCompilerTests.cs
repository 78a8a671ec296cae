using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Analemma.Sandbox.Seccomp;

namespace Analemma.Unit.Tests.Sandbox;

/// <summary>Runs the compiled filter in a small interpreter, as the host's kernel would.</summary>
public sealed class BpfCompilerTests
{
    private const uint Kill = 0x8000_0000;
    private const uint Allow = 0x7fff_0000;
    private const uint Notify = 0x7fc0_0000;
    private const uint Eperm = 0x0005_0001;
    private const uint Enosys = 0x0005_0026;
    private const uint AuditI386 = 0x4000_0003;

    private static readonly SyscallNumbers X64 = SyscallNumbers.Load(Architecture.X64);

    [Theory]
    [InlineData(Architecture.X64, false, false)]
    [InlineData(Architecture.X64, true, false)]
    [InlineData(Architecture.X64, true, true)]
    [InlineData(Architecture.Arm64, true, false)]
    public void The_filter_answers_as_the_rules_say(Architecture architecture, bool listener, bool auditReads)
    {
        var numbers = SyscallNumbers.Load(architecture);
        var options = new SeccompOptions { ListenerPath = listener ? "/l" : null, AuditReads = auditReads };
        var filter = SeccompProfile.Agent.ToBpf(options, numbers);
        var random = new Random(20261122);
        var words = SeccompProfile.Agent.Rules.SelectMany(rule => rule.When).SelectMany(condition => condition.Values)
            .SelectMany(value => (ulong[])[value, value | (1UL << 40), value ^ 1]).Distinct().ToArray();

        for (var number = 0; number < 500; number++)
        {
            for (var round = 0; round < 40; round++)
            {
                var args = Enumerable.Range(0, 6).Select(_ => words[random.Next(words.Length)]).ToArray();

                var expected = Expected(numbers.NameOf(number), args, options);
                Assert.True(
                    expected == Run(filter, numbers.AuditArchitecture, number, args),
                    $"{numbers.NameOf(number)}({string.Join(", ", args.Select(arg => $"0x{arg:x}"))})");
            }
        }
    }

    [Fact]
    public void Another_architectures_entry_kills()
    {
        var filter = SeccompProfile.Agent.ToBpf(new SeccompOptions(), X64);

        Assert.Equal(Kill, Run(filter, AuditI386, 20, [0, 0, 0, 0, 0, 0]));
        Assert.Equal(Kill, Run(filter, X64.AuditArchitecture, 0x4000_0000 | 39, [0, 0, 0, 0, 0, 0]));
        Assert.Equal(Kill, Run(filter, X64.AuditArchitecture, -1, [0, 0, 0, 0, 0, 0]));
    }

    [Fact]
    public void The_numbers_are_the_kernel_headers()
    {
        const string Header = "/usr/include/x86_64-linux-gnu/asm/unistd_64.h";
        Assert.SkipUnless(File.Exists(Header), $"{Header} is not here (package linux-libc-dev)");

        foreach (var line in File.ReadLines(Header))
        {
            if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is ["#define", var name, var number]
                && name.StartsWith("__NR_", StringComparison.Ordinal))
            {
                Assert.Equal(name[5..], X64.NameOf(int.Parse(number, null)));
            }
        }
    }

    private static uint Expected(string name, ulong[] args, SeccompOptions options)
    {
        var rule = SeccompProfile.Agent.Rules.SingleOrDefault(
            one => one.Names.Contains(name) && one.AppliesTo(options) && one.Matches(args));
        return rule is null ? Enosys : rule.Action switch
        {
            SeccompAction.Allow => Allow,
            SeccompAction.Report => options.ListenerPath is null ? Allow : Notify,
            SeccompAction.Refuse => options.ListenerPath is null ? Eperm : Notify,
            SeccompAction.Deny => rule.Errno == "EPERM" ? Eperm : Enosys,
        };
    }

    private static uint Run(byte[] filter, uint architecture, int number, ulong[] args)
    {
        var data = new byte[64];
        BinaryPrimitives.WriteInt32LittleEndian(data, number);
        BinaryPrimitives.WriteUInt32LittleEndian(data.AsSpan(4), architecture);
        for (var i = 0; i < args.Length; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(data.AsSpan(16 + (8 * i)), args[i]);
        }

        uint accumulator = 0;
        for (var at = 0; ; at++)
        {
            var instruction = filter.AsSpan(at * 8, 8);
            var operand = BinaryPrimitives.ReadUInt32LittleEndian(instruction[4..]);
            switch (BinaryPrimitives.ReadUInt16LittleEndian(instruction))
            {
                case 0x20:
                    accumulator = BinaryPrimitives.ReadUInt32LittleEndian(data.AsSpan((int)operand));
                    break;
                case 0x54:
                    accumulator &= operand;
                    break;
                case 0x05:
                    at += (int)operand;
                    break;
                case 0x15:
                    at += accumulator == operand ? instruction[2] : instruction[3];
                    break;
                case 0x35:
                    at += accumulator >= operand ? instruction[2] : instruction[3];
                    break;
                case 0x06:
                    return operand;
                default:
                    throw new InvalidOperationException($"instruction {at} is none that the compiler emits");
            }
        }
    }
}

using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Policy;
using Analemma.Unit.Tests.Kernel.Models;

namespace Analemma.Unit.Tests.Kernel;

/// <summary>Whose audit records a caller is told.</summary>
public sealed class AuditSyscallTests
{
    private readonly ModelBench _bench = new(ModelBench.Options);

    [Fact]
    public void The_host_is_told_of_all_and_of_one_also_when_its_record_is_gone()
    {
        Assert.Equal((null, null, 0L, 100), Asked(new Audit()));
        Assert.Equal(
            (new ProcessId(4711), "security", 9L, 5),
            Asked(new Audit { Id = new ProcessId(4711), Category = "security", Since = 9, Max = 5 }));
    }

    [Fact]
    public void An_agent_is_told_of_itself_and_of_those_that_it_may_read()
    {
        var parent = _bench.Kernel.Run();
        var child = _bench.Kernel.Run(new Spawn { Argv = ["true"], Name = "child" }, parent.Value);
        Assert.Equal(parent, Asked(new Audit(), parent).Process);
        Assert.Equal(child, Asked(new Audit { Name = "child" }, parent).Process);
        _bench.Kernel.Call(new Audit { Id = parent }, child.Value);
        Assert.Empty(_bench.Kernel.Effects.OfType<ReadAudit>());
        Assert.Single(_bench.Kernel.Effects.OfType<Refuse>());
    }

    [Theory]
    [InlineData("everything", null, null)]
    [InlineData(null, -1L, null)]
    [InlineData(null, null, 0)]
    [InlineData(null, null, 1001)]
    public void What_it_cannot_mean_is_refused(string? category, long? since, int? max) =>
        Assert.Equal(
            SysErrorCode.InvalidArgument,
            SyscallRules.Check(new Audit { Category = category, Since = since, Max = max })?.Code);

    private (ProcessId? Process, string? Category, long Since, int Max) Asked(Audit audit, ProcessId caller = default)
    {
        _bench.Kernel.Call(audit, caller.Value);
        var read = Assert.Single(_bench.Kernel.Effects.OfType<ReadAudit>());
        return (read.Process, read.Category, read.Since, read.Max);
    }
}

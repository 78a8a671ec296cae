using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Policy;

namespace Analemma.Unit.Tests.Kernel;

public sealed class SpawnTests
{
    private readonly KernelBench _kernel = new();

    [Fact]
    public void A_spawn_is_answered_when_the_agent_runs_and_not_before()
    {
        _kernel.Call(new Spawn { Name = "worker", Argv = ["true"] });
        var launch = _kernel.One<Launch>();
        Assert.Empty(_kernel.Effects.OfType<Answer>());

        _kernel.Apply(new SandboxStarted(launch.Process, "a1", 77, "crun", "cold", ["uid"]) { At = 0 });
        var reply = Assert.IsType<SpawnReply>(_kernel.One<Answer>().Reply);
        Assert.Equal((launch.Process, "worker", 77, "running"), (reply.Id, reply.Name, reply.Pid, reply.Status));
        Assert.Equal(["uid"], reply.Missing);
    }

    [Fact]
    public void Names_are_unique_among_the_living_and_free_again_after()
    {
        var first = _kernel.Run(new Spawn { Name = "a", Argv = ["true"] });
        _kernel.Call(new Spawn { Name = "a", Argv = ["true"] });
        Assert.Equal(SysErrorCode.NameTaken, _kernel.Refusal().Code);

        _kernel.Exit(first);
        Assert.NotEqual(first, _kernel.Run(new Spawn { Name = "a", Argv = ["true"] }));
    }

    [Fact]
    public void A_failed_start_refuses_the_spawn_and_is_recorded()
    {
        _kernel.Call(new Spawn { Argv = ["nothing"] });
        var id = _kernel.One<Launch>().Process;
        _kernel.Apply(new SandboxStartFailed(id, SysErrorCode.StartFailed, "no such program", null) { At = 0 });
        Assert.Equal("no such program", _kernel.Refusal().Message);

        _kernel.Call(new Inspect { Id = id });
        var view = Assert.IsType<ProcessView>(_kernel.One<Answer>().Reply);
        Assert.Equal(ExitCause.StartFailed, view.Exit!.Cause);
    }

    [Theory]
    [InlineData("unsandboxed")]
    [InlineData("network")]
    [InlineData("mounts")]
    [InlineData("limits.memory")]
    [InlineData("limits.max_pids")]
    [InlineData("limits.cpu_quota")]
    public void An_agent_may_not_spawn_what_it_may_not_be(string capability)
    {
        var parent = _kernel.Run();
        var most = new LimitSet();
        var wish = new Spawn { Argv = ["true"] };
        wish = capability switch
        {
            "unsandboxed" => wish with { Sandboxed = false },
            "network" => wish with { Network = true },
            "mounts" => wish with { Mounts = [new MountRequest { Source = "/etc", Target = "/mnt/etc" }] },
            "limits.memory" => wish with { Limits = new ResourceLimits { Memory = most.MemoryBytes + 1 } },
            "limits.max_pids" => wish with { Limits = new ResourceLimits { MaxPids = most.Pids + 1 } },
            _ => wish with { Limits = new ResourceLimits { CpuQuota = most.CpuQuotaUs + 1 } },
        };

        _kernel.Call(wish, parent.Value);
        Assert.Equal(SysErrorCode.PermissionDenied, _kernel.Refusal().Code);
        Assert.Equal($"missing capability: {capability}", _kernel.Refusal().Hint);
        var audit = Assert.IsType<DenialReported>(_kernel.One<Raise>().Event);
        Assert.Equal(parent, audit.Process);
        Assert.Empty(_kernel.Effects.OfType<Launch>());
    }

    [Fact]
    public void The_same_wishes_are_the_hosts_to_have()
    {
        _kernel.Call(new Spawn
        {
            Argv = ["true"],
            Sandboxed = false,
            Network = true,
            Limits = new ResourceLimits { Memory = 1L << 32, CpuQuota = -1 },
        });
        Assert.Equal(1L << 32, _kernel.One<Launch>().Plan.Limits.MemoryBytes);
    }

    [Fact]
    public void A_child_that_asks_for_nothing_gets_no_more_than_its_parent()
    {
        var parent = _kernel.Run(new Spawn
        {
            Argv = ["true"],
            Limits = new ResourceLimits { Memory = Limits.MemoryBytesMin, MaxPids = 3, CpuQuota = 5000 },
        });
        _kernel.Call(new Spawn { Argv = ["true"] }, parent.Value);
        var limits = _kernel.One<Launch>().Plan.Limits;
        Assert.Equal((Limits.MemoryBytesMin, 3, 5000L), (limits.MemoryBytes, limits.Pids, limits.CpuQuotaUs));
        Assert.Equal("a" + parent, _kernel.One<Launch>().ParentKey);
    }

    [Fact]
    public void What_is_required_and_cannot_be_enforced_is_refused()
    {
        var kernel = new KernelBench(new KernelOptions { Enforced = [GuaranteeNames.Pids] });
        kernel.Call(new Spawn { Argv = ["true"], Require = ["memory", "pids"] });
        Assert.Equal(SysErrorCode.NotEnforceable, kernel.Refusal().Code);
        Assert.Contains("memory", kernel.Refusal().Message, StringComparison.Ordinal);
        Assert.DoesNotContain("pids", kernel.Refusal().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_network_of_its_own_cannot_be_required_by_who_shares_the_hosts()
    {
        var kernel = new KernelBench(new KernelOptions { Enforced = [GuaranteeNames.Network] });

        kernel.Call(new Spawn { Argv = ["true"], Network = true, Require = ["network"] });

        Assert.Equal(SysErrorCode.NotEnforceable, kernel.Refusal().Code);
        Assert.Contains("the host's network is asked for", kernel.Refusal().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Descendants_and_depth_are_bounded()
    {
        var at = _kernel.Run();
        for (var depth = 1; depth < Limits.DepthMax; depth++)
        {
            at = _kernel.Run(caller: at.Value);
        }

        _kernel.Call(new Spawn { Argv = ["true"] }, at.Value);
        Assert.Equal(SysErrorCode.LimitExceeded, _kernel.Refusal().Code);
    }

    [Fact]
    public void Every_problem_of_a_request_is_named_at_once()
    {
        var problem = SyscallRules.Check(new Spawn
        {
            Name = "no spaces",
            Env = new Dictionary<string, string> { ["A=B"] = "" },
            Cwd = "relative",
            Require = ["magic"],
            Limits = new ResourceLimits { Memory = 5, MaxPids = 0 },
        });
        Assert.Equal(SysErrorCode.InvalidArgument, problem!.Code);
        foreach (var field in new[] { "argv", "name", "env", "cwd", "require", "limits.memory", "limits.max_pids" })
        {
            Assert.Contains(field, problem.Message, StringComparison.Ordinal);
        }

        Assert.Null(SyscallRules.Check(new Spawn { Script = "/tmp/agent.py" }));
    }
}

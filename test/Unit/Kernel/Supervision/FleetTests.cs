using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Policy;

namespace Analemma.Unit.Tests.Kernel.Supervision;

public sealed class FleetTests
{
    private readonly FleetBench _kernel = new();

    [Fact]
    public void What_is_declared_runs()
    {
        var reply = _kernel.Up(FleetBench.Agent("a"), FleetBench.Agent("b"));

        Assert.Equal(["a", "b"], reply.Added);
        Assert.Equal(1, reply.Revision);
        Assert.Equal(UnitState.Ready, _kernel["a"].State);
        Assert.Equal(1, _kernel["b"].Incarnation);
        Assert.Equal(2, _kernel.State.Processes.LivingCount);
    }

    [Fact]
    public void The_same_again_changes_nothing()
    {
        _kernel.Up(FleetBench.Agent("a"));
        var reply = _kernel.Up(FleetBench.Agent("a"));

        Assert.Equal(["a"], reply.Unchanged);
        Assert.Equal(1, reply.Revision);
        Assert.Equal(1, _kernel["a"].Incarnation);
    }

    [Fact]
    public void Only_the_difference_is_applied()
    {
        _kernel.Up(
            FleetBench.Agent("same"), FleetBench.Agent("other"), FleetBench.Agent("rule"), FleetBench.Agent("gone"));
        var reply = _kernel.Up(
            FleetBench.Agent("same"),
            FleetBench.Agent("other") with { Spawn = new Spawn { Argv = ["agent", "new"] } },
            FleetBench.Agent("rule") with { Restart = new RestartRule { Burst = 9 } },
            FleetBench.Agent("new"));

        Assert.Equal(["same"], reply.Unchanged);
        Assert.Equal(["new"], reply.Added);
        Assert.Equal(["gone"], reply.Removed);
        Assert.Equal(
            [("other", "restart"), ("rule", "update")], reply.Changed.Select(each => (each.Name, each.Action)));
        Assert.Equal(["spawn.argv"], reply.Changed[0].Fields);
        _kernel.Obey();
        Assert.Equal(["new", "other", "rule", "same"], _kernel.Status().Units.Select(unit => unit.Name).Order());
        Assert.Equal(2, _kernel["other"].Incarnation);
        Assert.Equal(1, _kernel["rule"].Incarnation);
        Assert.Equal(2, _kernel["rule"].Revision);
    }

    [Fact]
    public void A_dry_run_only_says_what_would_be()
    {
        _kernel.Up(FleetBench.Agent("a"));
        var reply = Assert.IsType<FleetApplyReply>(_kernel.Call(new FleetApply
        {
            Fleet = "f",
            Agents = [FleetBench.Agent("b")],
            DryRun = true,
        }));

        Assert.Equal(("b", "a", 2), (reply.Added.Single(), reply.Removed.Single(), reply.Revision));
        Assert.Equal("a", Assert.Single(_kernel.Status().Units).Name);
    }

    [Fact]
    public void Dependants_wait_until_what_they_need_is_ready()
    {
        _kernel.Up(
            FleetBench.Agent("web", "store"),
            FleetBench.Agent("store") with { Ready = new ReadyRule { When = ReadyWhen.Syscall } });

        Assert.Equal(UnitState.Waiting, _kernel["web"].State);
        Assert.Equal(["store"], _kernel["web"].WaitsFor);
        Assert.Equal(UnitState.Running, _kernel["store"].State);
        _kernel.Call(new Ready(), _kernel.Process("store").Value);
        Assert.Equal(UnitState.Ready, _kernel["store"].State);
        Assert.Equal(UnitState.Ready, _kernel["web"].State);
    }

    [Fact]
    public void One_that_has_ended_well_is_there_for_those_after_it()
    {
        _kernel.Up(
            FleetBench.Agent("setup") with { Ready = new ReadyRule { When = ReadyWhen.Syscall } },
            FleetBench.Agent("main", "setup"));
        Assert.Equal(UnitState.Waiting, _kernel["main"].State);
        _kernel.Exit("setup", code: 0);
        Assert.Equal(UnitState.Stopped, _kernel["setup"].State);
        Assert.Equal(UnitState.Ready, _kernel["main"].State);
    }

    [Fact]
    public void A_fleet_goes_down_in_the_reverse_order()
    {
        _kernel.Up(FleetBench.Agent("a"), FleetBench.Agent("b", "a"), FleetBench.Agent("c", "b"));
        List<string> ends = [];
        Assert.Equal(3, Assert.IsType<FleetDownReply>(_kernel.Call(new FleetDown { Fleet = "f" })).Stopping);
        for (var i = 0; i < 3; i++)
        {
            ends.Add(_kernel.State.Processes.Living.Single(process => process.StopCause is not null).Name);
            _kernel.Obey();
        }

        Assert.Equal(["c", "b", "a"], ends);
        Assert.Empty(_kernel.Status().Fleets);
        Assert.Equal(SysErrorCode.NoSuchFleet, _kernel.Refusal(new FleetDown { Fleet = "f" }).Code);
    }

    [Fact]
    public void A_fleet_that_is_applied_again_while_it_goes_down_comes_up_again()
    {
        _kernel.Up(FleetBench.Agent("a"));
        _kernel.Call(new FleetDown { Fleet = "f" });
        var reply = _kernel.Up(FleetBench.Agent("a"));
        Assert.Equal(("a", 2), (reply.Added.Single(), reply.Revision));
        _kernel.Obey();
        Assert.Equal((UnitState.Ready, 2), (_kernel["a"].State, _kernel["a"].Incarnation));
    }

    [Fact]
    public void Replicas_have_numbers()
    {
        _kernel.Up(FleetBench.Agent("w") with { Replicas = 3 }, FleetBench.Agent("after", "w"));
        Assert.Equal(["after", "w-1", "w-2", "w-3"], _kernel.Status().Units.Select(unit => unit.Name).Order());
        var reply = _kernel.Up(FleetBench.Agent("w") with { Replicas = 2 }, FleetBench.Agent("after", "w"));
        Assert.Equal("update", Assert.Single(reply.Changed).Action);
        _kernel.Obey();
        Assert.Equal(["after", "w-1", "w-2"], _kernel.Status().Units.Select(unit => unit.Name).Order());
    }

    [Fact]
    public void Another_digest_is_another_script()
    {
        _kernel.Up(FleetBench.Agent("a") with { Digest = "1" });
        Assert.Equal("restart", Assert.Single(_kernel.Up(FleetBench.Agent("a") with { Digest = "2" }).Changed).Action);
    }

    [Fact]
    public void A_name_that_somebody_has_is_refused_and_nothing_is_started()
    {
        _kernel.Call(new Spawn { Argv = ["x"], Name = "b" });
        var refused = _kernel.Refusal(
            new FleetApply { Fleet = "f", Agents = [FleetBench.Agent("a"), FleetBench.Agent("b")] });
        Assert.Equal(SysErrorCode.NameTaken, refused.Code);
        Assert.Empty(_kernel.Status().Units);
    }

    [Fact]
    public void One_wrong_part_refuses_the_whole()
    {
        var wrong = FleetBench.Agent("b") with { Spawn = new Spawn { Argv = ["x"], Tools = ["nowhere/*"] } };
        var refused = _kernel.Refusal(new FleetApply { Fleet = "f", Agents = [FleetBench.Agent("a"), wrong] });
        Assert.Contains("agent b", refused.Message, StringComparison.Ordinal);
        Assert.Empty(_kernel.Status().Fleets);
        Assert.Equal(0, _kernel.State.Processes.LivingCount);
    }

    [Fact]
    public void Agents_declare_no_fleets()
    {
        _kernel.Up(FleetBench.Agent("a"));
        var refused = _kernel.Refusal(
            new FleetApply { Fleet = "g", Agents = [FleetBench.Agent("b")] }, _kernel.Process("a").Value);
        Assert.Equal(SysErrorCode.PermissionDenied, refused.Code);
    }

    [Fact]
    public void A_restart_by_an_operator_stops_and_starts_all()
    {
        _kernel.Up(FleetBench.Agent("a"), FleetBench.Agent("b", "a"));
        var reply = Assert.IsType<FleetRestartReply>(_kernel.Call(new FleetRestart { Fleet = "f" }));
        Assert.Equal(["a", "b"], reply.Restarting);
        Assert.Equal("b", _kernel.State.Processes.Living.Single(process => process.StopCause is not null).Name);
        _kernel.Obey();
        Assert.Equal(UnitState.Waiting, _kernel["b"].State);
        _kernel.Obey();
        Assert.Equal((2, 2), (_kernel["a"].Incarnation, _kernel["b"].Incarnation));
        Assert.Equal(0, _kernel["a"].Restarts);
    }

    private const string S = "\"spawn\":{\"argv\":[\"x\"]}";

    /// <summary>What is said, and the declaration: a name, agents, supervisors.</summary>
    public static TheoryData<string, string> WrongFleets => new()
    {
        { "there twice", """{"fleet":"f","agents":[{"name":"a",@S@},{"name":"a",@S@}]}""" },
        { "there twice", """{"fleet":"f","agents":[{"name":"a","replicas":2,@S@},{"name":"a-1",@S@}]}""" },
        { "no agent \"b\"", """{"fleet":"f","agents":[{"name":"a","after":["b"],@S@}]}""" },
        {
            "did you mean store?",
            """{"fleet":"f","agents":[{"name":"a","after":["stroe"],@S@},{"name":"store",@S@}]}"""
        },
        {
            "a after b after a is a circle",
            """{"fleet":"f","agents":[{"name":"a","after":["b"],@S@},{"name":"b","after":["a"],@S@}]}"""
        },
        { "a after a is a circle", """{"fleet":"f","agents":[{"name":"a","after":["a"],@S@}]}""" },
        { "no supervisor \"s\"", """{"fleet":"f","agents":[{"name":"a","supervisor":"s",@S@}]}""" },
        {
            "s is above itself",
            """{"fleet":"f","agents":[{"name":"a",@S@}],"supervisors":["""
                + """{"name":"s","parent":"t"},{"name":"t","parent":"s"}]}"""
        },
        {
            "agents[0].schedule.cron is \"61 * * * *\": minute: there is no '61'",
            """{"fleet":"f","agents":[{"name":"a",@S@,"start_on":"schedule","schedule":{"cron":"61 * * * *"}}]}"""
        },
        {
            "agents[0].schedule.zone is \"../x\"",
            """{"fleet":"f","agents":[{"name":"a",@S@,"schedule":{"cron":"@daily","zone":"../x"}}]}"""
        },
        { "agents has 0 items", """{"fleet":"f","agents":[]}""" },
        { "agents has 0 items", """{"fleet":"f"}""" },
        { "fleet is \"../x\"", """{"fleet":"../x","agents":[{"name":"a",@S@}]}""" },
        { "spawn is missing", """{"fleet":"f","agents":[{"name":"a"}]}""" },
        { "the agent's own name", """{"fleet":"f","agents":[{"name":"a","spawn":{"argv":["x"],"name":"b"}}]}""" },
        { "an item is null", """{"fleet":"f","agents":[null]}""" },
        { "backoff_ms is -1", """{"fleet":"f","agents":[{"name":"a",@S@,"restart":{"backoff_ms":-1}}]}""" },
        { "probe go together", """{"fleet":"f","agents":[{"name":"a",@S@,"ready":{"when":"probe"}}]}""" },
        { "schedule go together", """{"fleet":"f","agents":[{"name":"a",@S@,"start_on":"schedule"}]}""" },
        {
            "only root tells",
            """{"fleet":"f","agents":[{"name":"a",@S@}],"supervisors":[{"name":"s","webhook":"http://127.0.0.1/"}]}"""
        },
        {
            "http or https",
            """{"fleet":"f","agents":[{"name":"a",@S@}],"supervisors":[{"name":"root","webhook":"file:///x"}]}"""
        },
        {
            "nobody is above root",
            """{"fleet":"f","agents":[{"name":"a",@S@}],"supervisors":[{"name":"root","parent":"root"}]}"""
        },
    };

    [Theory]
    [MemberData(nameof(WrongFleets))]
    public void A_wrong_declaration_is_refused_with_the_place(string expected, string json)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(json.Replace("@S@", S, StringComparison.Ordinal));
        Assert.True(SyscallJson.TryRead((ushort)SyscallNumber.FleetApply, bytes, out var read, out _));
        var problem = SyscallRules.Check(read!);
        Assert.NotNull(problem);
        Assert.Contains(expected, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_policy_is_named_by_its_field()
    {
        Assert.False(SyscallJson.TryRead(
            (ushort)SyscallNumber.FleetApply,
            """{"fleet":"f","agents":[{"name":"a","restart":{"policy":"sometimes"}}]}"""u8,
            out _,
            out var error));
        Assert.Contains("agents[0].restart.policy", error!.Message, StringComparison.Ordinal);
    }
}

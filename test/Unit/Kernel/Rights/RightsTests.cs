using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.History;
using Analemma.Kernel.Policy;
using FsCheck;
using FsCheck.Fluent;

namespace Analemma.Unit.Tests.Kernel.Rights;

/// <summary>What agents may, as the pure kernel decides about it.</summary>
public sealed class RightsTests
{
    private static readonly string[] Items = ["*", "_family", "a*", "ab*", "b", "*b"];

    private static readonly string[] Probes = ["a", "ab", "b", "abb", "x", "_family"];

    private readonly KernelBench _kernel = new();

    [Fact]
    public void An_agent_that_is_told_nothing_may_what_it_always_could()
    {
        var agent = Run("one");
        var perms = Perms(agent);
        Assert.Equal(["_family"], perms.Kill);
        Assert.Equal(["*"], perms.Spawn);
        Assert.Equal(["agent/*", "group/*"], perms.StoreWrite);
        Assert.Equal("family:one", perms.Group);
    }

    [Fact]
    public void Who_may_not_kill_those_it_spawned_is_told_which_right_it_lacks()
    {
        var boss = Run("boss", new Permissions { Kill = ["temp-*"] });
        var (worker, temp) = (Run("worker", caller: boss), Run("temp-1", caller: boss));
        _kernel.Call(new Kill { Id = worker }, boss.Value);
        Assert.Equal(SysErrorCode.PermissionDenied, _kernel.Refusal().Code);
        Assert.Equal("missing capability: kill worker", _kernel.Refusal().Hint);
        Assert.IsType<DenialReported>(_kernel.One<Raise>().Event);
        _kernel.Call(new Kill { Id = temp }, boss.Value);
        Assert.Empty(_kernel.Effects.OfType<Refuse>());
    }

    [Fact]
    public void Who_may_reaches_those_that_it_did_not_spawn_and_who_may_not_learns_nothing()
    {
        var boss = Run("boss", new Permissions { Kill = ["worker-*"], Read = ["worker-*"] });
        var (worker, other) = (Run("worker-1"), Run("other"));
        _kernel.Call(new Inspect { Id = worker }, boss.Value);
        Assert.IsType<ProcessView>(_kernel.One<Answer>().Reply);
        _kernel.Call(new Exec { Id = worker, Command = "x" }, boss.Value);
        Assert.Equal("missing capability: exec worker-1", _kernel.Refusal().Hint);
        _kernel.Call(new Inspect { Id = other }, boss.Value);
        Assert.Equal(SysErrorCode.NoSuchProcess, _kernel.Refusal().Code);
        _kernel.Call(new List(), boss.Value);
        var seen = Assert.IsType<ListReply>(_kernel.One<Answer>().Reply).Processes;
        Assert.Equal([boss, worker], seen.Select(process => process.Id));
        _kernel.Call(new Kill { Id = worker }, boss.Value);
        Assert.Single(_kernel.Effects.OfType<SendSignal>());
    }

    [Fact]
    public void An_agent_hears_of_those_whom_it_may_read()
    {
        var (eye, deaf) = (Run("eye", new Permissions { Read = ["worker-*"] }),
            Run("deaf", new Permissions { Read = [] }));
        var (worker, child, other) = (Run("worker-1"), Run("child", caller: deaf), Run("other"));
        _kernel.Call(new Subscribe { Types = [EventTypes.Exited] }, eye.Value);
        var watching = _kernel.CallId;
        _kernel.Call(new Subscribe { Types = [EventTypes.Exited] }, deaf.Value);
        foreach (var process in new[] { child, other })
        {
            _kernel.Exit(process);
            Assert.Empty(_kernel.Effects.OfType<Publish>());
        }

        _kernel.Exit(worker);
        Assert.Equal(watching, _kernel.One<Publish>().Subscriber.Value);
        _kernel.Call(new PollEvents { From = "oldest", Types = [EventTypes.Exited] }, eye.Value);
        var kept = Assert.IsType<PollEventsReply>(_kernel.One<Answer>().Reply).Events;
        Assert.Equal("worker-1", Assert.Single(kept).Name);
    }

    [Fact]
    public void An_agent_spawns_by_the_names_that_it_may_give()
    {
        var boss = Run("boss", new Permissions { Spawn = ["worker-*"] });
        foreach (var name in new[] { "other", null })
        {
            _kernel.Call(new Spawn { Argv = ["x"], Name = name }, boss.Value);
            Assert.Equal($"missing capability: spawn {name ?? "*"}", _kernel.Refusal().Hint);
        }

        Run("worker-1", caller: boss);
    }

    [Fact]
    public void What_a_child_is_given_is_within_what_its_parent_has()
    {
        var boss = Run("boss", new Permissions { Models = ["small*"], StoreWrite = ["agent/*"] });
        foreach (var more in new[]
        {
            new Permissions { Models = ["*"] },
            new Permissions { StoreWrite = ["global/x"] },
            new Permissions { Kill = ["boss"] },
            new Permissions { Group = "others" },
        })
        {
            _kernel.Call(new Spawn { Argv = ["x"], Name = "c", Permissions = more }, boss.Value);
            Assert.Equal(SysErrorCode.PermissionDenied, _kernel.Refusal().Code);
        }

        var child = Run("child", new Permissions { Models = ["small-1"] }, boss);
        Assert.Equal(["small-1"], Perms(child).Models);
        Assert.Equal(["agent/*"], Perms(child).StoreWrite);
    }

    [Fact]
    public void What_is_taken_from_a_parent_its_children_have_no_more()
    {
        var boss = Run("boss");
        var child = Run("child", new Permissions { Spawn = ["a*", "b"] }, boss);
        Set(boss, new Permissions { Spawn = ["ab*", "c"] });
        Assert.Equal(["ab*"], Perms(child).Spawn);
    }

    [Fact]
    public void An_agent_takes_from_itself_and_from_those_below_it_and_gives_nothing()
    {
        var boss = Run("boss");
        var child = Run("child", caller: boss);
        Set(boss, new Permissions { Models = [] }, boss);
        Set(child, new Permissions { Emit = ["custom.*"] }, boss);
        Assert.Equal(["custom.*"], Perms(child).Emit);
        _kernel.Call(new SetPerms { Id = child, Permissions = new() { Emit = ["*"] } }, boss.Value);
        Assert.Equal("missing capability: emit *", _kernel.Refusal().Hint);
        _kernel.Call(new SetPerms { Id = boss, Permissions = new() { Emit = [] } }, child.Value);
        Assert.Equal(SysErrorCode.NoSuchProcess, _kernel.Refusal().Code);

        // The owner of the machine may, as far as the parent has it.
        Set(child, new Permissions { Emit = ["*"] });
        _kernel.Call(new SetPerms { Id = child, Permissions = new() { Models = ["x"] } });
        Assert.Equal("missing capability: models x", _kernel.Refusal().Hint);
    }

    [Fact]
    public void A_group_shares_its_part_of_the_store_and_no_child_leaves_it()
    {
        var (one, two) = (Run("one", new() { Group = "team" }), Run("two", new() { Group = "team" }));
        var child = Run("child", caller: one);
        Put("k", one, StoreScope.Group);
        foreach (var agent in new[] { two, child })
        {
            _kernel.Call(new Fetch { Key = "k", Scope = StoreScope.Group }, agent.Value);
            Assert.True(Assert.IsType<FetchReply>(_kernel.One<Answer>().Reply).Exists);
        }
    }

    [Fact]
    public void Who_may_writes_what_is_global_and_reads_no_more_than_it_may()
    {
        var agent = Run("one", new() { StoreWrite = ["global/config/*"], StoreRead = ["global/config/*"] });
        Put("config/a", agent, StoreScope.Global);
        _kernel.Call(new Fetch { Key = "other", Scope = StoreScope.Global }, agent.Value);
        Assert.Equal("missing capability: store_read global/other", _kernel.Refusal().Hint);
        _kernel.Call(new Keys { Scope = StoreScope.Any }, agent.Value);
        Assert.Equal("config/a", Assert.Single(Assert.IsType<KeysReply>(_kernel.One<Answer>().Reply).Keys).Key);
    }

    [Fact]
    public void Changed_rights_are_in_the_checkpoint_and_old_journals_are_read()
    {
        var agent = Run("one");
        Set(agent, new() { Spawn = [] });
        var again = StateCheckpoint.Read(StateCheckpoint.Write(_kernel.State));
        Assert.True(again.Processes.TryGet(agent, out var process));
        Assert.Empty(process.Permissions.Spawn!);
        Assert.Null(process.Permissions.Kill);
    }

    /// <summary>Whoever asks for whatever: nobody below has what somebody above has not.</summary>
    [Fact]
    public void Rights_only_narrow_on_the_way_down()
    {
        var lists = Gen.Elements(Items).ListOf().Select(list => list.Take(3).ToArray()).OrNull();
        Check.QuickThrowOnFailure(Prop.ForAll(
            Arb.From(lists.ListOf()),
            Arb.From(lists),
            (asked, later) => Narrows([.. asked.Take(4)], later)));
    }

    [Theory]
    [InlineData("""{"permissions": {"kill": ["_all"]}}""", "permissions.kill")]
    [InlineData("""{"permissions": {"store_read": ["a"]}}""", "permissions.store_read")]
    [InlineData("""{"permissions": {"spawn": [""]}}""", "permissions.spawn")]
    [InlineData("""{"permissions": {"group": "x y"}}""", "permissions.group")]
    [InlineData("""{"permissions": {"group": "team"}}""", "permissions.group cannot be changed")]
    [InlineData("{}", "permissions is missing")]
    public void What_is_wrong_with_permissions_is_named(string json, string named)
    {
        Assert.True(SyscallJson.TryRead(
            (ushort)SyscallNumber.SetPerms, System.Text.Encoding.UTF8.GetBytes(json), out var set, out _));
        Assert.Contains(named, SyscallRules.Check(set)!.Message, StringComparison.Ordinal);
    }

    private static bool Narrows(IReadOnlyList<string[]?> asked, string[]? later)
    {
        var kernel = new KernelBench();
        ProcessId above = default;
        List<ProcessId> family = [];
        foreach (var list in asked)
        {
            kernel.Call(
                new Spawn { Argv = ["x"], Name = $"a{family.Count}", Permissions = new() { Kill = list } },
                above.Value);
            if (kernel.Effects.OfType<Launch>().FirstOrDefault() is not { } launch)
            {
                break;
            }

            above = launch.Process;
            family.Add(above);
            kernel.Apply(new SandboxStarted(above, "k" + above, 1, "none", "cold", []) { At = 0 });
        }

        if (later is not null && family.Count > 0)
        {
            kernel.Call(new SetPerms { Id = family[0], Permissions = new() { Kill = later } });
        }

        return family.Skip(1).Zip(family).All(pair => Probes.All(name =>
            !NamePattern.Matches(Of(kernel, pair.First), name) || NamePattern.Matches(Of(kernel, pair.Second), name)));
    }

    private static IReadOnlyList<string> Of(KernelBench kernel, ProcessId id)
    {
        kernel.Call(new GetPerms { Id = id });
        return Assert.IsType<PermsReply>(kernel.One<Answer>().Reply).Permissions.Kill!;
    }

    private ProcessId Run(string name, Permissions? permissions = null, ProcessId caller = default) =>
        _kernel.Run(new Spawn { Argv = ["x"], Name = name, Permissions = permissions }, caller.Value);

    private void Set(ProcessId id, Permissions permissions, ProcessId caller = default)
    {
        _kernel.Call(new SetPerms { Id = id, Permissions = permissions }, caller.Value);
        Assert.IsType<PermsReply>(_kernel.One<Answer>().Reply);
    }

    private Permissions Perms(ProcessId id)
    {
        _kernel.Call(new GetPerms { Id = id });
        return Assert.IsType<PermsReply>(_kernel.One<Answer>().Reply).Permissions;
    }

    private void Put(string key, ProcessId caller, StoreScope scope)
    {
        _kernel.Call(
            new Store { Key = key, Value = System.Text.Json.JsonElement.Parse("1"), Scope = scope }, caller.Value);
        _kernel.Settle();
        Assert.IsType<StoreReply>(_kernel.One<Answer>().Reply);
    }
}

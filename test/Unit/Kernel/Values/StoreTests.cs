using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.History;
using Analemma.Kernel.Policy;
using Analemma.Kernel.Values;

namespace Analemma.Unit.Tests.Kernel.Values;

/// <summary>The store as the pure kernel decides about it; the simulator has the rest.</summary>
public sealed class StoreTests
{
    private readonly KernelBench _kernel = new(new KernelOptions
    {
        DeadRecordsMax = 0,
        Store = new StoreOptions { KeysPerAgent = 3, BytesPerAgent = 10_000 },
    });

    [Fact]
    public void A_value_is_answered_by_the_record_that_has_it()
    {
        _kernel.Call(Set("a", "1"));
        Assert.Empty(_kernel.Effects.OfType<Answer>());
        var stored = Assert.IsType<ValueStored>(_kernel.One<Raise>().Event);
        Assert.True(stored.IsDurable);

        _kernel.Settle();
        Assert.Equal(new StoreReply("a", StoreScope.Global, 1), _kernel.One<Answer>().Reply);
        Assert.Equal("1", Get("a").Value!.Value.GetRawText());
    }

    [Fact]
    public void A_large_value_is_on_disk_before_its_record()
    {
        var call = Large("a");
        var keep = _kernel.One<KeepValue>();
        Assert.Empty(_kernel.Effects.OfType<Raise>());

        _kernel.Apply(new ValueKept(call, "hash") { At = 0 });
        _kernel.Settle();
        Assert.IsType<StoreReply>(_kernel.One<Answer>().Reply);
        _kernel.Call(new Fetch { Key = "a" });
        var read = _kernel.One<ReadValue>();
        Assert.Equal((keep.Body, "hash"), (read.Value.Body, read.Value.Hash));

        _kernel.Call(Set("a", "1"));
        _kernel.Settle();
        Assert.Equal([keep.Body], _kernel.One<DropValues>().Bodies);
    }

    [Fact]
    public void A_body_that_cannot_be_kept_leaves_nothing()
    {
        var call = Large("a");
        _kernel.Apply(new ValueNotKept(call, new SysError(SysErrorCode.IoFailed, "no room")) { At = 0 });
        Assert.Equal(SysErrorCode.IoFailed, _kernel.Refusal().Code);
        Assert.False(Get("a").Exists);
        Assert.Equal(0, _kernel.State.ValueWork.Count);
    }

    [Fact]
    public void Of_two_that_expect_the_same_version_one_wins()
    {
        _kernel.Call(Set("a", "1") with { IfVersion = 0 });
        var first = _kernel.One<Raise>().Event;
        // Both were found well in the same turn, before either was applied.
        _kernel.Call(Set("a", "2") with { IfVersion = 0 });
        var second = _kernel.One<Raise>().Event;

        _kernel.Apply(first);
        _kernel.One<Answer>();
        _kernel.Apply(second);
        Assert.Equal(SysErrorCode.VersionConflict, _kernel.Refusal().Code);
        Assert.Equal("1", Get("a").Value!.Value.GetRawText());
    }

    [Fact]
    public void A_key_that_was_deleted_and_stored_again_has_another_version()
    {
        var first = Put("a", "1").Version;
        _kernel.Call(new Delete { Key = "a" });
        _kernel.Settle();
        Assert.Equal(new DeleteReply("a", true), _kernel.One<Answer>().Reply);
        Assert.True(Put("a", "1").Version > first);

        _kernel.Call(Set("a", "2") with { IfVersion = first });
        Assert.Equal(SysErrorCode.VersionConflict, _kernel.Refusal().Code);
        _kernel.Call(new Delete { Key = "a", IfVersion = first });
        Assert.Equal(SysErrorCode.VersionConflict, _kernel.Refusal().Code);
    }

    [Fact]
    public void A_value_whose_time_is_up_is_not_seen_and_soon_gone()
    {
        _kernel.Call(Set("a", "1") with { TtlMs = 1000 });
        _kernel.Settle();
        var timer = Assert.Single(_kernel.Effects.OfType<ArmTimer>());
        Assert.Equal(TimerKind.ValueExpiry, timer.Timer.Kind);
        Assert.True(Get("a").Exists);

        _kernel.Wait(TimeSpan.FromSeconds(1));
        Assert.False(Get("a").Exists);
        Assert.Single(_kernel.State.Values.All);
        _kernel.Apply(new ValueExpiryDue { At = 0 });
        _kernel.Settle();
        Assert.Empty(_kernel.State.Values.All);
    }

    [Fact]
    public void An_agent_sees_its_own_and_its_familys_and_no_other()
    {
        var one = _kernel.Run(new Spawn { Argv = ["x"], Name = "one" });
        var other = _kernel.Run(new Spawn { Argv = ["x"], Name = "other" });
        var child = _kernel.Run(new Spawn { Argv = ["x"], Name = "child" }, one.Value);
        Put("mine", "1", one.Value);
        Put("ours", "2", one.Value, StoreScope.Group);

        Assert.True(Get("mine", one.Value).Exists);
        Assert.False(Get("mine", child.Value).Exists);
        Assert.False(Get("mine", other.Value).Exists);
        Assert.True(Get("ours", child.Value, StoreScope.Group).Exists);
        Assert.False(Get("ours", other.Value, StoreScope.Any).Exists);
        Assert.Equal("one", Assert.Single(List(new Keys { Scope = StoreScope.Any }, one.Value).Keys, key =>
            key.Scope is StoreScope.Agent).Owner);
        Assert.Equal(2, List(new Keys { Scope = StoreScope.Any }).Keys.Count);
    }

    [Fact]
    public void What_is_global_is_not_an_agents_by_default_and_the_capability_is_named()
    {
        var agent = _kernel.Run(new Spawn { Argv = ["x"], Name = "one" });
        foreach (var request in new StoreSyscall[]
        {
            Set("a", "1") with { Scope = StoreScope.Global },
            new Fetch { Key = "a", Scope = StoreScope.Global },
            new Delete { Key = "a", Scope = StoreScope.Global },
            new Keys { Scope = StoreScope.Global },
            new Fetch { Key = "a", Owner = "other" },
        })
        {
            _kernel.Call(request, agent.Value);
            Assert.Equal(SysErrorCode.PermissionDenied, _kernel.Refusal().Code);
            Assert.Contains("missing capability", _kernel.Refusal().Hint, StringComparison.Ordinal);
            Assert.IsType<DenialReported>(_kernel.One<Raise>().Event);
        }

        Assert.Equal(StoreScope.Group, Put("a", "1", agent.Value, StoreScope.Any).Scope);
    }

    [Fact]
    public void A_named_agent_finds_what_it_kept_and_one_without_a_name_leaves_nothing()
    {
        var named = _kernel.Run(new Spawn { Argv = ["x"], Name = "one" });
        var unnamed = _kernel.Run();
        Put("a", "1", named.Value);
        Put("a", "1", unnamed.Value);
        _kernel.Exit(unnamed);
        _kernel.Exit(named);
        Assert.Equal("one", Assert.Single(_kernel.State.Values.All).Owner);

        var again = _kernel.Run(new Spawn { Argv = ["x"], Name = "one" });
        Assert.True(Get("a", again.Value).Exists);
    }

    [Fact]
    public void Nobody_takes_anothers_place_by_its_name()
    {
        var one = _kernel.Run(new Spawn { Argv = ["x"], Name = "one" });
        Put("a", "1", one.Value);
        _kernel.Exit(one);
        var thief = _kernel.Run(new Spawn { Argv = ["x"], Name = "thief" });
        var child = _kernel.Run(new Spawn { Argv = ["x"], Name = "one" }, thief.Value);
        Assert.False(Get("a", child.Value).Exists);
    }

    [Fact]
    public void A_quota_is_of_a_family()
    {
        var one = _kernel.Run(new Spawn { Argv = ["x"], Name = "one" });
        var child = _kernel.Run(new Spawn { Argv = ["x"], Name = "child" }, one.Value);
        Put("a", "1", one.Value);
        Put("b", "1", one.Value, StoreScope.Group);
        Put("c", "1", child.Value);
        _kernel.Call(Set("d", "1"), child.Value);
        Assert.Equal(SysErrorCode.LimitExceeded, _kernel.Refusal().Code);
        // In place of what is there it may.
        Put("c", "2", child.Value);
        _kernel.Call(Set("c", $"\"{new string('x', 9_998)}\""), child.Value);
        Assert.Equal(SysErrorCode.LimitExceeded, _kernel.Refusal().Code);
        Assert.Equal(new ValueAccount(3, 6), _kernel.State.Values.AccountOf("one"));
    }

    [Fact]
    public void Keys_come_in_pages()
    {
        foreach (var key in new[] { "b/2", "a", "b/1", "c", "b" })
        {
            Put(key, "1");
        }

        List<string> found = [];
        var ask = new Keys { Prefix = "b", Limit = 2, Scope = StoreScope.Any };
        for (var next = ask; next is not null;)
        {
            var page = List(next);
            Assert.True(page.Keys.Count <= 2);
            found.AddRange(page.Keys.Select(key => key.Key));
            next = page.Next is { } after ? ask with { After = after } : null;
        }

        Assert.Equal(["b", "b/1", "b/2"], found);
        Assert.Empty(List(new Keys { After = "nonsense", Prefix = "x" }).Keys);
    }

    [Fact]
    public void It_is_in_the_checkpoint_as_it_is()
    {
        Put("a", "\"ü\\u00fc\"");
        Put("b", "null");
        var again = StateCheckpoint.Read(StateCheckpoint.Write(_kernel.State));
        Assert.Equal(_kernel.State.Values.All.Select(Text), again.Values.All.Select(Text));
        Assert.Equal(_kernel.State.Values.Total, again.Values.Total);
        Assert.Equal(3, again.Values.NextVersion);

        static string Text(StoredValue value) => $"{value} {Convert.ToHexString(value.Inline!)}";
    }

    [Theory]
    [InlineData("""{"key": "", "value": 1}""", "key")]
    [InlineData("""{"key": "a\u0007", "value": 1}""", "key")]
    [InlineData("""{"key": "a"}""", "value is missing")]
    [InlineData("""{"key": "a", "value": 1, "ttl_ms": 0}""", "ttl_ms")]
    [InlineData("""{"key": "a", "value": 1, "if_version": -1}""", "if_version")]
    [InlineData("""{"key": "a", "value": 1, "scope": "world"}""", "scope")]
    [InlineData("""{"key": "a", "value": 1, "owner": "a b"}""", "owner")]
    public void What_is_wrong_with_a_request_is_named(string json, string named)
    {
        var read = SyscallJson.TryRead(
            (ushort)SyscallNumber.Store, System.Text.Encoding.UTF8.GetBytes(json), out var store, out var error);
        error = read ? SyscallRules.Check(store!) : error;
        Assert.Equal(SysErrorCode.InvalidArgument, error!.Code);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_too_long_is_refused_by_its_bytes()
    {
        Assert.Null(SyscallRules.Check(Set(new string('ü', 256), "1")));
        Assert.NotNull(SyscallRules.Check(Set(new string('ü', 257), "1")));
    }

    [Fact]
    public void A_value_beyond_the_limit_is_too_large()
    {
        _kernel.Call(Set("a", $"\"{new string('x', Limits.StoreValueBytesMax)}\""));
        Assert.Equal(SysErrorCode.TooLarge, _kernel.Refusal().Code);
    }

    private static Store Set(string key, string json) => new() { Key = key, Value = JsonElement.Parse(json) };

    private CallId Large(string key)
    {
        _kernel.Call(Set(key, $"\"{new string('x', 5_000)}\""));
        return new CallId(_kernel.CallId);
    }

    private StoreReply Put(string key, string json, long caller = 0, StoreScope? scope = null)
    {
        _kernel.Call(Set(key, json) with { Scope = scope }, caller);
        _kernel.Settle();
        return Assert.IsType<StoreReply>(_kernel.One<Answer>().Reply);
    }

    private FetchReply Get(string key, long caller = 0, StoreScope? scope = null)
    {
        _kernel.Call(new Fetch { Key = key, Scope = scope }, caller);
        return Assert.IsType<FetchReply>(_kernel.One<Answer>().Reply);
    }

    private KeysReply List(Keys keys, long caller = 0)
    {
        _kernel.Call(keys, caller);
        return Assert.IsType<KeysReply>(_kernel.One<Answer>().Reply);
    }
}

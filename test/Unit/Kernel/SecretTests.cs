using System.Text;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.History;
using Analemma.Kernel.Policy;

namespace Analemma.Unit.Tests.Kernel;

public sealed class SecretTests
{
    private const string Canary = "canary-0b6d";

    private static readonly SecretSet Set = new() { Name = "token", Value = Canary };

    private readonly KernelBench _kernel = new();

    public static TheoryData<Syscall> All => [Set, new SecretRemove { Name = "token" }, new SecretList()];

    [Theory]
    [MemberData(nameof(All))]
    public void Secrets_are_the_hosts_to_have_done(Syscall syscall)
    {
        _kernel.Call(syscall);

        Assert.Same(syscall, _kernel.One<PerformSecret>().Syscall);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void An_agent_is_refused_and_the_attempt_recorded(Syscall syscall)
    {
        var agent = _kernel.Run();
        _kernel.Call(syscall, agent.Value);

        Assert.Equal(SysErrorCode.PermissionDenied, _kernel.Refusal().Code);
        Assert.Empty(_kernel.Effects.OfType<PerformSecret>());
        var report = Assert.IsType<DenialReported>(_kernel.One<Raise>().Event);
        Assert.Equal(agent, report.Process);
        Assert.DoesNotContain(Canary, report.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_change_that_was_made_is_answered_and_told_to_the_host_alone()
    {
        var agent = _kernel.Run();
        _kernel.Call(new Subscribe());
        var host = _kernel.CallId;
        _kernel.Call(new Subscribe(), agent.Value);
        _kernel.Call(Set);
        _kernel.Apply(new SecretChanged(new CallId(_kernel.CallId), "token", SecretChange.Replaced) { At = 0 });

        Assert.Equal(new SecretSetReply("token", true), _kernel.One<Answer>().Reply);
        var told = _kernel.One<Publish>();
        Assert.Equal(host, told.Subscriber.Value);
        Assert.Equal(("secret-changed", "replaced token"), (told.Event.Type, told.Event.What));
        _kernel.Apply(new SecretChanged(new CallId(_kernel.CallId), "token", SecretChange.Removed) { At = 0 });
        Assert.Equal(new SecretRemoveReply("token"), _kernel.One<Answer>().Reply);
    }

    [Fact]
    public void The_journal_has_that_a_secret_was_set_and_by_whom_and_not_the_value()
    {
        var arrived = new SyscallArrived(new CallId(1), new Caller(ProcessId.None, 1234), Set) { At = 7 };

        Assert.True(arrived.IsDurable);
        var (type, body) = EventCodec.Write(arrived);
        var text = Encoding.UTF8.GetString(body);
        Assert.Equal("syscall.secret_set", type);
        Assert.Contains("token", text, StringComparison.Ordinal);
        Assert.Contains("1234", text, StringComparison.Ordinal);
        Assert.DoesNotContain(Canary, text, StringComparison.Ordinal);
        var read = Assert.IsType<SyscallArrived>(EventCodec.Read(type, body));
        Assert.Equal(Set with { Value = null }, read.Syscall);
    }

    [Fact]
    public void An_agents_attempt_costs_no_record_of_its_own() =>
        Assert.False(new SyscallArrived(default, new Caller(new ProcessId(3), 0), Set) { At = 7 }.IsDurable);

    [Fact]
    public void No_text_of_a_call_has_the_value()
    {
        Assert.Equal("SecretSet { Name = token }", Set.ToString());
        Assert.DoesNotContain(Canary, new PerformSecret(default, Set).ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "v", "name must be")]
    [InlineData(".a", "v", "name must be")]
    [InlineData("a/b", "v", "name must be")]
    [InlineData("a b", "v", "name must be")]
    [InlineData("é", "v", "name must be")]
    [InlineData("a", "", "value must be")]
    [InlineData("a", "x\0canary-0b6d", "value has a NUL")]
    public void What_is_not_well_formed_is_refused_without_quoting_the_value(string name, string value, string says)
    {
        var problem = SyscallRules.Check(new SecretSet { Name = name, Value = value });

        Assert.Equal(SysErrorCode.InvalidArgument, problem!.Code);
        Assert.Contains(says, problem.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Canary, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_and_values_have_a_greatest_length()
    {
        Assert.Null(SyscallRules.Check(new SecretSet { Name = new('n', 64), Value = new('v', 65_536) }));
        Assert.NotNull(SyscallRules.Check(new SecretSet { Name = new('n', 65), Value = "v" }));
        Assert.NotNull(SyscallRules.Check(new SecretSet { Name = "n", Value = new('v', 65_537) }));
        Assert.NotNull(SyscallRules.Check(new SecretRemove { Name = new('n', 65) }));
    }
}

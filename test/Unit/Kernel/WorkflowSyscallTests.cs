using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;

namespace Analemma.Unit.Tests.Kernel;

public sealed class WorkflowSyscallTests
{
    private readonly KernelBench _kernel = new();

    [Fact]
    public void The_host_may_ask_everything()
    {
        _kernel.Call(new WorkflowCall { Operation = "CreateStateMachine" });
        Assert.Equal("CreateStateMachine", _kernel.One<CallWorkflows>().Operation);
        _kernel.Call(new WorkflowListen());
        _kernel.One<OpenWorkflows>();
    }

    [Theory]
    [InlineData("SendTaskSuccess")]
    [InlineData("SendTaskFailure")]
    [InlineData("SendTaskHeartbeat")]
    public void An_agent_may_tell_how_a_task_ended(string operation)
    {
        var agent = _kernel.Run();
        _kernel.Call(new WorkflowCall { Operation = operation }, agent.Value);

        Assert.Equal(operation, _kernel.One<CallWorkflows>().Operation);
    }

    [Theory]
    [InlineData("StartExecution")]
    [InlineData("ListTaskTokens")]
    [InlineData("GetActivityTask")]
    public void All_else_is_denied_to_agents_and_the_attempt_is_recorded(string operation)
    {
        var agent = _kernel.Run();
        _kernel.Call(new WorkflowCall { Operation = operation }, agent.Value);

        Assert.Equal(SysErrorCode.PermissionDenied, _kernel.Refusal().Code);
        Assert.Empty(_kernel.Effects.OfType<CallWorkflows>());
        Assert.IsType<DenialReported>(_kernel.One<Raise>().Event);
        _kernel.Call(new WorkflowListen(), agent.Value);
        Assert.Equal(SysErrorCode.PermissionDenied, _kernel.Refusal().Code);
    }

    [Fact]
    public void An_agent_may_ask_for_events_and_the_host_has_none()
    {
        var agent = _kernel.Run();
        _kernel.Call(new FunctionNext { Wait = false }, agent.Value);
        Assert.Equal((agent, false), (_kernel.One<TurnFunction>().Process, _kernel.One<TurnFunction>().Asked.Wait));
        _kernel.Call(new FunctionNext());
        Assert.Equal(SysErrorCode.WrongState, _kernel.Refusal().Code);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Start Execution")]
    [InlineData("AWSStepFunctions.StartExecution")]
    public void What_is_no_name_is_refused(string operation)
    {
        _kernel.Call(new WorkflowCall { Operation = operation });

        Assert.Equal(SysErrorCode.InvalidArgument, _kernel.Refusal().Code);
    }
}

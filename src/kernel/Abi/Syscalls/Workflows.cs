using System.Text.Json;

namespace Analemma.Abi.Syscalls;

/// <summary>
/// Asks the workflow engine what an AWS client would ask Step Functions: one operation of its API, by name, with the
/// request and the answer in the service's own words. Host clients may ask everything; an agent may tell how a task
/// ended whose token it was given (SendTaskSuccess, SendTaskFailure, SendTaskHeartbeat). Refused with
/// <c>workflow_refused</c>, whose <c>reason</c> is the service's error, such as <c>StateMachineDoesNotExist</c>.
/// </summary>
public sealed record WorkflowCall : Syscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.WorkflowCall;

    /// <summary>Such as <c>StartExecution</c>.</summary>
    public string Operation { get; init; } = "";

    /// <summary>The request; absent for one without members.</summary>
    public JsonElement? Input { get; init; }
}

/// <summary>What the operation answered.</summary>
/// <param name="Output">An object; empty for operations that answer nothing.</param>
public sealed record WorkflowCallReply(JsonElement Output) : Reply;

/// <summary>
/// Tells where AWS clients find the workflow engine; the kernel listens there from the first such call, or from its
/// start when its settings say so. Host clients only.
/// </summary>
public sealed record WorkflowListen : Syscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.WorkflowListen;
}

/// <summary>Where.</summary>
/// <param name="Url">For <c>--endpoint-url</c>: <c>http://127.0.0.1:PORT</c>.</param>
/// <param name="Region">In ARNs.</param>
/// <param name="Account">In ARNs.</param>
public sealed record WorkflowListenReply(string Url, string Region, string Account) : Reply
{
    /// <summary>Whether requests must be signed with the key of the settings.</summary>
    public bool Signed { get; init; }
}

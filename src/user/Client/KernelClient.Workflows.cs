using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;

namespace Analemma.Client;

/// <summary>Workflows.</summary>
public sealed partial class KernelClient
{
    /// <summary>One operation of the Step Functions API, in the service's own words. Host clients.</summary>
    /// <param name="operation">Such as <c>StartExecution</c>.</param>
    /// <param name="input">The request; null for one without members.</param>
    /// <param name="cancellationToken">Takes the call back.</param>
    /// <returns>The answer, an object.</returns>
    /// <exception cref="SyscallException">
    /// With <c>workflow_refused</c> the service's error is its <c>Reason</c>.
    /// </exception>
    public async Task<JsonElement> WorkflowCallAsync(
        string operation, JsonElement? input = null, CancellationToken cancellationToken = default)
    {
        var reply = await CallAsync(
            new WorkflowCall { Operation = operation, Input = input },
            AbiJsonContext.Default.WorkflowCall,
            AbiJsonContext.Default.WorkflowCallReply,
            cancellationToken);
        return reply.Output;
    }

    /// <summary>
    /// For the environment of a function: tells how the event ended that it had, and waits for the next.
    /// </summary>
    /// <param name="answer">How the event ended; null when there was none.</param>
    /// <param name="wait">False answers at once, without an event.</param>
    /// <param name="cancellationToken">Takes the call back.</param>
    public Task<FunctionNextReply> FunctionNextAsync(
        FunctionAnswer? answer = null, bool wait = true, CancellationToken cancellationToken = default) => CallAsync(
            new FunctionNext { Answer = answer, Wait = wait },
            AbiJsonContext.Default.FunctionNext,
            AbiJsonContext.Default.FunctionNextReply,
            cancellationToken);

    /// <summary>Where AWS clients find the workflow engine; it listens there from now on. Host clients.</summary>
    /// <param name="cancellationToken">Takes the call back.</param>
    public Task<WorkflowListenReply> WorkflowListenAsync(CancellationToken cancellationToken = default) => CallAsync(
        new WorkflowListen(),
        AbiJsonContext.Default.WorkflowListen,
        AbiJsonContext.Default.WorkflowListenReply,
        cancellationToken);
}

using Analemma.Abi;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Tasks.Own;

/// <summary>
/// Resources that are syscalls: <c>analemma:think</c>, <c>analemma:tool</c>, <c>analemma:send</c>, with the syscall's
/// parameters in its spelling; and <c>analemma:approve.waitForTaskToken</c>, which is somebody's to answer.
/// </summary>
internal sealed class KernelHandler(KernelCalls kernel) : ITaskHandler
{
    public bool Takes(TaskResource resource) =>
        resource.Service == "analemma" && resource.Action is "think" or "tool" or "send" or "approve";

    public Task<TaskOutcome> RunAsync(TaskCall call, CancellationToken cancelled) => call.Resource.Action switch
    {
        "think" => AskAsync(call, SyscallNumber.Think, cancelled),
        "tool" => AskAsync(call, SyscallNumber.CallTool, cancelled),
        "send" => AskAsync(call, SyscallNumber.Send, cancelled),
        // Somebody reads what is asked by `analemma sm tokens`, and sends the token back.
        _ => Task.FromResult(TaskOutcome.Done(call.Input)),
    };

    private async Task<TaskOutcome> AskAsync(TaskCall call, SyscallNumber number, CancellationToken cancelled)
    {
        if (!SyscallJson.TryRead((ushort)number, call.Input.ToUtf8(), out var syscall, out var wrong))
        {
            return ServiceAnswers.Refused(wrong);
        }

        var end = await kernel.AskAsync(syscall, cancelled);
        return end.Value is { } reply
            ? TaskOutcome.Done(JsonValue.Parse(SyscallJson.Write(reply), JsonLimits.Widest))
            : ServiceAnswers.Refused(end.Error!);
    }
}

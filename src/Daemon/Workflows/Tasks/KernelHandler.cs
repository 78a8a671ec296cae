using System.Security.Cryptography;
using System.Text;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Tasks;

/// <summary>
/// The kernel's own resources: <c>analemma:think</c>, <c>analemma:tool</c>, <c>analemma:send</c>, <c>analemma:agent</c>
/// and <c>analemma:approve.waitForTaskToken</c>. Their parameters are those of the syscall, in its spelling.
/// </summary>
internal sealed class KernelHandler(KernelCalls kernel) : ITaskHandler
{
    private const int OutputBytesMax = 64 * 1024;

    public bool Takes(TaskResource resource) => resource.Service == "analemma";

    public Task<TaskOutcome> RunAsync(TaskCall call, CancellationToken cancelled) => call.Resource.Action switch
    {
        "think" => AskAsync(call, SyscallNumber.Think, cancelled),
        "tool" => AskAsync(call, SyscallNumber.CallTool, cancelled),
        "send" => AskAsync(call, SyscallNumber.Send, cancelled),
        "agent" => RunAgentAsync(call, cancelled),
        // Somebody reads what is asked by `analemma sm tokens`, and sends the token back.
        "approve" => Task.FromResult(TaskOutcome.Done(call.Input)),
        _ => Task.FromResult(TaskOutcome.Failed(
            "States.Runtime", $"there is no resource analemma:{call.Resource.Action}")),
    };

    private async Task<TaskOutcome> AskAsync(TaskCall call, SyscallNumber number, CancellationToken cancelled)
    {
        if (!SyscallJson.TryRead((ushort)number, call.Input.ToUtf8(), out var syscall, out var wrong))
        {
            return Failed(wrong);
        }

        var end = await kernel.AskAsync(syscall, cancelled);
        return end.Value is { } reply ? TaskOutcome.Done(JsonOf(reply)) : Failed(end.Error!);
    }

    // Its name is made of the attempt: a kernel that runs the task again finds what the one before it began.
    private async Task<TaskOutcome> RunAgentAsync(TaskCall call, CancellationToken cancelled)
    {
        if (!SyscallJson.TryRead((ushort)SyscallNumber.Spawn, call.Input.ToUtf8(), out var syscall, out var wrong))
        {
            return Failed(wrong);
        }

        var spawn = (Spawn)syscall;
        var name = spawn.Name ?? NameOf(call.Task.IdempotencyKey);
        var spawned = await kernel.AskAsync(spawn with { Name = name }, cancelled);
        if (spawned.Error is { } refused && refused.Code is not SysErrorCode.NameTaken)
        {
            return Failed(refused);
        }

        var id = (spawned.Value as SpawnReply)?.Id;
        try
        {
            var end = await kernel.AskAsync(
                id is null ? new Wait { Name = name } : new Wait { Id = id }, cancelled);
            return end.Value is ProcessView view ? await EndedAsync(view, cancelled) : Failed(end.Error!);
        }
        catch (OperationCanceledException) when (cancelled.IsCancellationRequested)
        {
            // Nobody waits for its result any more.
            await kernel.AskAsync(
                id is null ? new Kill { Name = name } : new Kill { Id = id }, CancellationToken.None);
            throw;
        }
    }

    private async Task<TaskOutcome> EndedAsync(ProcessView view, CancellationToken cancelled)
    {
        var output = await kernel.OutputAsync(view.Id, OutputBytesMax, cancelled);
        if (view.Exit is not { Code: 0 })
        {
            return TaskOutcome.Failed("Agent.Failed", JsonOf(view).ToString());
        }

        // What it prints is its result: as JSON when it is JSON.
        var text = output.Trim();
        return TaskOutcome.Done(JsonObject.Of(
            ("Process", (long)view.Id.Value),
            ("Name", view.Name),
            ("Output", JsonValue.TryParse(Encoding.UTF8.GetBytes(text), JsonLimits.Default, out var json, out _)
                ? json : JsonValue.From(text))));
    }

    private static TaskOutcome Failed(SysError error) => TaskOutcome.Failed(
        $"Analemma.{error.Code}", error.Hint is null ? error.Message : $"{error.Message}; {error.Hint}");

    private static JsonValue JsonOf(Reply reply) => JsonValue.Parse(SyscallJson.Write(reply), JsonLimits.Widest);

    private static string NameOf(string key) =>
        "wf-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)))[..24];
}

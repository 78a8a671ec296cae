using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Loop;
using Analemma.Daemon.Runners;
using Analemma.Daemon.Sockets;
using Analemma.Journal;
using Analemma.Kernel.Effects;
using Analemma.Linux;
using Analemma.Workflow.Json;
using Microsoft.Extensions.Logging;

namespace Analemma.Daemon.Workflows;

/// <summary>Carries syscalls to the workflow engine.</summary>
internal sealed class WorkflowRunner(WorkflowHost workflows, CallTable calls, BackgroundTasks tasks, ILogger log)
{
    /// <summary>As deep as the API lets anything be, and what stands around it.</summary>
    private static readonly JsonDocumentOptions AnswerOptions = new() { MaxDepth = 1000 };

    public void Start(CallWorkflows asked) => tasks.Run(async stopping =>
    {
        if (calls.Find(asked.Call.Value) is not { } call)
        {
            return;
        }

        var cancelled = calls.Watch(call, stopping);
        try
        {
            await AnswerAsync(call, asked, cancelled);
        }
        catch (OperationCanceledException) when (cancelled.IsCancellationRequested)
        {
            // Nobody waits for the answer any more.
        }
        catch (JournalStoreException failed)
        {
            calls.Remove(call.Id)?.Fail(new SysError(
                SysErrorCode.IoFailed, $"workflows cannot be kept: {failed.Message}", "see workflows.path"));
        }
        catch (Exception fault)
        {
            // Of one call, which must not end the kernel. Its text may hold anything and stays out of the answer.
            log.WorkflowFault(asked.Operation, fault.GetType().FullName!, fault.StackTrace ?? "");
            calls.Remove(call.Id)?.Fail(new SysError(
                SysErrorCode.IoFailed,
                $"{asked.Operation} could not be served: {fault.GetType().Name}",
                "the kernel's log says where"));
        }
        finally
        {
            calls.Unwatch(call.Id);
        }
    });

    /// <summary>At once, on the kernel's thread: an event of a function is handed on by whoever brings it.</summary>
    public void Start(TurnFunction turn)
    {
        if (workflows.Functions is { } functions)
        {
            functions.Turn(turn.Process, turn.Asked, turn.Call.Value);
        }
        else
        {
            calls.Remove(turn.Call.Value)?.Fail(new SysError(
                SysErrorCode.WrongState, "only the environment of a function takes events", "register a function"));
        }
    }

    public void Start(OpenWorkflows open) => tasks.Run(_ =>
    {
        if (calls.Remove(open.Call.Value) is { } call)
        {
            Open(call);
        }

        return Task.CompletedTask;
    });

    private async Task AnswerAsync(SyscallCall call, CallWorkflows asked, CancellationToken cancelled)
    {
        var input = asked.Input is { } given
            ? JsonValue.Parse(given.GetRawText(), JsonLimits.Widest)
            : JsonValue.From(JsonObject.Empty);
        var answer = await workflows.Api.CallAsync(asked.Operation, input, cancelled, isOwner: true);
        if (answer.IsRefused)
        {
            calls.Remove(call.Id)?.Fail(new SysError(SysErrorCode.WorkflowRefused, answer.Message!)
            {
                Reason = answer.Error,
            });
            return;
        }

        using var output = JsonDocument.Parse(answer.Output.ToUtf8(), AnswerOptions);
        calls.Remove(call.Id)?.Reply(new WorkflowCallReply(output.RootElement.Clone()));
    }

    private void Open(SyscallCall call)
    {
        try
        {
            var url = workflows.Endpoint!.Open();
            call.Reply(new WorkflowListenReply(url, workflows.Options.Region, workflows.Options.Account)
            {
                Signed = workflows.Options.Credentials is not null,
            });
        }
        catch (LinuxException failed)
        {
            call.Fail(new SysError(
                SysErrorCode.IoFailed,
                $"the kernel cannot listen on the host: {failed.Message}",
                "set workflows.port"));
        }
    }
}

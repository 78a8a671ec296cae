using System.Text;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Tasks.Own;

/// <summary>
/// <c>analemma:agent</c>: spawns an agent and waits for its end. Its parameters are those of SPAWN, all of them, in its
/// spelling; with <c>.sync</c> the spawn's answer is told before the end.
/// </summary>
internal sealed class AgentHandler(KernelCalls kernel) : ITaskHandler
{
    private const int OutputBytesMax = 64 * 1024;

    private static readonly HashSet<string> Options =
        [.. AbiJsonContext.Default.Spawn.Properties.Select(property => property.Name)];

    public bool Takes(TaskResource resource) => resource.Service == "analemma" && resource.Action == "agent";

    public async Task<TaskOutcome> RunAsync(TaskCall call, CancellationToken cancelled)
    {
        if (Unknown(call.Input) is { } unknown)
        {
            return ServiceAnswers.Refused(SysError.InvalidArgument(
                $"SPAWN has no option {unknown}", $"it has {string.Join(", ", Options.Order())}"));
        }

        if (!SyscallJson.TryRead((ushort)SyscallNumber.Spawn, call.Input.ToUtf8(), out var syscall, out var wrong))
        {
            return ServiceAnswers.Refused(wrong);
        }

        var spawn = (Spawn)syscall;
        // Made of the attempt: a kernel that runs the task again finds what the one before it began.
        var name = spawn.Name ?? $"wf-{ServiceAnswers.IdOf(call).Replace("-", "", StringComparison.Ordinal)[..24]}";
        Wait wait = new() { Name = name };
        if (!call.IsSubmitted)
        {
            var spawned = await kernel.AskAsync(spawn with { Name = name }, cancelled);
            if (spawned.Value is SpawnReply agent)
            {
                wait = new Wait { Id = agent.Id };
                if (call.Resource.Pattern is not TaskPattern.RequestResponse)
                {
                    call.Submitted(JsonOf(agent));
                }
            }
            else if (spawned.Error!.Code is not SysErrorCode.NameTaken || spawn.Name is not null)
            {
                // A name that the definition gives may be anybody's; one that is made here is this attempt's alone.
                return ServiceAnswers.Refused(spawned.Error);
            }
        }

        return await EndAsync(wait, call, cancelled);
    }

    private static string? Unknown(JsonValue input)
    {
        if (input.TryGetObject(out var members))
        {
            foreach (var (name, _) in members)
            {
                if (!Options.Contains(name))
                {
                    return name;
                }
            }
        }

        return null;
    }

    private async Task<TaskOutcome> EndAsync(Wait wait, TaskCall call, CancellationToken cancelled)
    {
        try
        {
            var end = await kernel.AskAsync(wait, cancelled);
            return end.Value is ProcessView view
                ? await EndedAsync(view, cancelled) : ServiceAnswers.Refused(end.Error!);
        }
        catch (OperationCanceledException) when (call.Unwanted.IsCancellationRequested)
        {
            // Nobody waits for its result any more; when only the kernel stops, the next one waits again.
            await kernel.AskAsync(new Kill { Id = wait.Id, Name = wait.Name }, CancellationToken.None);
            throw;
        }
    }

    private async Task<TaskOutcome> EndedAsync(ProcessView view, CancellationToken cancelled)
    {
        if (view.Exit is not { Code: 0 })
        {
            return TaskOutcome.Failed("Agent.Failed", JsonOf(view).ToString());
        }

        // What it prints is its result: as JSON when it is JSON.
        var text = (await kernel.OutputAsync(view.Id, OutputBytesMax, cancelled)).Trim();
        return TaskOutcome.Done(JsonObject.Of(
            ("Process", (long)view.Id.Value),
            ("Name", view.Name),
            ("Output", JsonValue.TryParse(Encoding.UTF8.GetBytes(text), JsonLimits.Default, out var json, out _)
                ? json : JsonValue.From(text))));
    }

    private static JsonValue JsonOf(Reply reply) => JsonValue.Parse(SyscallJson.Write(reply), JsonLimits.Widest);
}

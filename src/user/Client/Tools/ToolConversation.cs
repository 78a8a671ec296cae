using Analemma.Abi.Syscalls;

namespace Analemma.Client.Tools;

// think ──► answer asks for no tool ─────────────────────────────► done
//   ▲       answer asks for a tool that is only described ───────► done: the caller takes it from there
//   │       the last step allowed, and it asks for tools ────────► StepLimitReached; those are not run
//   └────── otherwise run them, add their results

/// <summary>What was said in a tool loop so far, and what comes next.</summary>
internal sealed class ToolConversation
{
    // A model that asks for more in one answer is told so.
    private const int CallsMax = 32;

    private readonly Think _think;
    private readonly ToolLoopOptions _options;
    private readonly Dictionary<string, Tool> _tools;
    private readonly List<ToolDefinition> _definitions;
    private readonly List<ChatMessage> _messages;
    private readonly List<ToolResult> _results = [];
    private int _steps;

    public ToolConversation(Think think, IEnumerable<Tool> tools, ToolLoopOptions options)
    {
        ArgumentNullException.ThrowIfNull(think);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.StepsMax, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.CallsAtOnce, 1);
        if ((think.Prompt is null) == (think.Messages is null))
        {
            throw new ArgumentException("give a prompt or messages, and not both", nameof(think));
        }

        (_think, _options) = (think, options);
        var own = tools.ToList();
        _definitions = [.. own.Select(tool => tool.Definition), .. think.Tools ?? []];
        if (_definitions.GroupBy(tool => tool.Name, StringComparer.Ordinal).FirstOrDefault(same => same.Count() > 1) is
            { Key: { } name })
        {
            throw new ArgumentException($"two tools are called \"{name}\"; give one another name", nameof(tools));
        }

        _tools = own.ToDictionary(tool => tool.Name, StringComparer.Ordinal);
        _messages =
        [
            .. think.Messages ?? [new ChatMessage(ChatRole.User) { Content = think.Prompt, Images = think.Images }],
        ];
    }

    /// <summary>What to ask the model now.</summary>
    public Think Next => _think with
    {
        Prompt = null,
        Images = null,
        Messages = [.. _messages],
        Tools = _definitions.Count > 0 ? _definitions : null,
    };

    /// <summary>The calls of the last answer.</summary>
    public IReadOnlyList<ToolCall> Calls { get; private set; } = [];

    /// <summary>Takes an answer in; gives the run when that was the last one.</summary>
    public ToolRun? Take(ThinkReply answer)
    {
        _steps++;
        Calls = answer.ToolCalls ?? [];
        _messages.Add(new ChatMessage(ChatRole.Assistant)
        {
            Content = answer.Content.Length > 0 || Calls.Count == 0 ? answer.Content : null,
            ToolCalls = Calls.Count > 0 ? Calls : null,
        });
        var run = new ToolRun(answer, [.. _messages], _steps, [.. _results]);
        if (Calls.Count == 0 || Calls.Any(IsOnlyDescribed))
        {
            return run;
        }

        return _steps < _options.StepsMax ? null : throw new StepLimitReachedException(run);
    }

    /// <summary>Runs the last answer's calls, and takes their results in.</summary>
    public async Task<IReadOnlyList<ToolResult>> RunCallsAsync(CancellationToken cancellationToken)
    {
        var results = new ToolResult[Calls.Count];
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Calls.Count),
            new ParallelOptions
            {
                MaxDegreeOfParallelism = _options.CallsAtOnce,
                CancellationToken = cancellationToken,
            },
            async (at, token) => results[at] = await RunAsync(at, token).ConfigureAwait(false)).ConfigureAwait(false);
        _results.AddRange(results);
        _messages.AddRange(results.Select(result => result.ToMessage()));
        return results;
    }

    private bool IsOnlyDescribed(ToolCall call) =>
        !_tools.ContainsKey(call.Name) && _definitions.Any(tool => tool.Name == call.Name);

    private async Task<ToolResult> RunAsync(int at, CancellationToken cancellationToken)
    {
        var call = Calls[at];
        if (at >= CallsMax)
        {
            return Error(call, $"not run: at most {CallsMax} calls in one answer");
        }

        return _tools.TryGetValue(call.Name, out var tool)
            ? await tool.InvokeAsync(call, cancellationToken).ConfigureAwait(false)
            : Error(call, $"there is no tool \"{call.Name}\"; there are: {string.Join(", ", _tools.Keys)}");
    }

    private static ToolResult Error(ToolCall call, string text) =>
        new(call.Id, call.Name, text, true, TimeSpan.Zero);
}

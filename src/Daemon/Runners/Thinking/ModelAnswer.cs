using System.Text;
using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Events;
using Analemma.Models;
using Microsoft.Extensions.AI;

namespace Analemma.Daemon.Runners.Thinking;

/// <summary>What a model says in one attempt, as it comes; kept for the end of the call.</summary>
/// <param name="attempt">Which.</param>
/// <param name="isSent">Its text has gone to the caller already.</param>
/// <param name="isKept">Its text is wanted at the end.</param>
internal sealed class ModelAnswer(int attempt, bool isSent, bool isKept)
{
    /// <summary>
    /// Arguments of a tool's call lie so deep in what is answered, shown and asked again: {"messages":[{"tool_calls":
    /// [{"arguments": …}]}]}.
    /// </summary>
    private const int ArgumentsLieAt = 5;

    /// <summary>What a call weighs beside its words.</summary>
    private const int CallChars = 64;

    private readonly StringBuilder _text = new();
    private List<ToolCall>? _calls;
    private string? _unwrapped;

    public int Attempt => attempt;

    /// <summary>Characters and arguments so far: what the answer weighs.</summary>
    public long Size { get; private set; }

    public string Text => _unwrapped ?? _text.ToString();

    public bool HasCalls => _calls is not null;

    public IReadOnlyList<ToolCall>? Calls => _calls;

    /// <summary>Makes the text the JSON that is in it, if some is.</summary>
    public void Unwrap() => _unwrapped = AnswerCheck.Unwrap(_text.ToString());

    /// <summary>Takes a part in.</summary>
    public void Add(AIContent content)
    {
        switch (content)
        {
            case TextContent text:
                Size += text.Text.Length;
                _text.Append(isKept ? text.Text : "");
                break;
            case FunctionCallContent call:
                var (arguments, signature) = (ToolArguments(call), Signature(call));
                Size += CallChars + call.CallId.Length + call.Name.Length + arguments.GetRawText().Length
                    + (signature?.Length ?? 0);
                (_calls ??= []).Add(new ToolCall(call.CallId, call.Name)
                {
                    Arguments = arguments,
                    Signature = signature,
                });
                break;
        }
    }

    /// <summary>Not null: what was made are vectors.</summary>
    public IReadOnlyList<IReadOnlyList<float>>? Vectors { get; set; }

    public Reply Into(ThinkReply known) => Vectors is { } vectors
        ? new EmbedReply(vectors, known.Model, known.Tokens)
        {
            Provider = known.Provider,
            Simulated = known.Simulated,
            Usage = known.Usage,
            Attempts = known.Attempts,
            QueuedMs = known.QueuedMs,
            RanMs = known.RanMs,
        }
        : Words(known);

    /// <summary>Text that has been sent already is not said again.</summary>
    private ThinkReply Words(ThinkReply known) => known with { Content = isSent ? "" : Text, ToolCalls = _calls };

    private static JsonElement ToolArguments(FunctionCallContent call)
    {
        var arguments = JsonSerializer.SerializeToElement(
            call.Arguments ?? new Dictionary<string, object?>(),
            AIJsonUtilities.DefaultOptions.GetTypeInfo(typeof(IDictionary<string, object?>)));
        const int most = AbiLimits.JsonDepthMax - ArgumentsLieAt;
        return Depth(arguments) <= most
            ? arguments
            : throw new AnswerLeftException(
                ModelFailureKind.Rejected,
                $"the model called a tool with arguments that are nested more than {most} levels deep");
    }

    private static int Depth(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => 1 + json.EnumerateObject().Select(field => Depth(field.Value)).DefaultIfEmpty().Max(),
        JsonValueKind.Array => 1 + json.EnumerateArray().Select(Depth).DefaultIfEmpty().Max(),
        _ => 0,
    };

    private static string? Signature(FunctionCallContent call) =>
        call.AdditionalProperties?.TryGetValue(AnswerLabels.CallSignature, out var value) == true
            ? value?.ToString() : null;
}

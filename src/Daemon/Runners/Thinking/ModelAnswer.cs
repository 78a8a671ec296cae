using System.Text;
using System.Text.Json;
using Analemma.Abi.Syscalls;
using Analemma.Models;
using Microsoft.Extensions.AI;

namespace Analemma.Daemon.Runners.Thinking;

/// <summary>What a model says in one attempt, as it comes; kept for the end of the call.</summary>
internal sealed class ModelAnswer(int attempt)
{
    private readonly StringBuilder _text = new();
    private List<ToolCall>? _calls;

    public int Attempt => attempt;

    /// <summary>Characters and arguments so far: what the answer weighs.</summary>
    public long Size { get; private set; }

    public string Text => _text.ToString();

    /// <summary>Takes a part in; its text is kept unless it has been sent already.</summary>
    public void Add(AIContent content, bool isSent)
    {
        switch (content)
        {
            case TextContent text:
                Size += text.Text.Length;
                _text.Append(isSent ? "" : text.Text);
                break;
            case FunctionCallContent call:
                var arguments = ToolArguments(call);
                Size += call.Name.Length + arguments.GetRawText().Length;
                (_calls ??= []).Add(new ToolCall(call.CallId, call.Name)
                {
                    Arguments = arguments,
                    Signature = Signature(call),
                });
                break;
        }
    }

    public ThinkReply Into(ThinkReply known) => known with { Content = Text, ToolCalls = _calls };

    private static JsonElement ToolArguments(FunctionCallContent call) => JsonSerializer.SerializeToElement(
        call.Arguments ?? new Dictionary<string, object?>(),
        AIJsonUtilities.DefaultOptions.GetTypeInfo(typeof(IDictionary<string, object?>)));

    private static string? Signature(FunctionCallContent call) =>
        call.AdditionalProperties?.TryGetValue(AnswerLabels.CallSignature, out var value) == true
            ? value?.ToString() : null;
}

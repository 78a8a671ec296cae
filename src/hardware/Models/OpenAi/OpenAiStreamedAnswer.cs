using System.Text;
using Analemma.Models.Calls;
using Microsoft.Extensions.AI;
using OpenAI.Chat;

namespace Analemma.Models.OpenAi;

/// <summary>
/// One streamed answer. Tool calls come in fragments, each with the index of its call
/// (https://platform.openai.com/docs/guides/function-calling#streaming), and are put together at the end.
/// </summary>
internal sealed class OpenAiStreamedAnswer
{
    private readonly SortedDictionary<int, Fragments> _calls = [];
    private bool _isRefusal;

    public ChatResponseUpdate Read(StreamingChatCompletionUpdate update)
    {
        var contents = update.ContentUpdate.Select(OpenAiAnswer.Content).OfType<AIContent>().ToList();
        foreach (var fragment in update.ToolCallUpdates)
        {
            Add(fragment);
        }

        _isRefusal |= !string.IsNullOrEmpty(update.RefusalUpdate);
        if (update.Usage is { } usage)
        {
            contents.Add(new UsageContent(OpenAiAnswer.Usage(usage)));
        }

        return new ChatResponseUpdate(ChatRole.Assistant, contents)
        {
            ResponseId = update.CompletionId,
            MessageId = update.CompletionId,
            ModelId = string.IsNullOrEmpty(update.Model) ? null : update.Model,
            FinishReason = update.FinishReason is not { } reason ? null
                : _isRefusal ? Microsoft.Extensions.AI.ChatFinishReason.ContentFilter
                : OpenAiAnswer.Finish(reason),
        };
    }

    public ChatResponseUpdate? ToolCalls() => _calls.Count == 0
        ? null
        : new ChatResponseUpdate(
            ChatRole.Assistant,
            [.. _calls.Values.Select(call => ToolJson.Call(call.Id, call.Name, call.Arguments.ToString()))]);

    private void Add(StreamingChatToolCallUpdate fragment)
    {
        if (!_calls.TryGetValue(fragment.Index, out var call))
        {
            _calls[fragment.Index] = call = new Fragments();
        }

        call.Id = string.IsNullOrEmpty(fragment.ToolCallId) ? call.Id : fragment.ToolCallId;
        call.Name = string.IsNullOrEmpty(fragment.FunctionName) ? call.Name : fragment.FunctionName;
        call.Arguments.Append(fragment.FunctionArgumentsUpdate);
    }

    private sealed class Fragments
    {
        public string Id { get; set; } = "";

        public string Name { get; set; } = "";

        public StringBuilder Arguments { get; } = new();
    }
}

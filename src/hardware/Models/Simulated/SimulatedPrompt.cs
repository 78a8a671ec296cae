using System.Text;
using System.Text.Json;
using Analemma.Models.Calls;
using Microsoft.Extensions.AI;

namespace Analemma.Models.Simulated;

/// <summary>A request as the simulated model reads it: all of it as one text, and the last message.</summary>
internal sealed class SimulatedPrompt
{
    private const int TokensPerImage = 258;

    private readonly int _images;

    public SimulatedPrompt(IEnumerable<ChatMessage> messages, ChatOptions options)
    {
        Options = options;
        var all = new StringBuilder(options.Instructions).Append('\n');
        foreach (var message in messages)
        {
            Last = message;
            all.Append(message.Role.Value).Append(": ").AppendJoin('\n', message.Contents.Select(Text)).Append('\n');
            _images += message.Contents.Count(content => content is DataContent or UriContent);
        }

        foreach (var tool in Tools)
        {
            all.Append(tool.Name).Append(tool.Description).Append(tool.JsonSchema.GetRawText()).Append('\n');
        }

        All = all.Append(Schema?.GetRawText()).ToString();
    }

    public ChatOptions Options { get; }

    public ChatMessage? Last { get; }

    public string All { get; }

    public string LastText => Last is null ? "" : string.Join('\n', Last.Contents.Select(Text));

    public IReadOnlyList<AIFunctionDeclaration> Tools => Options.ToolMode is NoneChatToolMode
        ? []
        : [.. (Options.Tools ?? []).OfType<AIFunctionDeclaration>()];

    public bool WantsJson => Options.ResponseFormat is ChatResponseFormatJson;

    public JsonElement? Schema => (Options.ResponseFormat as ChatResponseFormatJson)?.Schema;

    public int Tokens => SimulatedTokens.Count(All) + (_images * TokensPerImage);

    private static string Text(AIContent content) => content switch
    {
        TextContent text => text.Text,
        TextReasoningContent thought => thought.Text,
        FunctionCallContent call => $"{call.Name}({ToolJson.Arguments(call).GetRawText()})",
        FunctionResultContent result => ToolJson.Write(result.Result),
        DataContent data => $"({data.MediaType}, {data.Data.Length} bytes)",
        UriContent uri => uri.Uri.AbsoluteUri,
        _ => "",
    };
}

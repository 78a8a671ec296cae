using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Models;
using Microsoft.Extensions.AI;
using AbiMessage = Analemma.Abi.Syscalls.ChatMessage;
using AbiRole = Analemma.Abi.Syscalls.ChatRole;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;
using ChatRole = Microsoft.Extensions.AI.ChatRole;

namespace Analemma.Daemon.Runners.Thinking;

/// <summary>Says a THINK in the words of model providers. Its form has been checked.</summary>
internal static class ThinkRequests
{
    /// <summary>Five of them stay below what the kernel reserved for them.</summary>
    private const int FlawCharsMax = 200;

    private static readonly JsonElement NoParameters = JsonElement.Parse("""{"type":"object","properties":{}}""");

    public static List<ChatMessage> Messages(Think think) => think.Messages is { Count: > 0 } messages
        ? [.. messages.Select(Message)]
        : [new ChatMessage(ChatRole.User, [new TextContent(think.Prompt), .. Images(think.Images)])];

    /// <summary>What a model is told about an answer of its own that does not satisfy the schema.</summary>
    public static IEnumerable<ChatMessage> Repair(string answer, IReadOnlyList<AnswerFlaw> flaws)
    {
        var wrong = flaws.Select(flaw => $"- at {(flaw.Pointer.Length == 0 ? "the top" : flaw.Pointer)}: "
            + Shorten(flaw.Message) + $" ({flaw.Rule})");
        return
        [
            // Some providers take no empty message.
            new ChatMessage(ChatRole.Assistant, [new TextContent(answer.Length > 0 ? answer : "(nothing)")]),
            new ChatMessage(ChatRole.User, [new TextContent(
                "Your answer does not satisfy the JSON Schema that it must satisfy:\n"
                + string.Join('\n', wrong)
                + "\nAnswer again, all of it, corrected: with JSON alone.")]),
        ];
    }

    public static ChatOptions Options(StartModelCall start)
    {
        var options = Options(start.Request, start.ProviderModel);
        options.MaxOutputTokens = (int)Math.Min(start.OutputTokensMax, int.MaxValue);
        return options;
    }

    public static EmbeddingGenerationOptions EmbedOptions(StartModelCall start) => new()
    {
        ModelId = start.ProviderModel,
        Dimensions = (int?)start.Embed!.Dimensions,
        AdditionalProperties = start.Embed.TaskType is { } type
            ? new AdditionalPropertiesDictionary { [AnswerLabels.TaskType] = type } : null,
    };

    public static ChatOptions Options(Think think, string providerModel)
    {
        return new ChatOptions
        {
            ModelId = providerModel,
            Instructions = think.SystemInstruction,
            Temperature = (float?)think.Temperature,
            Reasoning = Effort(think.ThinkingLevel) is { } effort ? new ReasoningOptions { Effort = effort } : null,
            ResponseFormat = think.ResponseSchema is { } schema ? ChatResponseFormat.ForJsonSchema(schema)
                : think.Json == true ? ChatResponseFormat.Json : null,
            Tools = think.Tools is { Count: > 0 } tools ? [.. tools.Select(Tool)] : null,
            ToolMode = ToolMode(think.ToolChoice),
            AllowMultipleToolCalls = think.ParallelToolCalls,
            TopP = (float?)think.TopP,
            StopSequences = think.Stop is { Count: > 0 } stop ? [.. stop] : null,
            Seed = think.Seed,
        };
    }

    private static string Shorten(string text) => text.Length <= FlawCharsMax ? text : text[..FlawCharsMax] + "…";

    private static ChatMessage Message(AbiMessage message) => message.Role switch
    {
        AbiRole.Tool => new ChatMessage(
            ChatRole.Tool, [new FunctionResultContent(message.ToolCallId!, message.Content ?? "")]),
        AbiRole.Assistant => new ChatMessage(
            ChatRole.Assistant, [.. Text(message), .. (message.ToolCalls ?? []).Select(Call)]),
        AbiRole.System => new ChatMessage(ChatRole.System, [.. Text(message)]),
        AbiRole.User => new ChatMessage(ChatRole.User, [.. Text(message), .. Images(message.Images)]),
    };

    private static IEnumerable<AIContent> Text(AbiMessage message) =>
        message.Content is { Length: > 0 } text ? [new TextContent(text)] : [];

    private static IEnumerable<AIContent> Images(IReadOnlyList<ImagePart>? images) =>
        (images ?? []).Select(image => new DataContent(Convert.FromBase64String(image.Data), image.MimeType));

    private static FunctionCallContent Call(ToolCall call)
    {
        Dictionary<string, object?> arguments = [];
        if (call.Arguments is { ValueKind: JsonValueKind.Object } given)
        {
            foreach (var each in given.EnumerateObject())
            {
                arguments[each.Name] = each.Value;
            }
        }

        var content = new FunctionCallContent(call.Id, call.Name, arguments);
        if (call.Signature is { } signature)
        {
            content.AdditionalProperties = new() { [AnswerLabels.CallSignature] = signature };
        }

        return content;
    }

    private static AIFunctionDeclaration Tool(ToolDefinition tool) => AIFunctionFactory.CreateDeclaration(
        tool.Name, tool.Description, tool.Parameters ?? NoParameters, returnJsonSchema: null);

    private static ChatToolMode? ToolMode(string? choice) => choice switch
    {
        null => null,
        "auto" => ChatToolMode.Auto,
        "none" => ChatToolMode.None,
        "required" => ChatToolMode.RequireAny,
        _ => ChatToolMode.RequireSpecific(choice),
    };

    private static ReasoningEffort? Effort(string? level) => level switch
    {
        null => null,
        "none" => ReasoningEffort.None,
        "medium" => ReasoningEffort.Medium,
        "high" => ReasoningEffort.High,
        _ => ReasoningEffort.Low,
    };
}

using Microsoft.Extensions.AI;

namespace Analemma.Models.Gemini;

/// <summary>Tools and how they may be used: https://ai.google.dev/gemini-api/docs/function-calling.</summary>
internal static class GeminiTools
{
    public static IReadOnlyList<GeminiTool>? Of(ChatOptions options)
    {
        var functions = (options.Tools ?? []).OfType<AIFunctionDeclaration>().Select(Function).ToList();
        return functions.Count == 0 ? null : [new GeminiTool(functions)];
    }

    public static GeminiToolConfig? Config(ChatToolMode? mode) => mode switch
    {
        NoneChatToolMode => new(new("NONE", null)),
        RequiredChatToolMode { RequiredFunctionName: { } name } => new(new("ANY", [name])),
        RequiredChatToolMode => new(new("ANY", null)),
        AutoChatToolMode => new(new("AUTO", null)),
        _ => null,
    };

    private static GeminiFunction Function(AIFunctionDeclaration tool)
    {
        var parameters = GeminiSchema.TryConvert(tool.JsonSchema);
        var hasNone = parameters?["properties"] is null or System.Text.Json.Nodes.JsonObject { Count: 0 };
        return parameters is null
            ? new(tool.Name, tool.Description, null, tool.JsonSchema)
            // An object without properties is refused; a function without parameters says nothing of them.
            : new(tool.Name, tool.Description, hasNone ? null : parameters, null);
    }
}

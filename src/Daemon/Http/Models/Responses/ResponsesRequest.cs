using System.Collections.Frozen;
using System.Text.Json;
using Analemma.Abi.Syscalls;

namespace Analemma.Daemon.Http.Models.Responses;

/// <summary>Reads requests for responses.</summary>
internal static class ResponsesRequest
{
    // The second half changes nothing of the answer, or only how OpenAI keeps and bills it.
    private static readonly FrozenSet<string> Known = FrozenSet.Create(
        "model", "input", "instructions", "stream", "stream_options", "max_output_tokens", "temperature", "top_p",
        "tools", "tool_choice", "parallel_tool_calls", "text", "reasoning", "truncation", "background", "top_logprobs",
        "include", "metadata", "store", "service_tier", "prompt_cache_key", "prompt_cache_retention",
        "safety_identifier", "user");

    public static ResponsesCall Read(Field body)
    {
        body.Only(Known);
        Wording.OnlyFalse(body["background"]);
        Wording.OnlyZero(body["top_logprobs"]);
        if (body["truncation"].Text() is not (null or "disabled"))
        {
            throw body["truncation"].Unsupported("only disabled is supported here", "shorten the input yourself");
        }

        var (schema, json) = Format(body["text"]["format"]);
        var streams = body["stream"].Flag() ?? false;
        var think = new Think
        {
            Model = body["model"].Text(),
            Messages = ResponsesInput.Read(body["input"]),
            SystemInstruction = body["instructions"].Text(),
            MaxTokens = body["max_output_tokens"].Whole(),
            Temperature = body["temperature"].Number(),
            TopP = body["top_p"].Number(),
            Tools = body["tools"].IsThere ? [.. body["tools"].Items().Select(Tool)] : null,
            ToolChoice = Choice(body["tool_choice"]),
            ParallelToolCalls = body["parallel_tool_calls"].Flag(),
            ThinkingLevel = Wording.Effort(body["reasoning"]["effort"]),
            ResponseSchema = schema,
            Json = json,
            Stream = streams,
        };
        return new ResponsesCall(think, streams) { Asked = body.Json()!.Value };
    }

    private static (JsonElement? Schema, bool? Json) Format(Field format) => format["type"].Text() switch
    {
        null when !format.IsThere => (null, null),
        "text" => (null, null),
        "json_object" => (null, true),
        "json_schema" => (format["schema"].Json() ?? throw format["schema"].Missing(), null),
        _ => throw format["type"].Unsupported("it must be text, json_object or json_schema"),
    };

    private static ToolDefinition Tool(Field tool)
    {
        if (tool["type"].Text() is not (null or "function"))
        {
            throw tool["type"].Unsupported("only functions are tools here");
        }

        return new ToolDefinition(tool["name"].RequiredText())
        {
            Description = tool["description"].Text(),
            Parameters = tool["parameters"].Json(),
        };
    }

    private static string? Choice(Field choice) => !choice.IsThere ? null
        : choice.IsText ? choice.Text()
        : choice["type"].Text() == "function" ? choice["name"].RequiredText()
        : throw choice["type"].Unsupported("it must be none, auto, required or a function");
}

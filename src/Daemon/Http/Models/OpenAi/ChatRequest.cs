using System.Collections.Frozen;
using System.Text.Json;
using Analemma.Abi.Syscalls;

namespace Analemma.Daemon.Http.Models.OpenAi;

/// <summary>A chat completion that was asked for.</summary>
internal sealed record ChatCall(Think Think, bool Streams) : WireCall(Think, Streams)
{
    /// <summary>Whether the last chunk tells the usage.</summary>
    public bool IncludesUsage { get; init; }
}

/// <summary>Reads requests for chat completions.</summary>
internal static class ChatRequest
{
    // The second half changes nothing of the answer, or only how OpenAI keeps and bills it.
    private static readonly FrozenSet<string> Known = FrozenSet.Create(
        "model", "messages", "stream", "stream_options", "max_tokens", "max_completion_tokens", "temperature", "top_p",
        "stop", "seed", "tools", "tool_choice", "parallel_tool_calls", "response_format", "reasoning_effort", "n",
        "logprobs", "top_logprobs", "presence_penalty", "frequency_penalty", "logit_bias", "modalities",
        "user", "metadata", "store", "service_tier", "prompt_cache_key", "prompt_cache_retention", "safety_identifier",
        "verbosity");

    public static ChatCall Read(Field body)
    {
        body.Only(Known);
        RefuseOthers(body);
        var (schema, json) = Format(body["response_format"]);
        var streams = body["stream"].Flag() ?? false;
        var think = new Think
        {
            Model = body["model"].Text(),
            Messages = ChatMessages.Read(body["messages"]),
            MaxTokens = body["max_completion_tokens"].Whole() ?? body["max_tokens"].Whole(),
            Temperature = body["temperature"].Number(),
            TopP = body["top_p"].Number(),
            Stop = Wording.Texts(body["stop"]),
            Seed = body["seed"].Whole(),
            Tools = Tools(body["tools"]),
            ToolChoice = Choice(body["tool_choice"]),
            ParallelToolCalls = body["parallel_tool_calls"].Flag(),
            ThinkingLevel = Wording.Effort(body["reasoning_effort"]),
            ResponseSchema = schema,
            Json = json,
            Stream = streams,
        };
        return new ChatCall(think, streams)
        {
            IncludesUsage = body["stream_options"]["include_usage"].Flag() ?? false,
        };
    }

    private static void RefuseOthers(Field body)
    {
        if (body["n"].Whole() is { } choices and not 1)
        {
            throw body["n"].Unsupported($"{choices} choices are not supported here, only 1", "ask again for another");
        }

        Wording.OnlyFalse(body["logprobs"]);
        Wording.OnlyZero(body["top_logprobs"]);
        Wording.OnlyZero(body["presence_penalty"]);
        Wording.OnlyZero(body["frequency_penalty"]);
        if (body["logit_bias"] is { IsThere: true } bias && bias.Json()!.Value.EnumerateObject().Any())
        {
            throw bias.Unsupported("it is not supported here", "leave it out");
        }

        foreach (var modality in body["modalities"].Items().Where(item => item.Text() != "text"))
        {
            throw modality.Unsupported("only text is answered here");
        }
    }

    private static (JsonElement? Schema, bool? Json) Format(Field format) => format["type"].Text() switch
    {
        null when !format.IsThere => (null, null),
        "text" => (null, null),
        "json_object" => (null, true),
        "json_schema" => format["json_schema"]["schema"].Json() is { } schema
            ? (schema, null)
            : throw format["json_schema"]["schema"].Missing(),
        _ => throw format["type"].Unsupported("it must be text, json_object or json_schema"),
    };

    private static List<ToolDefinition>? Tools(Field tools) =>
        tools.IsThere ? [.. tools.Items().Select(Tool)] : null;

    private static ToolDefinition Tool(Field tool)
    {
        if (tool["type"].Text() is not (null or "function"))
        {
            throw tool["type"].Unsupported("only functions are tools here");
        }

        var function = tool["function"];
        return new ToolDefinition(function["name"].RequiredText())
        {
            Description = function["description"].Text(),
            Parameters = function["parameters"].Json(),
        };
    }

    private static string? Choice(Field choice) => !choice.IsThere ? null
        : choice.IsText ? choice.Text()
        : choice["type"].Text() == "function" ? choice["function"]["name"].RequiredText()
        : throw choice["type"].Unsupported("it must be none, auto, required or a function");
}

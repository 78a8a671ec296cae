using System.Collections.Frozen;
using System.Text.Json;
using Analemma.Abi.Syscalls;

namespace Analemma.Daemon.Http.Models.Anthropic;

/// <summary>Reads requests for messages, and for the count of their tokens.</summary>
internal static class MessagesRequest
{
    // Budgets of thoughts as the levels that the kernel has, the other way round than its drivers make them.
    private const long LowBudget = 1_024;
    private const long MediumBudget = 8_192;

    // The second half changes nothing of the answer, or only how Anthropic keeps and bills it.
    private static readonly FrozenSet<string> Known = FrozenSet.Create(
        "model", "messages", "system", "max_tokens", "temperature", "top_p", "stop_sequences", "stream", "tools",
        "tool_choice", "thinking", "output_format", "output_config",
        "metadata", "service_tier", "cache_control", "inference_geo");

    public static WireCall Read(Field body)
    {
        var call = ReadCounted(body);
        return call.Think.MaxTokens is null ? throw body["max_tokens"].Missing() : call;
    }

    /// <summary>The same, where the answer's length says nothing.</summary>
    public static WireCall ReadCounted(Field body)
    {
        body.Only(Known);
        var streams = body["stream"].Flag() ?? false;
        var choice = body["tool_choice"];
        return new WireCall(
            new Think
            {
                Model = body["model"].RequiredText(),
                Messages = MessagesContent.Read(body["messages"]),
                SystemInstruction = MessagesContent.System(body["system"]),
                MaxTokens = body["max_tokens"].Whole(),
                Temperature = body["temperature"].Number(),
                TopP = body["top_p"].Number(),
                Stop = Wording.Texts(body["stop_sequences"]),
                Tools = body["tools"].IsThere ? [.. body["tools"].Items().Select(Tool)] : null,
                ToolChoice = Choice(choice),
                ParallelToolCalls = choice["disable_parallel_tool_use"].Flag() == true ? false : null,
                ThinkingLevel = Thinking(body),
                ResponseSchema = Schema(body["output_config"]["format"]) ?? Schema(body["output_format"]),
                Stream = streams,
            },
            streams);
    }

    private static ToolDefinition Tool(Field tool)
    {
        if (tool["type"].Text() is not (null or "custom"))
        {
            throw tool["type"].Unsupported("tools of the provider's own are not supported here, only custom ones");
        }

        return new ToolDefinition(tool["name"].RequiredText())
        {
            Description = tool["description"].Text(),
            Parameters = tool["input_schema"].Json(),
        };
    }

    private static string? Choice(Field choice) => !choice.IsThere ? null : choice["type"].Text() switch
    {
        "auto" => "auto",
        "none" => "none",
        "any" => "required",
        "tool" => choice["name"].RequiredText(),
        _ => throw choice["type"].Unsupported("it must be auto, any, tool or none"),
    };

    private static string? Thinking(Field body)
    {
        var effort = Wording.Effort(body["output_config"]["effort"]);
        var thinking = body["thinking"];
        return !thinking.IsThere ? effort : thinking["type"].Text() switch
        {
            "disabled" => "none",
            "adaptive" => effort,
            "enabled" => thinking["budget_tokens"].Whole() switch
            {
                null => throw thinking["budget_tokens"].Missing(),
                <= LowBudget => "low",
                <= MediumBudget => "medium",
                _ => "high",
            },
            _ => throw thinking["type"].Unsupported("it must be enabled, adaptive or disabled"),
        };
    }

    private static JsonElement? Schema(Field format) => !format.IsThere ? null
        : format["type"].Text() == "json_schema" ? format["schema"].Json() ?? throw format["schema"].Missing()
        : throw format["type"].Unsupported("it must be json_schema");
}

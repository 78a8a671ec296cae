using System.Collections.Frozen;
using System.Text.Json;
using Analemma.Abi.Syscalls;

namespace Analemma.Daemon.Http.Models.Gemini;

/// <summary>Reads requests for content. Every name may be written as in Google's JSON or as in its protocol.</summary>
internal static class GenerateRequest
{
    // Budgets of thoughts as the levels that the kernel has, the other way round than its driver makes them.
    private const long LowBudget = 1_024;
    private const long MediumBudget = 8_192;

    // Safety is the provider's own affair, with its own defaults; the rest says nothing of the answer.
    private static readonly FrozenSet<string> Known = FrozenSet.Create(
        "contents", "systemInstruction", "system_instruction", "tools", "toolConfig", "tool_config",
        "generationConfig", "generation_config", "model",
        "safetySettings", "safety_settings", "labels", "serviceTier", "service_tier", "store");

    private static readonly FrozenSet<string> KnownConfig = FrozenSet.Create(
        "temperature", "topP", "top_p", "maxOutputTokens", "max_output_tokens", "stopSequences", "stop_sequences",
        "responseMimeType", "response_mime_type", "responseSchema", "response_schema", "responseJsonSchema",
        "response_json_schema", "_responseJsonSchema", "candidateCount", "candidate_count", "seed", "presencePenalty",
        "presence_penalty", "frequencyPenalty", "frequency_penalty", "thinkingConfig", "thinking_config",
        "responseModalities", "response_modalities", "mediaResolution", "media_resolution");

    public static WireCall Read(Field body, string model, bool streams)
    {
        body.Only(Known);
        var config = body["generationConfig", "generation_config"];
        if (config.IsThere)
        {
            config.Only(KnownConfig);
            RefuseOthers(config);
        }

        var (schema, json) = Format(config);
        var think = new Think
        {
            Model = model,
            Messages = GenerateContents.Read(body["contents"]),
            SystemInstruction = GenerateContents.System(body["systemInstruction", "system_instruction"]),
            Tools = Tools(body["tools"]),
            ToolChoice = Choice(body["toolConfig", "tool_config"]["functionCallingConfig", "function_calling_config"]),
            MaxTokens = config["maxOutputTokens", "max_output_tokens"].Whole(),
            Temperature = config["temperature"].Number(),
            TopP = config["topP", "top_p"].Number(),
            Stop = Wording.Texts(config["stopSequences", "stop_sequences"]),
            Seed = config["seed"].Whole(),
            ThinkingLevel = Thinking(config["thinkingConfig", "thinking_config"]),
            ResponseSchema = schema,
            Json = json,
            Stream = streams,
        };
        return new WireCall(think, streams);
    }

    private static void RefuseOthers(Field config)
    {
        var count = config["candidateCount", "candidate_count"];
        if (count.Whole() is { } several and not 1)
        {
            throw count.Unsupported($"{several} candidates are not supported here, only 1");
        }

        Wording.OnlyZero(config["presencePenalty", "presence_penalty"]);
        Wording.OnlyZero(config["frequencyPenalty", "frequency_penalty"]);
        foreach (var modality in config["responseModalities", "response_modalities"].Items())
        {
            if (!string.Equals(modality.Text(), "TEXT", StringComparison.OrdinalIgnoreCase))
            {
                throw modality.Unsupported("only text is answered here");
            }
        }
    }

    private static (JsonElement? Schema, bool? Json) Format(Field config)
    {
        var type = config["responseMimeType", "response_mime_type"];
        var schema = config["responseSchema", "response_schema"];
        var plain = config["responseJsonSchema", "response_json_schema"] is { IsThere: true } found
            ? found
            : config["_responseJsonSchema"];
        return type.Text() switch
        {
            null or "" or "text/plain" when schema.IsThere || plain.IsThere => throw type.Unsupported(
                "with a schema it must be application/json"),
            null or "" or "text/plain" => (null, null),
            "application/json" when plain.IsThere => (plain.Json(), null),
            "application/json" when schema.IsThere => (GenerateSchema.Convert(schema), null),
            "application/json" => (null, true),
            _ => throw type.Unsupported("it must be text/plain or application/json"),
        };
    }

    private static List<ToolDefinition>? Tools(Field tools)
    {
        if (!tools.IsThere)
        {
            return null;
        }

        List<ToolDefinition> read = [];
        foreach (var tool in tools.Items())
        {
            var functions = tool["functionDeclarations", "function_declarations"];
            tool.Only(FrozenSet.Create("functionDeclarations", "function_declarations"));
            read.AddRange(functions.Items().Select(Tool));
        }

        return read.Count > 0 ? read : null;
    }

    private static ToolDefinition Tool(Field function)
    {
        var plain = function["parametersJsonSchema", "parameters_json_schema"];
        var parameters = function["parameters"];
        return new ToolDefinition(function["name"].RequiredText())
        {
            Description = function["description"].Text(),
            Parameters = plain.Json() ?? (parameters.IsThere ? GenerateSchema.Convert(parameters) : null),
        };
    }

    private static string? Choice(Field config)
    {
        var names = config["allowedFunctionNames", "allowed_function_names"];
        var allowed = Wording.Texts(names) ?? [];
        return config["mode"].Text()?.ToUpperInvariant() switch
        {
            null or "MODE_UNSPECIFIED" => null,
            "AUTO" or "VALIDATED" => "auto",
            "NONE" => "none",
            "ANY" when allowed.Count > 1 => throw names.Unsupported("one function can be required here, or any"),
            "ANY" => allowed.Count == 1 ? allowed[0] : "required",
            _ => throw config["mode"].Unsupported("it must be AUTO, ANY, NONE or VALIDATED"),
        };
    }

    private static string? Thinking(Field config)
    {
        if (config["thinkingLevel", "thinking_level"] is { IsThere: true } level)
        {
            return level.Text()!.ToLowerInvariant() is "minimal" or "low" or "medium" or "high"
                ? level.Text()!.ToLowerInvariant()
                : throw level.Unsupported("it must be MINIMAL, LOW, MEDIUM or HIGH");
        }

        return config["thinkingBudget", "thinking_budget"].Whole() switch
        {
            // Less than nothing: as the model sees fit.
            null or < 0 => null,
            0 => "none",
            <= LowBudget => "low",
            <= MediumBudget => "medium",
            _ => "high",
        };
    }
}

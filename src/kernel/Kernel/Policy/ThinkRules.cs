using System.Text.Json;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Schemas;
using static Analemma.Kernel.Policy.SyscallRules;

namespace Analemma.Kernel.Policy;

/// <summary>When a request to a model is well-formed, whatever model it goes to.</summary>
internal static class ThinkRules
{
    private const int ToolNameCharsMax = 64;

    private static readonly string[] ToolChoices = ["auto", "none", "required"];

    private static readonly string[] ThinkingLevels = ["none", "minimal", "low", "medium", "high"];

    public static IEnumerable<string> Problems(Think think) =>
    [
        .. QuestionProblems(think),
        .. MessageProblems(think.Messages ?? []),
        .. ImageRules.Problems("images", think.Images),
        .. SettingProblems(think.Model, think.Temperature, think.MaxTokens, think.ThinkingLevel, think.Tools),
        .. AnswerProblems(think),
        .. think.TopP is { } top && !(top is >= 0 and <= 1) ? new[] { $"top_p is {top}; it must be 0 to 1" } : [],
        .. ChoiceProblems(think),
        .. Models.ModelOptionRules.BudgetProblems("budget", think.Budget),
        .. Range("timeout_ms", think.TimeoutMs, 1, Limits.WaitMsMax),
    ];

    public static IEnumerable<string> SettingProblems(
        string? name, double? temperature, long? maxTokens, string? thinking, IReadOnlyList<ToolDefinition>? tools) =>
    [
        .. ToolProblems(tools ?? []),
        .. NameProblems(name),
        .. temperature is { } heat && !(heat is >= 0 and <= 2)
            ? new[] { $"temperature is {heat}; it must be 0 to 2" } : [],
        .. Range("max_tokens", maxTokens, 1, Models.TokenBucket.AmountMax),
        .. OneOf("thinking_level", thinking, ThinkingLevels),
    ];

    public static IEnumerable<string> NameProblems(string? name) =>
        name is { } model && (model.Length is 0 or > 255 || model.Any(char.IsControl))
            ? ["model: a name of 1 to 255 characters"] : [];

    private static IEnumerable<string> QuestionProblems(Think think)
    {
        var (hasPrompt, hasMessages) = (!string.IsNullOrEmpty(think.Prompt), think.Messages is { Count: > 0 });
        if (hasPrompt ? hasMessages : !hasMessages && think.Conversation is null)
        {
            yield return "give exactly one of prompt and messages";
        }

        var most = think.Conversation is null ? Limits.MessagesMax : Limits.ConversationMessagesPerCallMax;
        if (think.Messages?.Count > most)
        {
            yield return $"messages has {think.Messages.Count} items; at most {most}";
        }

        if (think.Images is { Count: > 0 } && !hasPrompt)
        {
            yield return "images belong to a prompt; with messages they are in the messages";
        }

    }

    public static IEnumerable<string> MessageProblems(IReadOnlyList<ChatMessage> messages)
    {
        for (var i = 0; i < messages.Count; i++)
        {
            if (messages[i] is not { } message)
            {
                yield return $"messages[{i}] is null";
                continue;
            }

            if (!Enum.IsDefined(message.Role))
            {
                yield return $"messages[{i}].role is none of system, user, assistant, tool";
            }

            if ((message.Role is ChatRole.Tool) != (message.ToolCallId is { Length: > 0 }))
            {
                yield return $"messages[{i}].tool_call_id goes with role tool, and only with it";
            }

            if (message.ToolCalls is { Count: > 0 } && message.Role is not ChatRole.Assistant)
            {
                yield return $"messages[{i}].tool_calls goes with role assistant";
            }

            if (message is { Content: null, ToolCalls: not { Count: > 0 }, Images: not { Count: > 0 } })
            {
                yield return $"messages[{i}] says nothing: content, images or tool_calls";
            }

            foreach (var problem in ImageRules.Problems($"messages[{i}].images", message.Images))
            {
                yield return problem;
            }

            if (message.ToolCalls?.Any(call => call is not { Id.Length: > 0, Name.Length: > 0 }) == true)
            {
                yield return $"messages[{i}].tool_calls: a call has an id and a name";
            }
        }
    }

    private static IEnumerable<string> ToolProblems(IReadOnlyList<ToolDefinition> tools)
    {
        if (tools.Count > Limits.ToolsMax)
        {
            yield return $"tools has {tools.Count} items; at most {Limits.ToolsMax}";
        }

        HashSet<string> names = new(StringComparer.Ordinal);
        for (var i = 0; i < tools.Count; i++)
        {
            if (tools[i] is not { Name: { Length: > 0 and <= ToolNameCharsMax } name }
                || !name.All(character => char.IsAsciiLetterOrDigit(character) || character is '_' or '-'))
            {
                yield return $"tools[{i}].name must be 1 to {ToolNameCharsMax} letters, digits, _ and -";
                continue;
            }

            if (!names.Add(name))
            {
                yield return $"tools[{i}].name is {Quote(name)}, which is there already";
            }

            foreach (var problem in SchemaProblems($"tools[{i}].parameters", tools[i].Parameters))
            {
                yield return problem;
            }
        }
    }

    private static IEnumerable<string> ChoiceProblems(Think think)
    {
        // The tools of a conversation are in it.
        var known = think.Conversation is null || think.Tools is not null;
        if (known && think.ToolChoice is { } choice && !ToolChoices.Contains(choice, StringComparer.Ordinal)
            && think.Tools?.Any(tool => tool?.Name == choice) != true)
        {
            yield return $"tool_choice is {Quote(choice)}; it must be auto, none, required or the name of a tool";
        }
        else if (known && think.ToolChoice is { } must && must is not ("auto" or "none")
            && think.Tools is not { Count: > 0 })
        {
            yield return $"tool_choice is {Quote(must)}, but there are no tools";
        }

        if (think is { Json: true, ResponseSchema: not null })
        {
            yield return "give one of json and response_schema";
        }

        if (think.Stop?.Count > Limits.StopsMax)
        {
            yield return $"stop has {think.Stop.Count} items; at most {Limits.StopsMax}";
        }
        else if (think.Stop?.Any(string.IsNullOrEmpty) == true)
        {
            yield return "stop has an empty item";
        }

        if (think.Seed is < int.MinValue or > int.MaxValue)
        {
            yield return $"seed is {think.Seed}; it must be a 32-bit number";
        }
    }

    private static IEnumerable<string> AnswerProblems(Think think)
    {
        if (think.ResponseSchema is { } schema && !AnswerSchema.TryCompile(schema, out _, out var problems))
        {
            foreach (var problem in problems)
            {
                yield return $"response_schema{problem.Pointer} {problem.Message}";
            }
        }

        foreach (var problem in Range("repair", think.Repair, 0, Limits.RepairsMax))
        {
            yield return problem;
        }

        if (think.Repair > 0 && think is { ResponseSchema: null, Json: not true })
        {
            yield return "repair goes with response_schema or json";
        }

        if (think.Repair > 0 && think.Stream == true)
        {
            yield return "repair and stream exclude each other: what was streamed cannot be taken back";
        }
    }

    private static IEnumerable<string> SchemaProblems(string field, JsonElement? schema)
    {
        if (schema is { ValueKind: not JsonValueKind.Object } wrong)
        {
            yield return $"{field} is {wrong.ValueKind.ToString().ToLowerInvariant()}; it must be a JSON Schema object";
        }
    }
}

using System.Text.Json;
using System.Text.RegularExpressions;
using Analemma.Models.Calls;
using Microsoft.Extensions.AI;

namespace Analemma.Models.Simulated;

/// <summary>What the simulated model answers: a text, or one call of a tool; and what goes wrong with it.</summary>
internal sealed record SimulatedReply(string Text, FunctionCallContent? Call, SimulatedFault? Fault)
{
    public string Id { get; init; } = "";
}

// The order in which a reply is found:
//   1. a fault, by a script or by a marker in the last message; the reply is then found without it;
//   2. the first script whose pattern matches the last message;
//   3. a tool that must be called, or that the last message names;
//   4. JSON, if that is asked for, by its schema if there is one;
//   5. after a tool's result, a sentence with that result; else sentences from the seed.

/// <summary>Finds replies. The same request and seed give the same reply.</summary>
internal sealed class SimulatedScript(SimulatedModelOptions options)
{
    private readonly (Regex Pattern, SimulatedAnswer Answer)[] _rules =
        [.. options.Rules.Select(rule => (rule.Compile(), rule.Answer))];

    public SimulatedReply Reply(SimulatedPrompt prompt)
    {
        var random = SimulatedRandom.For(
            options.Seed, $"{prompt.Options.ModelId}\n{prompt.Options.Seed}\n{prompt.All}");
        return Find(prompt, random) with { Id = $"sim-{random.Below(int.MaxValue):x8}" };
    }

    private SimulatedReply Find(SimulatedPrompt prompt, SimulatedRandom random)
    {
        var last = prompt.LastText;
        var rules = _rules.Select(rule => (rule.Answer, Match: rule.Pattern.Match(last)))
            .Where(each => each.Match.Success)
            .ToList();
        var fault = rules.Select(each => each.Answer).OfType<SimulatedAnswer.Fault>().FirstOrDefault()?.What
            ?? (options.HasMarkers ? SimulatedFault.Find(last) : null);
        foreach (var (answer, match) in rules)
        {
            switch (answer)
            {
                case SimulatedAnswer.Text text:
                    return new(match.Result(text.Template), null, fault);
                case SimulatedAnswer.ToolCall call:
                    var arguments = call.Arguments is { } json ? match.Result(json) : null;
                    return Call(prompt, random, call.Tool, arguments, fault);
                case SimulatedAnswer.Json:
                    return new(Json(prompt, random), null, fault);
                case SimulatedAnswer.Fault:
                    continue;
            }
        }

        return Default(prompt, random, fault);
    }

    private static SimulatedReply Default(SimulatedPrompt prompt, SimulatedRandom random, SimulatedFault? fault)
    {
        if (ToolToCall(prompt) is { } tool)
        {
            return Call(prompt, random, tool.Name, null, fault);
        }

        if (prompt.WantsJson)
        {
            return new(Json(prompt, random), null, fault);
        }

        var results = prompt.Last?.Contents.OfType<FunctionResultContent>().ToList() ?? [];
        var told = string.Join("; ", results.Select(result => ToolJson.Write(result.Result)));
        var text = results.Count > 0
            ? $"{Vocabulary.Opening} The tool answered: {told}"
            : Vocabulary.Text(random);
        return new(text, null, fault);
    }

    private static AIFunctionDeclaration? ToolToCall(SimulatedPrompt prompt) => prompt.Options.ToolMode switch
    {
        RequiredChatToolMode { RequiredFunctionName: { } name } =>
            prompt.Tools.FirstOrDefault(tool => tool.Name == name),
        RequiredChatToolMode => prompt.Tools is [var first, ..] ? first : null,
        _ when prompt.Last?.Role == ChatRole.User => prompt.Tools.FirstOrDefault(
            tool => prompt.LastText.Contains(tool.Name, StringComparison.Ordinal)),
        _ => null,
    };

    private static SimulatedReply Call(
        SimulatedPrompt prompt, SimulatedRandom random, string name, string? arguments, SimulatedFault? fault)
    {
        var schema = prompt.Tools.FirstOrDefault(tool => tool.Name == name)?.JsonSchema;
        var json = arguments
            ?? (schema is { } given ? new SimulatedJson(given, random).Make()?.ToJsonString() : null)
            ?? "{}";
        var broken = fault?.Kind == SimulatedFaultKind.Malformed ? "{\"" : json;
        return new("", ToolJson.Call($"sim-call-{random.Below(int.MaxValue):x8}", name, broken), fault);
    }

    private static string Json(SimulatedPrompt prompt, SimulatedRandom random) => prompt.Schema is { } schema
        ? new SimulatedJson(schema, random).Make()?.ToJsonString() ?? "null"
        : JsonSerializer.Serialize(
            new Dictionary<string, object?> { ["simulated"] = true, ["answer"] = random.Pick(Vocabulary.Words) },
            AIJsonUtilities.DefaultOptions.GetTypeInfo(typeof(Dictionary<string, object?>)));
}

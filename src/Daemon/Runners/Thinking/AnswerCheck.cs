using System.Text;
using System.Text.Json;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Events;
using Analemma.Kernel.Schemas;
using AnswerFlaw = Analemma.Abi.AnswerFlaw;

namespace Analemma.Daemon.Runners.Thinking;

/// <summary>Whether an answer satisfies the schema that came with the question.</summary>
internal static class AnswerCheck
{
    private const string Fence = "```";

    private static readonly JsonElement AnyObject = JsonElement.Parse("""{"type":"object"}""");

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = SchemaLimits.DepthMax };

    public static bool IsWanted(Think think) => think.ResponseSchema is not null || think.Json == true;

    /// <summary>
    /// The JSON of an answer: models without a JSON mode of their own like to put it into a block of Markdown.
    /// </summary>
    public static string Unwrap(string text)
    {
        var trimmed = text.Trim();
        var start = trimmed.IndexOf('\n', StringComparison.Ordinal);
        return trimmed.StartsWith(Fence, StringComparison.Ordinal) && trimmed.EndsWith(Fence, StringComparison.Ordinal)
            && start >= 0 && start < trimmed.Length - Fence.Length
            ? trimmed[(start + 1)..^Fence.Length].Trim()
            : text;
    }

    /// <summary>Null when it does.</summary>
    public static ModelFailure? Problem(Think think, string answer, bool isCut)
    {
        // What cannot be compiled was refused at the edge.
        if (!IsWanted(think)
            || !AnswerSchema.TryCompile(think.ResponseSchema ?? AnyObject, out var schema, out _))
        {
            return null;
        }

        var flaws = Flaws(schema, answer, isCut);
        return flaws.Count == 0 ? null : new ModelFailure(
            ModelFailureKind.Invalid,
            (think.ResponseSchema is null ? "the answer is no JSON object: "
                : "the answer does not satisfy response_schema: ")
            + string.Join("; ", flaws.Select(flaw => flaw.Pointer.Length == 0 ? flaw.Message
                : $"{flaw.Pointer} {flaw.Message}")))
        {
            Hint = isCut ? "give more max_tokens, or ask for less"
                : "have the model told and asked again with repair, or describe the wanted answer in the prompt",
            Reason = "answer_invalid",
            Flaws = flaws,
            AnswerBytes = Encoding.UTF8.GetByteCount(answer),
        };
    }

    private static IReadOnlyList<AnswerFlaw> Flaws(IAnswerSchema schema, string answer, bool isCut)
    {
        try
        {
            using var document = JsonDocument.Parse(answer, Options);
            return [.. schema.Check(document.RootElement)
                .Select(wrong => new AnswerFlaw(wrong.Pointer, wrong.Rule, wrong.Message))];
        }
        catch (JsonException wrong)
        {
            var why = isCut ? "is cut off at max_tokens, and no JSON"
                : $"is no JSON: line {wrong.LineNumber + 1}, byte {wrong.BytePositionInLine + 1}";
            return [new AnswerFlaw("", "json", why)];
        }
    }
}

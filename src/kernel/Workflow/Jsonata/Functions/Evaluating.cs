using Analemma.Workflow.Json;
using Analemma.Workflow.Jsonata.Nodes;
using Analemma.Workflow.Jsonata.Syntax;

namespace Analemma.Workflow.Jsonata.Functions;

/// <summary>$eval: an expression within the expression.</summary>
internal static class Evaluating
{
    public static JsonValue Eval(in Call call)
    {
        if (!call.Has(0))
        {
            return default;
        }

        var input = call.Context;
        if (call.Has(1))
        {
            input = call[1].TryGetArray(out var array) && (array.Marks & JsonArrayMarks.Sequence) == 0
                ? JsonValue.From(new JsonArray([call[1]], 1, JsonArrayMarks.Sequence | JsonArrayMarks.OuterWrapper))
                : call[1];
        }

        var run = call.Run;
        Node node;
        try
        {
            run.Spend(call.Text(0).Length);
            node = Compiler.CompileInner(Parser.Parse(call.Text(0), run.Limits.ExpressionMax));
        }
        catch (JsonataException wrong) when (!IsLimit(wrong))
        {
            throw new JsonataException("D3120", wrong.Message);
        }

        try
        {
            return node.Evaluate(input, call.Scope);
        }
        catch (JsonataException wrong) when (!IsLimit(wrong))
        {
            throw new JsonataException("D3121", wrong.Message);
        }
    }

    /// <summary>What ends the whole evaluation, and not only this one.</summary>
    private static bool IsLimit(JsonataException wrong) =>
        wrong.Code is "D1011" or "D1012" or "D1014" or "D1015" or "D2015";
}

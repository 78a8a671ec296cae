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

        var (node, unread) = Read(call);
        if (unread is not null)
        {
            throw unread;
        }

        var (value, failed) = Run(node!, input, call);
        return failed is null ? value : throw failed;
    }

    // What is thrown in a catch block stands on all that was thrown before: where one $eval calls the next, each would
    // add to a stack that may be nearly full. So failures are handed back, and thrown outside.
    private static (Node? Node, JsonataException? Failure) Read(in Call call)
    {
        var run = call.Run;
        try
        {
            run.Spend(call.Text(0).Length);
            return (Compiler.CompileInner(Parser.Parse(call.Text(0), run.Limits.ExpressionMax)), null);
        }
        catch (JsonataException wrong) when (wrong.IsStackFull)
        {
            return (null, new JsonataException("D1011", run.Limits.DepthMax));
        }
        catch (JsonataException wrong) when (!IsLimit(wrong))
        {
            return (null, new JsonataException("D3120", wrong.Message));
        }
    }

    private static (JsonValue Value, JsonataException? Failure) Run(Node node, JsonValue input, in Call call)
    {
        try
        {
            return (node.Evaluate(input, call.Scope), null);
        }
        catch (JsonataException wrong) when (!IsLimit(wrong))
        {
            // The innermost tells what was wrong; a quotation of a quotation would grow with every level.
            return (default, wrong.Code is "D3120" or "D3121" ? wrong : new JsonataException("D3121", wrong.Message));
        }
    }

    /// <summary>What ends the whole evaluation, and not only this one.</summary>
    private static bool IsLimit(JsonataException wrong) =>
        wrong.Code is "D1011" or "D1012" or "D1014" or "D1015" or "D2015";
}

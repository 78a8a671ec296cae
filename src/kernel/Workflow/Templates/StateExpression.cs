using Analemma.Workflow.Intrinsics;
using Analemma.Workflow.Json;
using Analemma.Workflow.Jsonata;
using Analemma.Workflow.Jsonata.Functions;

namespace Analemma.Workflow.Templates;

/// <summary>An expression of JSONata as states have it: without an input, with $states and the variables.</summary>
internal sealed class StateExpression
{
    private const string States = "states";

    // Of sequences and texts, as the service was seen to allow: 873,782 numbers at eight bytes each.
    private static readonly JsonataLimits Limits = new() { SequenceMax = 873_782, StringMax = 8 * 873_782 };

    private readonly JsonataExpression _expression;

    private StateExpression(JsonataExpression expression)
    {
        _expression = expression;
        FreeVariables =
        [
            .. expression.FreeNames
                .Where(name => name.Length > 0 && name != States && !IsFunction(name))
                .Order(StringComparer.Ordinal),
        ];
    }

    public string Text => _expression.Text;

    /// <summary>Variables that it reads and does not bind itself, without $states.</summary>
    public IReadOnlyList<string> FreeVariables { get; }

    /// <summary>Names that it would look up in an input, which expressions of states do not have.</summary>
    public IReadOnlyList<string> TopReferences => _expression.TopReferences;

    /// <summary>Members of $states that it names: input, context, result, errorOutput.</summary>
    public IReadOnlySet<string> StatesMembers => _expression.StatesMembers;

    /// <summary>Null, and what is wrong, when the text is no expression.</summary>
    public static StateExpression? TryCompile(string text, out string problem)
    {
        try
        {
            problem = "";
            return new StateExpression(JsonataExpression.Compile(text, JsonataProfile.StepFunctions, Limits));
        }
        catch (JsonataException wrong)
        {
            problem = wrong.Message;
            return null;
        }
    }

    /// <summary>Undefined when it gives nothing.</summary>
    /// <exception cref="StateErrorException">It ended in an error.</exception>
    public JsonValue Evaluate(EvaluationScope scope, string location)
    {
        try
        {
            return _expression.Evaluate(default, new Host(scope), VariablesOf(scope));
        }
        catch (JsonataException failed)
        {
            throw StateErrorException.Query(
                $"The JSONata expression '{Text}' specified for the field '{location}' threw an error during "
                + $"evaluation{Ending(failed)}",
                location);
        }
    }

    // A limit is told without a code, as the service does.
    private static string Ending(JsonataException failed) => failed.Code switch
    {
        "D1011" => ": Stack overflow error: Check for non-terminating recursive function. "
            + "Consider rewriting as tail-recursive.",
        "D1012" or "D1016" => ": Expression evaluation timeout: Check for infinite loop",
        "D1014" or "D1015" or "D1017" or "D2014" or "D2015" =>
            ": Expression evaluation memory limit exceeded: Check for excessive memory usage",
        _ => $". {failed.Code}: {failed.Message}",
    };

    // Only those that it asks for: the context is made when somebody looks at it.
    private Dictionary<string, JsonValue> VariablesOf(EvaluationScope scope)
    {
        Dictionary<string, JsonValue> variables = new(_expression.FreeNames.Count, StringComparer.Ordinal);
        foreach (var name in _expression.FreeNames)
        {
            var value = name == States ? scope.States() : scope.Variable(name);
            if (value.IsDefined)
            {
                variables.Add(name, value);
            }
        }

        return variables;
    }

    private static bool IsFunction(string name) => Library.Find(name, JsonataProfile.StepFunctions).IsDefined;

    private sealed class Host(EvaluationScope scope) : IJsonataHost
    {
        public long NowMillis => scope.At.ToUnixTimeMilliseconds();

        // 53 bits, as many as a double holds.
        public double NextRandom() => (double)(ulong)(scope.Chance.Next() >> 75) / (1UL << 53);

        public string NextUuid() => IntrinsicFunctions.Uuid(scope.Chance.Next());
    }
}

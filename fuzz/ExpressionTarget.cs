using System.Text;
using Analemma.Workflow.Json;
using Analemma.Workflow.Jsonata;

namespace Analemma.Fuzz;

/// <summary>
/// JSONata in this process: an expression gives a value or an error of its own, the same every time and in both of its
/// profiles without a crash; what it gives can be written and read again.
/// </summary>
internal static class ExpressionTarget
{
    private static readonly JsonataLimits Limits = new() { StepsMax = 200_000, StringMax = 1_000_000 };

    public static int Run(byte[] made)
    {
        var end = Array.IndexOf(made, (byte)0);
        var text = Encoding.UTF8.GetString(made, 0, end);
        if (!JsonValue.TryParse(made.AsSpan(end + 1), JsonLimits.Default, out var input, out _))
        {
            // A zero within the text: then the text goes on there, and there is no input.
            input = default;
        }

        var (first, again) = (Outcome(text, input), Outcome(text, input));
        Demands.Hold(first == again, $"two outcomes of {text}: {first} and {again}");
        Outcome(text, input, JsonataProfile.StepFunctions);
        return 1;
    }

    /// <summary>The value as JSON, nothing, or the error's code.</summary>
    public static string Outcome(
        string text, JsonValue input, JsonataProfile profile = JsonataProfile.Jsonata)
    {
        JsonValue value;
        try
        {
            value = JsonataExpression.Compile(text, profile, Limits).Evaluate(input, new StillHost());
        }
        catch (JsonataException wrong)
        {
            Demands.Hold(wrong.Message.Length > 0, "an error without words");
            return wrong.Code;
        }

        if (value.IsUndefined)
        {
            return "nothing";
        }

        try
        {
            var utf8 = value.ToUtf8(new JsonWriteOptions { BytesMax = 10_000_000 });
            Demands.Json(utf8);
            Demands.Hold(
                JsonValue.TryParse(utf8, JsonLimits.Widest, out var back, out _)
                    && back.ToString() == Encoding.UTF8.GetString(utf8),
                "a value that is not read as it was written");
            return Encoding.UTF8.GetString(utf8);
        }
        catch (Exception tooMuch) when (tooMuch is JsonDepthException or JsonSizeException)
        {
            return tooMuch.GetType().Name;
        }
    }

    private sealed class StillHost : IJsonataHost
    {
        public long NowMillis => 1_500_000_000_000;

        public double NextRandom() => 0.5;

        public string NextUuid() => "00000000-0000-4000-8000-000000000000";
    }
}

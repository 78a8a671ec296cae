using System.Diagnostics;
using System.Text;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Intrinsics;
using Analemma.Workflow.Json;
using Analemma.Workflow.Jsonata;
using Analemma.Workflow.Paths;

namespace Analemma.Fuzz;

/// <summary>
/// Texts that are made to break parsers: nested 100,000 deep, numbers of a million digits, bytes that are no UTF-8,
/// expressions that loop for ever or grow without end. Each must be refused, by name and in time, by every parser that
/// it could come to.
/// </summary>
internal static class HostileTarget
{
    private const int Deep = 100_000;
    private const int Long = 1_000_000;
    private const long StackBytes = 1024 * 1024;

    /// <summary>Far more than any of them takes, on a busy host too.</summary>
    private static readonly TimeSpan TimeMax = TimeSpan.FromSeconds(60);

    /// <summary>By name: what is wrong in bytes.</summary>
    public static IReadOnlyDictionary<string, byte[]> Texts { get; } = new Dictionary<string, byte[]>
    {
        ["arrays, deep"] = Utf8(Times("[", Deep) + Times("]", Deep)),
        ["arrays, deep and open"] = Utf8(Times("[", Deep)),
        ["objects, deep"] = Utf8(Times("{\"a\":", Deep) + "1" + Times("}", Deep)),
        ["a number, long"] = Utf8(Times("9", Long)),
        ["a fraction, long"] = Utf8("0." + Times("9", Long)),
        ["an exponent, large"] = Utf8("1e" + Times("9", 1000)),
        ["no UTF-8"] = [(byte)'"', 0xC3, 0x28, 0xED, 0xA0, 0x80, 0xF4, 0x90, 0x80, 0x80, (byte)'"'],
        ["a string without end"] = Utf8("\"" + Times("a", Long)),
        ["escapes without end"] = Utf8("\"" + Times("\\", Long)),
    };

    /// <summary>Expressions in JSONata, all of which must fail.</summary>
    public static IReadOnlyList<string> Expressions { get; } =
    [
        "($f := function($x) { $f($x + 1) }; $f(0))",
        "($f := function($x) { 1 + $f($x) }; $f(0))",
        "($f := function($s) { $f($s & $s) }; $f('aaaaaaaaaaaaaaaa'))",
        "($f := function($a) { $f($append($a, $a)) }; $f([1..1000]))",
        "[1..10000000].([1..10000000])",
        "$sum([1..9999999].($sum([1..9999999])))",
        "$map([1..1000000], function($a) { $map([1..1000000], function($b) { $a * $b }) })",
        "$pad('a', 2000000000)",
        "$join([1..9999999].('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'))",
        "$replace($pad('', 1000000, 'a'), /a/, $pad('', 10000, 'b'))",
        "$reduce([1..9999999], function($a, $b) { $append($a, $b) }, [])",
        "$power(10, 400)",
        Times("(", Deep) + "1" + Times(")", Deep),
        Times("[", Deep) + Times("]", Deep),
        Times("-", Deep) + "1",
        Times("$f(", Deep) + Times(")", Deep),
        Times("a.", Deep) + "a" + Times("[0", Deep),
        Times("1+", Deep),
        Times("function($x){", Deep),
        Times("true ? ", Deep) + "1",
        Times("a[", Deep) + "0" + Times("]", Deep),
        "\"" + Times("\\u00", Deep),
        "/" + Times("(", Deep) + "/",
        Times("9", Long) + "e",
    ];

    /// <summary>Paths and calls that no state may have.</summary>
    public static IReadOnlyList<string> Paths { get; } =
    [
        "$" + Times("[?(@.a", Deep),
        "$[?(" + Times("(", Deep) + "@.a" + Times(")", Deep) + ")]",
        "$[?(" + Times("!", Deep) + "@.a)]",
        "$[" + Times("9", Long) + "]",
        "$['" + Times("a", Long),
        Times("States.Array(", Deep) + Times(")", Deep),
        "States.Format('" + Times("{}", Deep) + "')",
        "States.MathAdd(" + Times("9", Long) + ", 1)",
        "$[?(@.a =~ /" + Times("(", Deep) + "/)]",
    ];

    /// <summary>Runs all of them; null, or the first that is not refused as it must be.</summary>
    public static string? Run()
    {
        var started = Stopwatch.GetTimestamp();
        string? broken = null;
        // As little stack as a thread of this kernel may have.
        Thread thread = new(() => broken = RunAll(), (int)StackBytes);
        thread.Start();
        thread.Join();
        if (broken is null)
        {
            var count = Texts.Count + Expressions.Count + Paths.Count;
            var took = Stopwatch.GetElapsedTime(started).TotalSeconds;
            Console.WriteLine($"hostile: {count} texts refused, {took:F1} s");
        }

        return broken;
    }

    private static string? RunAll()
    {
        foreach (var (name, bytes) in Texts)
        {
            if (Try(name, () => Parse(bytes)) is { } wrong)
            {
                return wrong;
            }
        }

        foreach (var text in Expressions)
        {
            if (Try(Short(text), () => Evaluate(text)) is { } wrong)
            {
                return wrong;
            }
        }

        return Paths.Select(text => Try(Short(text), () => ReadPath(text))).FirstOrDefault(wrong => wrong is not null);
    }

    private static string? Try(string name, Func<string?> run)
    {
        var started = Stopwatch.GetTimestamp();
        string? wrong;
        try
        {
            wrong = run();
        }
        catch (Exception fault)
        {
            wrong = fault.ToString();
        }

        var took = Stopwatch.GetElapsedTime(started);
        return wrong is not null ? $"hostile: {name}: {wrong}"
            : took > TimeMax ? $"hostile: {name}: refused after {took.TotalSeconds:F0} s" : null;
    }

    private static string? Parse(byte[] bytes)
    {
        if (JsonValue.TryParse(bytes, JsonLimits.Payload, out _, out var error))
        {
            return "taken as JSON";
        }

        var text = Encoding.UTF8.GetString(bytes);
        return error.Message.Length == 0 ? "refused without words"
            : !Encoding.UTF8.GetBytes(text).AsSpan().SequenceEqual(bytes) ? null
            : ExecutionInput.TryParse(text, ExecutionLimits.PayloadBytesCeiling, out _, out _) ? "taken as an input"
            : DefinitionReader.Read(text, isExpress: false).Machine is not null ? "taken as a definition"
            : null;
    }

    private static string? Evaluate(string text)
    {
        foreach (var profile in Enum.GetValues<JsonataProfile>())
        {
            try
            {
                var value = JsonataExpression.Compile(text, profile, JsonataLimits.Default)
                    .Evaluate(JsonValue.Null, new StillHost());
                return $"gives {Short(value.ToString())}";
            }
            catch (JsonataException)
            {
                // As it must.
            }
        }

        return null;
    }

    private static string? ReadPath(string text)
    {
        if (JsonPath.TryParse(text) is { } path)
        {
            path.Find(JsonValue.Null, out var missing);
            return missing is null ? "finds something" : null;
        }

        _ = IntrinsicCall.TryParse(text);
        JsonValue definition = JsonObject.Of(("StartAt", "A"), ("States", JsonObject.Of(("A", JsonObject.Of(
            ("Type", "Pass"), ("Parameters", JsonObject.Of(("x.$", text))), ("End", true))))));
        var reading = DefinitionReader.Read(definition.ToString(), isExpress: false);
        if (reading.Machine is not { } machine)
        {
            return reading.Diagnostics.Count > 0 ? null : "refused without words";
        }

        ExecutionState state = new();
        ExecutionMachine.Step(
            machine, StatesTarget.Identity, state, new ExecutionEvent.Started(default, JsonValue.Null));
        return state.Status is ExecutionStatus.Failed ? null : $"ends as {state.Status}";
    }

    private static string Times(string text, int times) => string.Concat(Enumerable.Repeat(text, times));

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static string Short(string text) => text.Length > 60 ? $"{text[..60]}… ({text.Length} characters)" : text;

    private sealed class StillHost : IJsonataHost
    {
        public long NowMillis => 1_500_000_000_000;

        public double NextRandom() => 0.5;

        public string NextUuid() => "00000000-0000-4000-8000-000000000000";
    }
}

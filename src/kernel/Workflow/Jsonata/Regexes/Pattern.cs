using System.Text.RegularExpressions;
using Analemma.Workflow.Json;
using Analemma.Workflow.Jsonata.Runtime;

namespace Analemma.Workflow.Jsonata.Regexes;

/// <summary>A regular expression, ready to be used.</summary>
internal sealed class Pattern
{
    /// <summary>For expressions that may go back, and could take for ever.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>On a text so short, a simple expression cannot take long: at most this many steps, squared.</summary>
    private const int ShortMax = 1024;

    private readonly Regex _regex;

    /// <summary>For short texts; null when the expression is not simple enough.</summary>
    private readonly Regex? _quick;

    private Pattern(Regex regex, Regex? quick, string source)
    {
        _regex = regex;
        _quick = quick;
        Source = source;
    }

    public string Source { get; }

    /// <exception cref="JsonataException">S0303: it is none.</exception>
    public static Pattern Compile(string source, string flags, int position)
    {
        try
        {
            var translated = Translator.Translate(source, flags.Contains('m'));
            var options = RegexOptions.CultureInvariant
                | (flags.Contains('i') ? RegexOptions.IgnoreCase : RegexOptions.None);
            var regex = Made(translated.Pattern, options, translated.NeedsBacktracking);
            var isSimple = translated.Choices <= 1 && !translated.NeedsBacktracking;
            var quick = isSimple ? new Regex(translated.Pattern, options, Patience) : null;
            return new Pattern(regex, quick, source);
        }
        catch (Exception wrong) when (wrong is FormatException or ArgumentException)
        {
            throw new JsonataException("S0303", source) { Text = wrong.Message }.At(position, source);
        }
    }

    public Match? Find(string text, int from, Evaluation run)
    {
        run.Spend(1 + (text.Length >> 4));
        if (from > text.Length)
        {
            return null;
        }

        try
        {
            var match = (text.Length <= ShortMax ? _quick ?? _regex : _regex).Match(text, from);
            return match.Success ? match : null;
        }
        catch (RegexMatchTimeoutException)
        {
            throw new JsonataException("D1016", Source);
        }
    }

    private static Regex Made(string pattern, RegexOptions options, bool needsBacktracking)
    {
        if (!needsBacktracking)
        {
            try
            {
                return new Regex(pattern, options | RegexOptions.NonBacktracking, Patience);
            }
            catch (NotSupportedException)
            {
                // Too large for that engine.
            }
        }

        return new Regex(pattern, options, Patience);
    }
}

/// <summary>A regular expression as a value: a function from a text to its first match.</summary>
internal sealed class RegexFunction(Pattern pattern, int position) : Functions.FunctionValue
{
    public override int Arity => 2;

    public Pattern Pattern => pattern;

    public int Position => position;

    public override JsonValue Call(ReadOnlySpan<JsonValue> arguments, JsonValue context, Scope scope)
    {
        if (arguments.IsEmpty || !arguments[0].TryGetString(out var text))
        {
            return default;
        }

        var from = arguments.Length > 1 && arguments[1].TryGetInt32(out var index) ? Math.Max(0, index) : 0;
        return Shown(pattern.Find(text, from, scope.Run), text);
    }

    /// <summary>The next match after one; one that is empty would come for ever, and is an error.</summary>
    public Match? Next(Match previous, string text, Evaluation run)
    {
        var from = previous.Index + previous.Length;
        if (from >= text.Length)
        {
            return null;
        }

        var next = pattern.Find(text, from, run);
        return next is { Length: 0 } ? throw new JsonataException("D1004", pattern.Source).At(position) : next;
    }

    /// <summary>A match as expressions see it.</summary>
    public JsonValue Shown(Match? match, string text) => match is null
        ? default(JsonValue)
        : JsonObject.Of(
            ("match", match.Value),
            ("start", match.Index),
            ("end", match.Index + match.Length),
            ("groups", JsonValue.From(Groups(match))),
            ("next", JsonValue.From(new NextMatch(this, match, text))));

    public static JsonArray Groups(Match match)
    {
        JsonArrayBuilder groups = new(match.Groups.Count);
        for (var i = 1; i < match.Groups.Count; i++)
        {
            groups.Add(match.Groups[i].Success ? match.Groups[i].Value : JsonValue.Null);
        }

        return groups.Build();
    }

    private sealed class NextMatch(RegexFunction function, Match match, string text) : Functions.FunctionValue
    {
        public override int Arity => 0;

        public override JsonValue Call(ReadOnlySpan<JsonValue> arguments, JsonValue context, Scope scope) =>
            function.Shown(function.Next(match, text, scope.Run), text);
    }
}

using System.Text;
using Analemma.Workflow.Json;
using Analemma.Workflow.Jsonata.Regexes;
using Analemma.Workflow.Jsonata.Runtime;

namespace Analemma.Workflow.Jsonata.Functions;

/// <summary>
/// What a matcher found: a regular expression's match, or what a function of the expression gave. The object is it as
/// expressions see it, made when it is asked for.
/// </summary>
internal sealed record Found(
    string Text, int Start, int End, JsonArray Groups, Func<JsonValue> Object, Func<Found?> Next);

/// <summary>Functions that search in a string, for a text, a regular expression, or what a function finds.</summary>
internal static class Matching
{
    public static JsonValue Contains(in Call call)
    {
        if (!call.Has(0) || !call.Has(1))
        {
            return default;
        }

        return call[1].TryGetString(out var text)
            ? call.Text(0).Contains(text, StringComparison.Ordinal)
            : First(call.Function(1), call.Text(0), call.Scope) is not null;
    }

    public static JsonValue Match(in Call call)
    {
        if (!call.Has(0))
        {
            return default;
        }

        var limit = Limit(call, 2, "D3040");
        SequenceBuilder matches = new(call.Run);
        if (limit > 0)
        {
            var found = First(call.Function(1), call.Text(0), call.Scope);
            for (; found is not null && matches.Count < limit; found = found.Next())
            {
                matches.Add(JsonObject.Of(
                    ("match", found.Text), ("index", found.Start), ("groups", JsonValue.From(found.Groups))));
            }
        }

        return JsonValue.From(matches.Build());
    }

    public static JsonValue Replace(in Call call)
    {
        if (!call.Has(0))
        {
            return default;
        }

        var text = call.Text(0);
        if (call[1].TryGetString(out var pattern) && pattern.Length == 0)
        {
            throw new JsonataException("D3010", call[1]) { Index = 2 };
        }

        var limit = Limit(call, 3, "D3011");
        if (!(limit > 0))
        {
            return text;
        }

        return pattern is null ? ReplaceFound(call, text, limit) : ReplaceText(call, text, pattern, limit);
    }

    public static JsonValue Split(in Call call)
    {
        if (!call.Has(0))
        {
            return default;
        }

        var text = call.Text(0);
        var limit = Limit(call, 2, "D3020");
        SequenceBuilder parts = new(call.Run);
        if (limit > 0)
        {
            if (!call.Has(1))
            {
                parts.Add(text);
            }
            else if (call[1].TryGetString(out var separator))
            {
                SplitByText(text, separator, limit, ref parts);
            }
            else
            {
                SplitByMatches(call, text, limit, ref parts);
            }
        }

        return JsonValue.From(parts.Build(JsonArrayMarks.None));
    }

    private static double Limit(in Call call, int index, string code)
    {
        if (!call.Has(index))
        {
            return double.PositiveInfinity;
        }

        var limit = call.Number(index);
        return limit < 0 ? throw new JsonataException(code, call[index]) { Index = index + 1 } : limit;
    }

    private static Found? First(FunctionValue matcher, string text, Scope scope)
    {
        if (matcher is not RegexFunction regex)
        {
            var given = FunctionValue.CallBack(JsonValue.From(matcher), [text], scope);
            return OfFunction(Values.Unwrapped(given), scope);
        }

        return OfRegex(regex, regex.Pattern.Find(text, 0, scope.Run), text, scope.Run);
    }

    private static Found? OfRegex(
        RegexFunction regex, System.Text.RegularExpressions.Match? match, string text, Evaluation run) => match is null
        ? null
        : new Found(
            match.Value,
            match.Index,
            match.Index + match.Length,
            RegexFunction.Groups(match),
            () => regex.Shown(match, text),
            () => OfRegex(regex, regex.Next(match, text, run), text, run));

    private static Found? OfFunction(JsonValue given, Scope scope)
    {
        if (!Values.IsTrue(given, scope.Run))
        {
            return null;
        }

        var next = given["next"];
        if (!given["start"].IsNumber && !given["end"].IsNumber && !given["groups"].IsArray && !Values.IsFunction(next))
        {
            throw new JsonataException("T1010", given);
        }

        return new Found(
            Texts.Of(given["match"], scope.Run),
            given["start"].TryGetInt32(out var start) ? start : 0,
            given["end"].TryGetInt32(out var end) ? end : 0,
            given["groups"].TryGetArray(out var groups) ? groups : JsonArray.Empty,
            () => given,
            () => Values.IsFunction(next)
                ? OfFunction(Values.Unwrapped(FunctionValue.CallBack(next, [], scope)), scope)
                : null);
    }

    private static JsonValue ReplaceText(in Call call, string text, string pattern, double limit)
    {
        var replacement = Texts.Of(call[2], call.Run);
        StringBuilder result = new();
        var position = 0;
        for (var count = 0; count < limit; count++)
        {
            var index = text.IndexOf(pattern, position, StringComparison.Ordinal);
            if (index < 0)
            {
                break;
            }

            result.Append(text, position, index - position).Append(replacement);
            call.Run.Spend(1);
            call.Run.SpendText(result.Length >> 8);
            CheckLength(result, call.Run);
            position = index + pattern.Length;
        }

        return result.Append(text, position, text.Length - position).ToString();
    }

    private static JsonValue ReplaceFound(in Call call, string text, double limit)
    {
        var replacement = call[2];
        StringBuilder result = new();
        var position = 0;
        var count = 0;
        var found = First(call.Function(1), text, call.Scope);
        for (; found is not null && count < limit; count++, found = found.Next())
        {
            var start = Math.Clamp(found.Start, position, text.Length);
            result.Append(text, position, start - position);
            result.Append(replacement.TryGetString(out var template)
                ? Substituted(template, found)
                : Given(call, found));
            call.Run.Spend(1);
            CheckLength(result, call.Run);
            position = Math.Min(start + found.Text.Length, text.Length);
        }

        return count == 0 ? text : result.Append(text, position, text.Length - position).ToString();
    }

    private static void CheckLength(StringBuilder text, Evaluation run)
    {
        if (text.Length > run.Limits.StringMax)
        {
            throw new JsonataException("D1014", run.Limits.StringMax);
        }
    }

    private static string Given(in Call call, Found found)
    {
        var given = FunctionValue.CallBack(JsonValue.From(call.Function(2)), [found.Object()], call.Scope);
        return given.TryGetString(out var text) ? text : throw new JsonataException("D3012", given);
    }

    /// <summary>$0 is the match, $1 a group, $$ a dollar; of digits, as many as there may be groups.</summary>
    private static string Substituted(string template, Found found)
    {
        StringBuilder result = new();
        var groups = found.Groups;
        var digitsMax = groups.Count.ToString(System.Globalization.CultureInfo.InvariantCulture).Length;
        for (var i = 0; i < template.Length; i++)
        {
            if (template[i] != '$')
            {
                result.Append(template[i]);
                continue;
            }

            var next = i + 1 < template.Length ? template[i + 1] : '\0';
            if (next == '$')
            {
                result.Append('$');
                i++;
            }
            else if (next == '0')
            {
                result.Append(found.Text);
                i++;
            }
            else
            {
                var (number, length) = Number(template.AsSpan(i + 1), digitsMax, groups.Count);
                result.Append(length == 0 ? "$" : number >= 1 && number <= groups.Count ? Group(groups, number) : "");
                i += length;
            }
        }

        return result.ToString();
    }

    private static string Group(JsonArray groups, int number) =>
        groups[number - 1].TryGetString(out var text) ? text : "";

    private static (int Number, int Length) Number(ReadOnlySpan<char> text, int digitsMax, int count)
    {
        var (number, length) = (0, 0);
        while (length < digitsMax && length < text.Length && char.IsAsciiDigit(text[length]))
        {
            number = (number * 10) + text[length++] - '0';
        }

        return length > 1 && number > count ? (number / 10, length - 1) : (number, length);
    }

    private static void SplitByText(string text, string separator, double limit, ref SequenceBuilder parts)
    {
        if (separator.Length == 0)
        {
            for (var i = 0; i < text.Length && parts.Count < limit; i++)
            {
                parts.Add(text[i].ToString());
            }

            return;
        }

        var position = 0;
        limit = Math.Truncate(limit);
        while (parts.Count < limit)
        {
            var index = text.IndexOf(separator, position, StringComparison.Ordinal);
            parts.Add(index < 0 ? text[position..] : text[position..index]);
            if (index < 0)
            {
                break;
            }

            position = index + separator.Length;
        }
    }

    private static void SplitByMatches(in Call call, string text, double limit, ref SequenceBuilder parts)
    {
        var position = 0;
        var found = First(call.Function(1), text, call.Scope);
        for (; found is not null && parts.Count < limit; found = found.Next())
        {
            var start = Math.Clamp(found.Start, position, text.Length);
            parts.Add(text[position..start]);
            position = Math.Clamp(found.End, start, text.Length);
        }

        if (parts.Count < limit)
        {
            parts.Add(text[position..]);
        }
    }
}

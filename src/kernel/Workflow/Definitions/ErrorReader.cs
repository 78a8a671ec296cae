using System.Globalization;
using Analemma.Workflow.Json;

namespace Analemma.Workflow.Definitions;

/// <summary>Reads Retry and Catch.</summary>
internal static class ErrorReader
{
    private const long AttemptsMax = 99_999_999;
    private const long DelaySecondsMax = 31_622_400;

    private static readonly HashSet<string> RetryFields = new(StringComparer.Ordinal)
    {
        "Comment", "ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds", "JitterStrategy",
    };

    private static readonly HashSet<string> CatchFields = new(StringComparer.Ordinal)
    {
        "Comment", "ErrorEquals", "Next", "ResultPath", "Assign", "Output",
    };

    public static IReadOnlyList<Retrier> ReadRetry(FieldReader reader) => ReadAll(reader, "Retry", ReadRetrier);

    public static IReadOnlyList<Catcher> ReadCatch(FieldReader reader) => ReadAll(reader, "Catch", ReadCatcher);

    private static List<T> ReadAll<T>(FieldReader reader, string name, Func<FieldReader, bool, T?> read)
        where T : class
    {
        List<T> all = [];
        var items = reader.Array(name) ?? JsonArray.Empty;
        for (var i = 0; i < items.Count; i++)
        {
            var at = string.Create(CultureInfo.InvariantCulture, $"{name}[{i}]");
            if (!items[i].TryGetObject(out var fields))
            {
                reader.Wrong("Expected value of type Object", at);
            }
            else if (read(reader.Part(fields, at), i == items.Count - 1) is { } one)
            {
                all.Add(one);
            }
        }

        return all;
    }

    private static Retrier? ReadRetrier(FieldReader reader, bool isLast)
    {
        reader.AllowOnly(RetryFields);
        if (ReadErrors(reader, isLast) is not { } errors)
        {
            return null;
        }

        var rate = reader["BackoffRate"];
        if (rate.IsDefined && Bounds.Number(rate, 1) is { } wrong)
        {
            reader.Wrong(wrong, "BackoffRate");
        }

        Retrier made = new(errors)
        {
            IntervalSeconds = reader.Whole("IntervalSeconds", 0, AttemptsMax) ?? 1,
            MaxAttempts = reader.Whole("MaxAttempts", 0, AttemptsMax) ?? 3,
            BackoffRate = rate.IsNumber ? rate.AsDouble() : 2.0,
            MaxDelaySeconds = reader.Whole("MaxDelaySeconds", 1, DelaySecondsMax),
            HasFullJitter = reader.OneOf("JitterStrategy", "NONE", "FULL") is "FULL",
        };
        if (made.MaxDelaySeconds <= made.IntervalSeconds)
        {
            reader.Wrong("MaxDelaySeconds must be greater than IntervalSeconds", "MaxDelaySeconds");
        }

        return made;
    }

    private static Catcher? ReadCatcher(FieldReader reader, bool isLast)
    {
        reader.AllowOnly(CatchFields);
        if (!reader.Require("ErrorEquals", "Next") || ReadErrors(reader, isLast) is not { } errors
            || reader.Text("Next") is not { } next)
        {
            return null;
        }

        return new Catcher(errors, next)
        {
            ResultPath = reader.IsJsonata ? PathField.Whole : reader.ReferencePath("ResultPath"),
            Output = reader.IsJsonata ? reader.Template("Output") : null,
            Assign = reader.Assignments(),
        };
    }

    private static List<string>? ReadErrors(FieldReader reader, bool isLast)
    {
        if (!reader.Require("ErrorEquals") || reader.Filled("ErrorEquals") is not { } items)
        {
            return null;
        }

        List<string> errors = new(items.Count);
        foreach (var item in items)
        {
            if (item.TryGetString(out var error))
            {
                errors.Add(error);
            }
            else
            {
                reader.Wrong("Expected value of type String", "ErrorEquals");
            }
        }

        if (errors.Contains(Templates.ErrorNames.All) && (errors.Count > 1 || !isLast))
        {
            var at = errors.IndexOf(Templates.ErrorNames.All);
            reader.Wrong(
                "States.ALL must appear alone and at end of list",
                string.Create(CultureInfo.InvariantCulture, $"ErrorEquals[{at}]"));
        }

        return errors;
    }
}

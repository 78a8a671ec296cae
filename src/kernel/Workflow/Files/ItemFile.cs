using System.Diagnostics.CodeAnalysis;
using System.Text;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Json;

namespace Analemma.Workflow.Files;

// FILES THAT A DISTRIBUTED MAP READS (Step Functions Developer Guide, ItemReader)
//
//   JSON      an array; with ItemsPointer, the array that a JSON Pointer (RFC 6901) leads to
//   JSONL     one value a line; empty lines are passed over
//   CSV       rows as objects, by the names of the first row or of CSVHeaders; all values are text
/// <summary>Reads the items of a distributed Map from the bytes of a file.</summary>
public static class ItemFile
{
    private const string NotIterable = "Attempting to map over non-iterable node.";

    private static readonly JsonLimits Limits = JsonLimits.Widest;

    /// <summary>Reads items, at most so many.</summary>
    /// <param name="reader">What the file is.</param>
    /// <param name="utf8">The file.</param>
    /// <param name="itemsMax">Null for all.</param>
    /// <param name="items">What is in it.</param>
    /// <param name="cause">Of States.ItemReaderFailed, when it cannot be read.</param>
    public static bool TryRead(
        ItemReaderDefinition reader,
        ReadOnlySpan<byte> utf8,
        long? itemsMax,
        out JsonArray items,
        [NotNullWhen(false)] out string? cause)
    {
        var max = itemsMax ?? long.MaxValue;
        // Spreadsheets put a mark before what they write in UTF-8: it is no part of the first name.
        utf8 = utf8.StartsWith(Encoding.UTF8.Preamble) ? utf8[Encoding.UTF8.Preamble.Length..] : utf8;
        return reader.InputType switch
        {
            "CSV" => TryReadCsv(reader, Encoding.UTF8.GetString(utf8), max, out items, out cause),
            "JSONL" => TryReadLines(Encoding.UTF8.GetString(utf8), max, out items, out cause),
            "PARQUET" => Refuse("Files of type PARQUET cannot be read here", out items, out cause),
            _ => TryReadJson(reader, utf8, max, out items, out cause),
        };
    }

    private static bool TryReadJson(
        ItemReaderDefinition reader,
        ReadOnlySpan<byte> utf8,
        long max,
        out JsonArray items,
        [NotNullWhen(false)] out string? cause)
    {
        if (!JsonValue.TryParse(utf8, Limits, out var value, out var error))
        {
            return Refuse($"The file is no JSON: {error}", out items, out cause);
        }

        if (reader.ItemsPointer is { } pointer)
        {
            value = Follow(value, pointer);
        }

        if (!value.TryGetArray(out var found))
        {
            return Refuse(NotIterable, out items, out cause);
        }

        items = found.Count <= max ? found : JsonArray.Of(found.Items[..(int)max]);
        cause = null;
        return true;
    }

    private static JsonValue Follow(JsonValue value, string pointer)
    {
        foreach (var token in pointer.Split('/').Skip(1))
        {
            var name = token.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            value = value.IsArray && int.TryParse(name, out var index) ? value[index] : value[name];
        }

        return value;
    }

    private static bool TryReadLines(
        string text, long max, out JsonArray items, [NotNullWhen(false)] out string? cause)
    {
        JsonArrayBuilder read = new();
        var number = 0;
        foreach (var line in text.Split('\n'))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line) || read.Count >= max)
            {
                continue;
            }

            if (!JsonValue.TryParse(Encoding.UTF8.GetBytes(line), Limits, out var value, out var error))
            {
                return Refuse(
                    FormattableString.Invariant($"Line {number} is no JSON: {error.Message}"), out items, out cause);
            }

            read.Add(value);
        }

        items = read.Build();
        cause = null;
        return true;
    }

    private static bool TryReadCsv(
        ItemReaderDefinition reader, string text, long max, out JsonArray items, out string? cause)
    {
        var names = reader.CsvHeaderLocation == "GIVEN" ? reader.CsvHeaders : null;
        JsonArrayBuilder read = new();
        foreach (var row in CsvRows.Read(text, reader.CsvDelimiter[0]))
        {
            if (names is null)
            {
                names = row;
            }
            else if (read.Count < max)
            {
                read.Add(Item(names, row));
            }
        }

        items = read.Build();
        cause = null;
        return true;
    }

    // What a row lacks is empty, what it has beyond the names is dropped.
    private static JsonValue Item(IReadOnlyList<string> names, IReadOnlyList<string> row)
    {
        JsonObjectBuilder item = new(names.Count);
        for (var i = 0; i < names.Count; i++)
        {
            item.Set(names[i], i < row.Count ? row[i] : "");
        }

        return item.Build();
    }

    private static bool Refuse(string why, out JsonArray items, out string? cause)
    {
        (items, cause) = (JsonArray.Empty, why);
        return false;
    }
}

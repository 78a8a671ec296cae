using System.Text;
using Analemma.Workflow.Json;

namespace Analemma.Workflow.Intrinsics;

/// <summary>What States.Format makes of its template, and how values look in it.</summary>
internal static class IntrinsicTemplate
{
    /// <summary>A text between quotes without its escapes.</summary>
    public static string Unescape(string raw)
    {
        if (!raw.Contains('\\', StringComparison.Ordinal))
        {
            return raw;
        }

        StringBuilder text = new(raw.Length);
        for (var i = 0; i < raw.Length; i++)
        {
            if (raw[i] == '\\' && i + 1 < raw.Length && raw[i + 1] is '\'' or '{' or '}' or '\\')
            {
                i++;
            }

            text.Append(raw[i]);
        }

        return text.ToString();
    }

    /// <summary>Puts each value where there is {}; null when their numbers differ.</summary>
    public static string? Fill(string template, ReadOnlySpan<JsonValue> values)
    {
        StringBuilder text = new(template.Length);
        var used = 0;
        for (var i = 0; i < template.Length; i++)
        {
            var c = template[i];
            var next = i + 1 < template.Length ? template[i + 1] : '\0';
            if (c == '\\' && next is '\'' or '{' or '}' or '\\')
            {
                text.Append(next);
                i++;
            }
            else if (c == '{' && next == '}')
            {
                if (used == values.Length)
                {
                    return null;
                }

                text.Append(Shown(values[used++]));
                i++;
            }
            else
            {
                text.Append(c);
            }
        }

        return used == values.Length ? text.ToString() : null;
    }

    // The service prints a map as Java does.
    private static string Shown(JsonValue value)
    {
        if (value.TryGetString(out var text))
        {
            return text;
        }

        if (value.TryGetArray(out var items))
        {
            return $"[{string.Join(", ", items.Items.ToArray().Select(Shown))}]";
        }

        if (value.TryGetObject(out var fields))
        {
            List<string> shown = new(fields.Count);
            foreach (var (name, field) in fields)
            {
                shown.Add($"{name}={Shown(field)}");
            }

            return $"{{{string.Join(", ", shown)}}}";
        }

        return value.ToString(JsonWriteOptions.Service);
    }
}

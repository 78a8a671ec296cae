using System.Globalization;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Tasks.Own;

/// <summary>
/// JSON as a form, application/x-www-form-urlencoded, with lists as the service can write them
/// (https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html, RequestEncodingOptions).
/// </summary>
internal static class FormText
{
    /// <param name="fields">What is written.</param>
    /// <param name="lists">INDICES a[0]=, BRACKETS a[]=, REPEAT a=, COMMAS a=x,y; anything else: no lists.</param>
    public static string Of(JsonObject fields, string lists)
    {
        List<string> parts = [];
        foreach (var (name, value) in fields)
        {
            Add(parts, name, value, lists);
        }

        return string.Join('&', parts);
    }

    private static void Add(List<string> parts, string name, JsonValue value, string lists)
    {
        if (value.TryGetObject(out var members))
        {
            foreach (var (key, inner) in members)
            {
                Add(parts, $"{name}[{key}]", inner, lists);
            }
        }
        else if (value.TryGetArray(out var items))
        {
            AddList(parts, name, items.Items.ToArray(), lists);
        }
        else
        {
            parts.Add($"{Escaped(name)}={Escaped(value.IsNull ? "" : ServiceAnswers.TextOf(value))}");
        }
    }

    private static void AddList(List<string> parts, string name, JsonValue[] items, string lists)
    {
        switch (lists)
        {
            case "COMMAS":
                var all = string.Join(',', items.Select(ServiceAnswers.TextOf));
                parts.Add($"{Escaped(name)}={Escaped(all)}");
                break;
            case "INDICES" or "BRACKETS" or "REPEAT":
                for (var index = 0; index < items.Length; index++)
                {
                    var place = lists switch
                    {
                        "INDICES" => string.Create(CultureInfo.InvariantCulture, $"{name}[{index}]"),
                        "BRACKETS" => $"{name}[]",
                        _ => name,
                    };
                    Add(parts, place, items[index], lists);
                }

                break;
        }
    }

    private static string Escaped(string text) => Uri.EscapeDataString(text);
}

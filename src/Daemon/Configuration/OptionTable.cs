using System.Globalization;
using System.Reflection;
using System.Text.Json;
using Analemma.Abi;
using Analemma.Daemon.Configuration.Files;

namespace Analemma.Daemon.Configuration;

/// <summary>One setting: where it lives in the option records, and its key in files, variables and flags.</summary>
internal sealed record OptionRow(PropertyInfo Section, PropertyInfo Property, SettingAttribute Setting)
{
    public string SectionName { get; } = SnakeCase(Section.Name);

    public string Name { get; } = SnakeCase(Property.Name);

    public string Key => $"{SectionName}.{Name}";

    public string Variable => $"{OptionTable.VariablePrefix}{SectionName}__{Name}".ToUpperInvariant();

    public object? ValueIn(MachineOptions options) => Property.GetValue(Section.GetValue(options));

    /// <summary>The kinds of value it takes, as the reference says it.</summary>
    public string TypeText => Property.PropertyType switch
    {
        { IsEnum: true } type => string.Join(", ", EnumNames(type)),
        var type when type == typeof(bool) => "true or false",
        var type when type == typeof(string) => "text",
        var type when type == typeof(double) => "number",
        _ => Setting.IsBytes ? "bytes, or text such as 256M" : "whole number",
    };

    /// <summary>Makes the property's value of what a source wrote; null, with the reason, when it cannot.</summary>
    public object? Convert(object written, out string? problem)
    {
        var value = Parse(written);
        problem = value is null ? $"expects {TypeText}, not {Describe(written)}" : null;
        return value;
    }

    internal static string SnakeCase(string name) => JsonNamingPolicy.SnakeCaseLower.ConvertName(name);

    private static IEnumerable<string> EnumNames(Type type) => Enum.GetNames(type).Select(SnakeCase);

    private static string Describe(object written) => written switch
    {
        string text => $"'{text}'",
        List<object> => "a list",
        _ => System.Convert.ToString(written, CultureInfo.InvariantCulture)!.ToLowerInvariant(),
    };

    private object? Parse(object written)
    {
        var type = Property.PropertyType;
        if (type == typeof(string))
        {
            return written as string;
        }

        if (type == typeof(bool))
        {
            return written switch { bool value => value, "true" => true, "false" => false, _ => null };
        }

        if (type == typeof(double))
        {
            return Number(written);
        }

        if (type.IsEnum)
        {
            var name = Enum.GetNames(type).FirstOrDefault(name => SnakeCase(name) == written as string);
            return name is null ? null : Enum.Parse(type, name);
        }

        return Whole(written) switch
        {
            { } number when type == typeof(long) => (object)number,
            { } number when number is >= int.MinValue and <= int.MaxValue => (int)number,
            _ => null,
        };
    }

    private static double? Number(object written) => written switch
    {
        double number => number,
        long number => number,
        string text when double.TryParse(
            text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) => number,
        _ => null,
    };

    private long? Whole(object written) => written switch
    {
        long number => number,
        string text when long.TryParse(
            text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) =>
            number,
        string text when Setting.IsBytes && ByteSize.TryParse(text, out var bytes) => bytes,
        _ => null,
    };
}

/// <summary>
/// Every setting, in the order of the records: the one table behind binding, reference and --print-config.
/// </summary>
internal static class OptionTable
{
    public const string VariablePrefix = "ANALEMMA_";

    public static IReadOnlyList<OptionRow> Rows { get; } =
    [
        .. from section in typeof(MachineOptions).GetProperties()
           from property in section.PropertyType.GetProperties()
           let setting = property.GetCustomAttribute<SettingAttribute>()
           where setting is not null
           select new OptionRow(section, property, setting),
    ];

    /// <summary>Puts values into a copy of the records. Unknown keys and wrong values are problems.</summary>
    public static MachineOptions Bind(MachineOptions options, SettingSource source, List<string> problems)
    {
        var bound = options.Copy();
        foreach (var (key, setting) in source.Values)
        {
            var row = Rows.FirstOrDefault(row => row.Key == key);
            if (row is null)
            {
                problems.Add($"{setting.Origin}: there is no setting {key}{DidYouMean(key)}");
            }
            else if (row.Convert(setting.Value, out var problem) is { } value)
            {
                row.Property.SetValue(row.Section.GetValue(bound), value);
            }
            else
            {
                problems.Add($"{setting.Origin}: {key} {problem}");
            }
        }

        return bound;
    }

    public static string DidYouMean(string key) =>
        Suggestion.For(key, Rows.Select(row => row.Key)) is { } near ? $"; did you mean {near}?" : "";
}

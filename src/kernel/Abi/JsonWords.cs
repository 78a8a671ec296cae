using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Analemma.Abi;

/// <summary>What a field takes, in the words of JSON instead of the names of .NET types.</summary>
internal static class JsonWords
{
    private const string Unmapped = "The JSON property '";
    private const string Other = "another type";
    private const int NameCharsMax = 64;

    /// <summary>The field that an object does not have, when that is what is wrong.</summary>
    public static string? UnknownField(JsonException wrong, JsonTypeInfo type)
    {
        if (!wrong.Message.StartsWith(Unmapped, StringComparison.Ordinal))
        {
            return null;
        }

        var name = wrong.Message[Unmapped.Length..].Split('\'')[0];
        var path = wrong.Path?.TrimStart('$').TrimStart('.') ?? "";
        var inside = path == name ? ""
            : path.EndsWith($".{name}", StringComparison.Ordinal) ? path[..^(name.Length + 1)]
            : path;
        var near = Suggestion.For(name, At(type, inside)?.Properties.Select(property => property.Name) ?? []);
        var shown = name.Length <= NameCharsMax ? name : $"{name[..NameCharsMax]}…";
        return $"{(inside.Length == 0 ? "" : $"{inside}: ")}there is no field \"{shown}\""
            + (near is null ? "" : $"; did you mean {near}?");
    }

    /// <summary>What is expected at a path such as <c>limits.memory</c> or <c>argv[2]</c>.</summary>
    public static string For(JsonTypeInfo type, string path) => At(type, path) is { } found ? Word(found) : Other;

    private static JsonTypeInfo? At(JsonTypeInfo type, string path)
    {
        foreach (var step in path.Split(['.', '['], StringSplitOptions.RemoveEmptyEntries))
        {
            var below = type.ElementType
                ?? type.Properties.FirstOrDefault(property => property.Name == step)?.PropertyType;
            if (below is null)
            {
                return null;
            }

            type = type.Options.GetTypeInfo(below);
        }

        return type;
    }

    private static string Word(JsonTypeInfo type)
    {
        if (type.Kind is JsonTypeInfoKind.Enumerable)
        {
            return $"a list, each {Word(type.Options.GetTypeInfo(type.ElementType!))}";
        }

        if (type.Kind is not JsonTypeInfoKind.None)
        {
            return "an object";
        }

        var plain = Nullable.GetUnderlyingType(type.Type) ?? type.Type;
        return Type.GetTypeCode(plain) switch
        {
            _ when plain.IsEnum => Names(type),
            TypeCode.String => "text",
            TypeCode.Boolean => "true or false",
            TypeCode.Double => "a number",
            TypeCode.Int32 => "a whole number of 32 bits",
            TypeCode.Int64 => "a whole number of 64 bits",
            TypeCode.UInt64 => "a whole number of 64 bits, not below 0",
            _ => Other,
        };
    }

    private static string Names(JsonTypeInfo type)
    {
        var plain = Nullable.GetUnderlyingType(type.Type) ?? type.Type;
        var info = type.Options.GetTypeInfo(plain);
        string[] names =
        [
            .. Enum.GetValuesAsUnderlyingType(plain).Cast<object>()
                .Select(value => JsonSerializer.Serialize(Enum.ToObject(plain, value), info).Trim('"')),
        ];
        return names.Length == 1 ? names[0] : $"{string.Join(", ", names[..^1])} or {names[^1]}";
    }
}

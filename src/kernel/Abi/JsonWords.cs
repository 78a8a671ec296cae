using System.Text.Json.Serialization.Metadata;

namespace Analemma.Abi;

/// <summary>What a field takes, in the words of JSON instead of the names of .NET types.</summary>
internal static class JsonWords
{
    /// <summary>What is expected at a path such as <c>limits.memory</c> or <c>argv[2]</c>.</summary>
    public static string For(JsonTypeInfo type, string path)
    {
        foreach (var step in path.Split(['.', '['], StringSplitOptions.RemoveEmptyEntries))
        {
            var below = type.ElementType
                ?? type.Properties.FirstOrDefault(property => property.Name == step)?.PropertyType;
            if (below is null)
            {
                return "another type";
            }

            type = type.Options.GetTypeInfo(below);
        }

        return Word(type);
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
            _ when plain.IsEnum => "one of its names",
            TypeCode.String => "text",
            TypeCode.Boolean => "true or false",
            TypeCode.Double => "a number",
            TypeCode.Int32 => "a whole number of 32 bits",
            TypeCode.Int64 => "a whole number of 64 bits",
            TypeCode.UInt64 => "a whole number of 64 bits, not below 0",
            _ => "another type",
        };
    }
}

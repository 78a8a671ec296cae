using System.CommandLine;
using Analemma.Abi;

namespace Analemma.Cli.Values;

/// <summary>Sizes as people write them: 65536, 64K, 256M, 1.5G.</summary>
internal static class Sizes
{
    /// <summary>An option that is a size, in bytes, or null when it is not given.</summary>
    public static long? Option(ParseResult parsed, Option<string?> option) => parsed.GetValue(option) switch
    {
        null => null,
        var text when ByteSize.TryParse(text, out var bytes) => bytes,
        var text => throw CliException.Usage(
            $"{option.Name} {text} is not a size", "write it as 65536, 64K, 256M or 1.5G"),
    };
}

using System.CommandLine;
using System.Globalization;
using Analemma.Abi;

namespace Analemma.Cli.Values;

/// <summary>A process as people name it: by its name, or by its id, which is all digits.</summary>
internal readonly record struct Target(ProcessId? Id, string? Name)
{
    public static Argument<string> Argument() => new("AGENT") { Description = "Its name, or its id." };

    public static Argument<string[]> Arguments() =>
        new("AGENT") { Description = "Names or ids.", Arity = ArgumentArity.OneOrMore };

    public static Target Parse(string text) =>
        text.All(char.IsAsciiDigit) && long.TryParse(text, CultureInfo.InvariantCulture, out var id)
            ? new Target(new ProcessId(id), null)
            : new Target(null, text);
}

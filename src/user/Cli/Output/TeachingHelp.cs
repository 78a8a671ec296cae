using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Analemma.Cli.Output;

/// <summary>The usual help of a command, and after it examples that can be pasted.</summary>
internal sealed class TeachingHelp(IReadOnlyDictionary<Command, string> examples) : SynchronousCommandLineAction
{
    private readonly HelpAction _usual = new();

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        var code = _usual.Invoke(parseResult);
        if (examples.TryGetValue(parseResult.CommandResult.Command, out var text))
        {
            parseResult.InvocationConfiguration.Output.WriteLine(text.TrimEnd() + "\n");
        }

        return code;
    }
}

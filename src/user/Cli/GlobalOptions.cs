using System.CommandLine;

namespace Analemma.Cli;

/// <summary>Options that every command takes.</summary>
internal static class GlobalOptions
{
    public static Option<bool> Json { get; } = new("--json")
    {
        Description = "Print JSON: one document, or one object a line for streams. Errors too.",
        Recursive = true,
    };

    public static Option<string?> Socket { get; } = new("--socket")
    {
        Description = "The kernel's socket. Default $ANALEMMA_SOCKET, else /run/analemma/kernel.sock as root, "
            + "else $XDG_RUNTIME_DIR/analemma/kernel.sock.",
        HelpName = "PATH",
        Recursive = true,
    };
}

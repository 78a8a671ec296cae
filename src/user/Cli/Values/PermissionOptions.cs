using System.CommandLine;
using Analemma.Abi.Syscalls;

namespace Analemma.Cli.Values;

/// <summary>The rights of an agent as options: each may be given many times, <c>none</c> for an empty list.</summary>
internal static class PermissionOptions
{
    private const string None = "none";

    private static readonly Option<string[]> Send = Make("--may-send", "Agents and mailboxes that it may send to.");

    private static readonly Option<string[]> Spawn = Make("--may-spawn", "Names of those that it may spawn.");

    private static readonly Option<string[]> Kill = Make("--may-kill", "Agents that it may kill, pause and resume.");

    private static readonly Option<string[]> Seen = Make("--may-read", "Agents that it may see and read output of.");

    private static readonly Option<string[]> Exec = Make("--may-exec", "Agents in which it may run commands.");

    private static readonly Option<string[]> Models = Make("--may-think", "Models that it may think with.");

    private static readonly Option<string[]> Store =
        Make("--may-store", "Keys of the store that it may read and write, as SCOPE/KEY.");

    private static readonly Option<string[]> StoreRead = Make("--may-fetch", "Keys that it may read, when others.");

    private static readonly Option<string[]> Emit = Make("--may-emit", "Types of events that it may emit.");

    public static IReadOnlyList<Option> All { get; } =
        [Send, Spawn, Kill, Seen, Exec, Models, Store, StoreRead, Emit];

    /// <summary>What is asked; null for nothing.</summary>
    public static Permissions? Read(ParseResult parsed)
    {
        var asked = new Permissions
        {
            Send = List(parsed, Send),
            Spawn = List(parsed, Spawn),
            Kill = List(parsed, Kill),
            Read = List(parsed, Seen),
            Exec = List(parsed, Exec),
            Models = List(parsed, Models),
            StoreRead = List(parsed, StoreRead) ?? List(parsed, Store),
            StoreWrite = List(parsed, Store),
            Emit = List(parsed, Emit),
        };
        return asked == new Permissions() ? null : asked;
    }

    private static string[]? List(ParseResult parsed, Option<string[]> option) =>
        parsed.GetValue(option) switch
        {
            null or { Length: 0 } => null,
            [None] => [],
            var items => items,
        };

    private static Option<string[]> Make(string name, string description) => new(name)
    {
        HelpName = "PATTERN",
        Description = $"{description} * is any text, _family those near, none nothing.",
    };
}

using System.CommandLine;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Output;
using Analemma.Cli.Values;

namespace Analemma.Cli.Commands;

/// <summary>Shows what an agent may do beyond itself, and changes it.</summary>
internal sealed class PermsCommand : ICliCommand
{
    private static readonly Column[] Columns = [new("RIGHT"), new("ALLOWED")];

    private readonly Argument<string> _agent = new("AGENT") { Description = "Id or name." };

    public Command Declare(CommandSet set)
    {
        var options = PermissionOptions.All;
        var show = new Command("show", "Show what an agent may, within what those above it may.") { _agent };
        var change = new Command("set", "Give an agent other rights in the place of those it has.") { _agent };
        foreach (var option in options)
        {
            change.Options.Add(option);
        }

        return set.Explain(
            new Command("perms", "What agents may: send, spawn, kill, read, think, store, emit.")
            {
                set.Does(show, ShowAsync, """
                      analemma perms show crawler
                      analemma perms show crawler --json
                    """),
                set.Does(change, SetAsync, """
                      analemma perms set crawler --may-spawn 'worker-*' --may-kill 'worker-*'
                      analemma perms set crawler --may-think small --may-store 'agent/*' --may-store 'global/plan'
                      analemma perms set crawler --may-spawn none            take a right away
                    """),
            },
            """
              analemma perms show crawler
              analemma perms set crawler --may-spawn none
            """);
    }

    private async Task<int> ShowAsync(Session session)
    {
        await using var kernel = await session.ConnectAsync();
        var (id, name) = Target.Parse(session.Parsed.GetValue(_agent)!);
        Print(session, await kernel.GetPermsAsync(
            new GetPerms { Id = id, Name = name }, session.CancellationToken));
        return ExitCodes.Ok;
    }

    private async Task<int> SetAsync(Session session)
    {
        var asked = PermissionOptions.Read(session.Parsed)
            ?? throw CliException.Usage("there is nothing to change", "see `analemma perms set --help`");
        await using var kernel = await session.ConnectAsync();
        var (id, name) = Target.Parse(session.Parsed.GetValue(_agent)!);
        Print(session, await kernel.SetPermsAsync(
            new SetPerms { Id = id, Name = name, Permissions = asked }, session.CancellationToken));
        return ExitCodes.Ok;
    }

    private static void Print(Session session, PermsReply reply)
    {
        if (session.Json)
        {
            session.WriteJson(reply, AbiJsonContext.Default.PermsReply);
            return;
        }

        var may = reply.Permissions;
        (string Right, IReadOnlyList<string>? List)[] rows =
        [
            ("send", may.Send), ("spawn", may.Spawn), ("kill", may.Kill), ("read", may.Read), ("exec", may.Exec),
            ("think", may.Models), ("store read", may.StoreRead), ("store write", may.StoreWrite), ("emit", may.Emit),
            ("tools", reply.Tools), ("network", reply.Network), ("group", [may.Group ?? "-"]),
        ];
        session.Terminal.Console.Write(PlainTable.Render(
            Columns,
            rows.Select(row => new[] { row.Right, row.List is { Count: > 0 } list ? string.Join(", ", list) : "-" }),
            session.Terminal.Console.Profile.Width));
    }
}

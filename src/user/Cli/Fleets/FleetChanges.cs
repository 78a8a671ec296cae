using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Output;
using Analemma.Cli.Values;
using Analemma.Client;

namespace Analemma.Cli.Fleets;

/// <summary>Sends a declaration, and tells the difference that it made.</summary>
internal static class FleetChanges
{
    public static async Task<FleetApplyReply> ApplyAsync(Session session, KernelClient kernel, FleetApply declared)
    {
        var reply = await kernel.FleetApplyAsync(declared, session.CancellationToken);
        if (session.Json)
        {
            session.WriteJsonLine(reply, AbiJsonContext.Default.FleetApplyReply);
            return reply;
        }

        foreach (var line in FleetTables.Difference(reply))
        {
            session.Terminal.Output.WriteLine(line);
        }

        session.Terminal.Output.WriteLine(Summary(reply));
        foreach (var note in Notes(declared, reply))
        {
            session.Terminal.Error.WriteLine(note);
        }

        return reply;
    }

    /// <summary>
    /// What is new and works otherwise than one may think: an inbox is memory, also that of an agent that rests.
    /// </summary>
    public static IEnumerable<string> Notes(FleetApply declared, FleetApplyReply reply)
    {
        var kept = (declared.Mailboxes ?? []).Where(mailbox => mailbox.Durable != false)
            .Select(mailbox => mailbox.Receiver).ToHashSet();
        return declared.Agents
            .Where(agent => agent.StartOn is StartOn.Message || agent.IdleStopMs > 0)
            .Where(agent => !kept.Contains(agent.Name))
            .Where(agent => reply.Added.Concat(reply.Changed.Select(change => change.Name)).Contains(agent.Name))
            .Select(agent => $"note: what is sent to {agent.Name} while it rests is memory, and lost with the kernel;"
                + $" for what must not be, declare a mailbox with receiver: {agent.Name}, and receive from that");
    }

    private static string Summary(FleetApplyReply reply)
    {
        var same = Plural.Of(reply.Unchanged.Count, "agent");
        return FleetTables.Differs(reply)
            ? $"{reply.Fleet}: revision {reply.Revision}{(reply.DryRun ? " if applied" : "")}, {same} unchanged"
            : $"{reply.Fleet}: nothing to change, {same} as declared";
    }
}

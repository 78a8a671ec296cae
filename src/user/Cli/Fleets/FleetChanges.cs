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
        return reply;
    }

    private static string Summary(FleetApplyReply reply)
    {
        var same = Plural.Of(reply.Unchanged.Count, "agent");
        return FleetTables.Differs(reply)
            ? $"{reply.Fleet}: revision {reply.Revision}{(reply.DryRun ? " if applied" : "")}, {same} unchanged"
            : $"{reply.Fleet}: nothing to change, {same} as declared";
    }
}

using Analemma.Abi.Syscalls;
using Analemma.Cli.Fleets;

namespace Analemma.Unit.Tests.Cli.Fleets;

/// <summary>What <c>up</c> says beside the difference.</summary>
public sealed class FleetNotesTests
{
    private static readonly FleetAgent Resting = new()
    {
        Name = "worker",
        Spawn = new Spawn { Argv = ["true"] },
        StartOn = StartOn.Message,
    };

    [Fact]
    public void One_that_rests_without_a_durable_mailbox_is_noted_when_it_is_new_or_changed()
    {
        var note = Assert.Single(Notes(Resting, new FleetApplyReply("f", 1) { Added = ["worker"] }));
        Assert.Contains("what is sent to worker while it rests is memory", note, StringComparison.Ordinal);
        Assert.Contains("receiver: worker", note, StringComparison.Ordinal);
        Assert.Single(Notes(
            Resting with { StartOn = null, IdleStopMs = 5 },
            new FleetApplyReply("f", 2) { Changed = [new FleetChange("worker", ["start_on"], "none")] }));
        Assert.Empty(Notes(Resting, new FleetApplyReply("f", 2) { Unchanged = ["worker"] }));
    }

    [Fact]
    public void One_that_never_rests_or_whose_mailbox_is_durable_is_not()
    {
        FleetApplyReply added = new("f", 1) { Added = ["worker"] };
        Assert.Empty(Notes(Resting with { StartOn = null }, added));
        Assert.Empty(Notes(Resting, added, new FleetMailbox { Name = "jobs", Receiver = "worker" }));
        Assert.Single(Notes(Resting, added, new FleetMailbox { Name = "jobs", Receiver = "worker", Durable = false }));
        Assert.Single(Notes(Resting, added, new FleetMailbox { Name = "jobs", Receiver = "other" }));
    }

    private static IEnumerable<string> Notes(
        FleetAgent agent, FleetApplyReply reply, params FleetMailbox[] mailboxes) =>
        FleetChanges.Notes(new FleetApply { Fleet = "f", Agents = [agent], Mailboxes = mailboxes }, reply);
}

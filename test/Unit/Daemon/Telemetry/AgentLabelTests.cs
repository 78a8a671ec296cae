using Analemma.Abi;
using Analemma.Daemon.Telemetry.Instruments;

namespace Analemma.Unit.Tests.Daemon.Telemetry;

public sealed class AgentLabelTests
{
    [Fact]
    public void So_many_names_are_kept_apart_and_the_rest_share_one()
    {
        var labels = new AgentLabels(2);
        IEnumerable<string> names = ["a", "b", "c", "a", "host"];
        Assert.Equal(["a", "b", "_other", "a", "host"], names.Select(labels.Label));
    }

    [Fact]
    public void A_process_counts_for_its_family_until_it_is_forgotten()
    {
        var labels = new AgentLabels(2);
        labels.Counts(new ProcessId(7), "root");
        Assert.Equal("root", labels.Of(new ProcessId(7)));
        Assert.Equal("host", labels.Of(ProcessId.None));
        labels.Forget(new ProcessId(7));
        Assert.Equal("_other", labels.Of(new ProcessId(7)));
    }
}

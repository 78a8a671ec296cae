using System.Text.RegularExpressions;
using Analemma.Integration.Tests.Containment;
using Analemma.Integration.Tests.Sandbox;

namespace Analemma.Integration.Tests.VirtualMachine;

/// <summary>Boots a machine with pure cgroup v2 and runs there what depends on it.</summary>
public sealed partial class VirtualMachineTests
{
    private const string Run =
        "$user env ANALEMMA_TEST_IN_VM=$who $PROGRAM --filter-class '*InsideTests' --no-progress "
        + "--results-directory /tmp/results";

    // run.py gives its victim to another user, which only root may, so the sandbox's command alone changes users.
    private const string Probe =
        "cd /tmp && PROBE_OUT=/tmp/verdicts python3 $PROBES/run.py "
        + "\"analemma=$user env ANALEMMA_TEST_PROBE=$engine $PROGRAM {probe}\""
        + " && echo VERDICTS && cat /tmp/verdicts && echo";

    [Fact]
    public async Task Limits_and_denials_hold_on_cgroup_v2_as_root()
    {
        var output = await UmlMachine.RunAsync("who=root\n" + Run);

        AssertAllPassed(output);
    }

    [Fact]
    public async Task Limits_and_denials_hold_on_a_delegated_cgroup_v2_as_an_ordinary_user()
    {
        var output = await UmlMachine.RunAsync($"who=user\n{UmlMachine.BecomeDelegatedUser}{Run}");

        AssertAllPassed(output);
    }

    [Fact]
    public async Task Agents_are_adopted_with_their_denial_reports_on_cgroup_v2()
    {
        var output = await UmlMachine.RunAsync(
            "$PROGRAM --filter-class '*Kernel.AdoptionTests' "
            + "--filter-method '*by_the_next_kernel' '*is_asked_again' '*adopted_too' "
            + "--no-progress --results-directory /tmp/results");

        AssertAllPassed(output, "4");
    }

    [Theory]
    [InlineData("crun", "")]
    [InlineData("crun", UmlMachine.BecomeDelegatedUser)]
    [InlineData("bwrap", "")]
    [InlineData("bwrap", UmlMachine.BecomeDelegatedUser)]
    public async Task Every_scored_probe_is_blocked_on_cgroup_v2(string engine, string become)
    {
        EngineHome.SkipUnlessInstalled(engine);
        Assert.SkipWhen(ProbeRun.Folder is null, "the containment probe is not here: ../shared/containment");

        var output = await UmlMachine.RunAsync($"PROBES={ProbeRun.Folder}\nengine={engine}\n{become}{Probe}");

        var json = output[(output.IndexOf("VERDICTS", StringComparison.Ordinal) + "VERDICTS".Length)..];
        var verdicts = ProbeRun.Read(json[json.IndexOf('{')..(json.LastIndexOf('}') + 1)]).Values;
        var open = verdicts.Where(probe => probe.IsScored && !probe.IsBlocked).ToArray();
        Assert.True(open.Length == 0, string.Join('\n', open.AsEnumerable()));
        Assert.Equal(ContainmentTests.ScoredProbes, verdicts.Count(probe => probe.IsScored));
    }

    private static void AssertAllPassed(string output, string count = "6")
    {
        Assert.True(Failed().Match(output) is { Success: true, Groups: var found } && found[1].Value == "0", output);
        Assert.True(Succeeded().Match(output) is { Success: true, Groups: var ran } && ran[1].Value == count, output);
    }

    [GeneratedRegex(@"failed: (\d+)")]
    private static partial Regex Failed();

    [GeneratedRegex(@"succeeded: (\d+)")]
    private static partial Regex Succeeded();
}

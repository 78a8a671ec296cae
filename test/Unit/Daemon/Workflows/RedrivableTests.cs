using Analemma.Daemon.Workflows;
using Analemma.Daemon.Workflows.Api;
using Analemma.Daemon.Workflows.Engine;
using Analemma.Unit.Tests.Workflow;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Json;

namespace Analemma.Unit.Tests.Daemon.Workflows;

/// <summary>What can be redriven, in the words of the API reference (DescribeExecution, redriveStatusReason).</summary>
public sealed class RedrivableTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(true, 1, 14, 9, null)]
    [InlineData(true, 1, 15.1, 9, "Execution redrivable period exceeded")]
    [InlineData(false, 1, 99, 9, null)]
    [InlineData(true, 364, 365, 9, null)]
    [InlineData(true, 364, 365.1, 9, "Execution has exceeded the max execution time")]
    [InlineData(false, 364, 365.1, 9, null)]
    [InlineData(true, 1, 2, 24_998, null)]
    [InlineData(false, 1, 2, 24_999, "Execution history event limit exceeded")]
    public void An_execution_is_redriven_within_its_limits(
        bool isStrict, double endedAfter, double askedAfter, long events, string? reason) => Assert.Equal(
            (reason, reason is null ? "REDRIVABLE" : "NOT_REDRIVABLE"),
            Asked(Head, isStrict, endedAfter, askedAfter, events));

    [Fact]
    public void A_history_that_goes_on_elsewhere_is_not_full() => Assert.Equal(
        (null, "REDRIVABLE"), Asked(Head with { Rolls = true }, false, 1, 2, 1_000_000));

    [Fact]
    public void How_long_its_history_is_is_kept_with_its_end() =>
        Assert.Equal(7, ExecutionEnd.Read(End(1, 7).Write()).Events);

    [Fact]
    public void Its_end_counts_the_events_of_an_execution()
    {
        MachineBench bench = new("""{"StartAt":"A","States":{"A":{"Type":"Fail"}}}""");
        bench.Start();
        Assert.Equal(bench.History.Count, ExecutionEnd.Of(bench.State).Events);
    }

    private static ExecutionHead Head => new()
    {
        Arn = "a",
        Name = "n",
        MachineArn = "m",
        MachineName = "m",
        Revision = "r",
        RoleArn = "role",
        Seed = "s",
    };

    private static (string? Why, string Status) Asked(
        ExecutionHead head, bool isStrict, double endedAfter, double askedAfter, long events) => ExecutionRedrives.Of(
            new FoundExecution(1, head, ExecutionStatus.Failed, Start, End(endedAfter, events)),
            new WorkflowOptions { Path = "/none", Strict = isStrict },
            Start.AddDays(askedAfter));

    private static ExecutionEnd End(double days, long events) =>
        new(ExecutionStatus.Failed, JsonValue.Undefined, "E", null, Start.AddDays(days), 0) { Events = events };
}

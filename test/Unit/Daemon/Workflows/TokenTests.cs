namespace Analemma.Unit.Tests.Daemon.Workflows;

/// <summary>A task that may be ended by its token and by its time is ended by one of them.</summary>
public sealed class TokenTests : IDisposable
{
    private const string Work = "arn:aws:states:us-east-1:000000000000:activity:work";

    private readonly string _folder = Directory.CreateTempSubdirectory("analemma-tokens-").FullName;
    private readonly HandClock _clock = new(WorkflowBench.Start);
    private HeldCommits _store = null!;

    [Theory]
    [InlineData("SendTaskSuccess", "TimeoutSeconds")]
    [InlineData("SendTaskFailure", "TimeoutSeconds")]
    [InlineData("SendTaskHeartbeat", "TimeoutSeconds")]
    [InlineData("SendTaskSuccess", "HeartbeatSeconds")]
    public async Task Who_is_too_late_is_told_so_also_while_the_end_is_not_on_disk(string operation, string time)
    {
        await using var bench = Open();
        var (execution, token) = await WaitingAsync(bench, time);
        _store.Hold();
        _clock.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal(1, _store.Held);

        var sent = SendAsync(bench, operation, token);
        Assert.False(sent.IsCompleted);
        _store.Release();
        var answer = await sent;

        Assert.Equal(
            ("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'"), (answer.Error, answer.Message));
        var end = await bench.EndAsync(execution);
        Assert.Equal(("FAILED", "States.Timeout"), (end["status"].AsString(), end["error"].AsString()));
    }

    [Fact]
    public async Task An_end_that_comes_before_the_time_is_up_counts_though_it_is_not_on_disk_by_then()
    {
        await using var bench = Open();
        var (execution, token) = await WaitingAsync(bench, "TimeoutSeconds");
        _store.Hold();

        var sent = SendAsync(bench, "SendTaskSuccess", token);
        _clock.Advance(TimeSpan.FromSeconds(11));
        var late = SendAsync(bench, "SendTaskSuccess", token);
        _store.Release();

        Assert.False((await sent).IsRefused);
        Assert.Equal("TaskTimedOut", (await late).Error);
        Assert.Equal("1", (await bench.EndAsync(execution))["output"].AsString());
    }

    [Fact]
    public async Task A_beat_of_a_task_that_has_no_time_is_taken()
    {
        await using var bench = Open();
        var (_, token) = await WaitingAsync(bench, "");

        Assert.False((await SendAsync(bench, "SendTaskHeartbeat", token)).IsRefused);
        Assert.False((await SendAsync(bench, "SendTaskSuccess", token)).IsRefused);
        Assert.Equal("TaskTimedOut", (await SendAsync(bench, "SendTaskHeartbeat", token)).Error);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private WorkflowBench Open() => WorkflowBench.Open(
        Path.Combine(_folder, "workflows.db"),
        new FunctionBook(),
        store => _store = new HeldCommits(store),
        time: _clock);

    private static Task<Analemma.Daemon.Workflows.Api.ApiAnswer> SendAsync(
        WorkflowBench bench, string operation, string token) => operation == "SendTaskSuccess"
            ? bench.AskAsync(operation, ("taskToken", token), ("output", "1"))
            : bench.AskAsync(operation, ("taskToken", token));

    private static async Task<(string Execution, string Token)> WaitingAsync(WorkflowBench bench, string time)
    {
        await bench.CallAsync("CreateActivity", ("name", "work"));
        var limit = time.Length == 0 ? "" : $"\"{time}\":10,";
        var machine = await bench.CreateAsync(
            "m",
            """{"StartAt":"A","States":{"A":{"Type":"Task","End":true,""" + limit + "\"Resource\":\"" + Work + "\"}}}");
        var execution = await bench.StartAsync(machine);
        var task = await bench.CallAsync("GetActivityTask", ("activityArn", Work));
        return (execution, task["taskToken"].AsString());
    }
}

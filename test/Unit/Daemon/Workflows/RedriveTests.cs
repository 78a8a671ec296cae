using System.Collections.Concurrent;
using Analemma.Daemon.Workflows.Tasks;

namespace Analemma.Unit.Tests.Daemon.Workflows;

/// <summary>Executions of branches and items go on with what failed, and only with that.</summary>
public sealed class RedriveTests : IDisposable
{
    private const string Work = "arn:aws:lambda:us-east-1:000000000000:function:work";

    private const string Inner =
        """{"StartAt":"T","States":{"T":{"Type":"Task","End":true,"Resource":""" + "\"" + Work + "\"}}}";

    private readonly string _folder = Directory.CreateTempSubdirectory("analemma-redrive-").FullName;

    [Theory]
    [InlineData("inline")]
    [InlineData("distributed")]
    [InlineData("parallel")]
    public async Task A_redrive_runs_what_failed_again_and_keeps_what_did_not(string kind)
    {
        ConcurrentDictionary<string, int> calls = new(StringComparer.Ordinal);
        var isGood = false;
        var functions = new FunctionBook().With("work", (input, _) =>
        {
            var item = input.AsString();
            calls.AddOrUpdate(item, 1, (_, count) => count + 1);
            return item == "b" && !Volatile.Read(ref isGood)
                ? TaskOutcome.Failed("Shaky", "not yet")
                : TaskOutcome.Done(item.ToUpperInvariant());
        });
        string execution;
        await using (var bench = WorkflowBench.Open(Path.Combine(_folder, "workflows.db"), functions))
        {
            var machine = await bench.CreateAsync("m", Definition(kind));
            execution = await bench.StartAsync(machine, """["a","b"]""");
            var failed = await bench.EndAsync(execution);
            Assert.Equal(("FAILED", "REDRIVABLE"), (failed["status"].AsString(), failed["redriveStatus"].AsString()));
        }

        var before = calls["a"];
        Volatile.Write(ref isGood, true);
        // By another kernel, which knows of the first run only what is on disk.
        await using var next = WorkflowBench.Open(Path.Combine(_folder, "workflows.db"), functions);
        await next.CallAsync("RedriveExecution", ("executionArn", execution));
        var end = await next.EndAsync(execution);

        Assert.Equal(("SUCCEEDED", """["A","B"]"""), (end["status"].AsString(), end["output"].AsString()));
        Assert.Equal((before, 2), (calls["a"], calls["b"]));
        var history = await next.HistoryAsync(execution);
        Assert.Contains("ExecutionRedriven", history);
        Assert.Equal(kind == "distributed", history.Contains("MapRunRedriven"));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // One after the other, so that what comes before the failure has ended.
    private static string Definition(string kind) => kind switch
    {
        "parallel" => """{"StartAt":"P","States":{"P":{"Type":"Parallel","End":true,"Branches":[A,B]}}}"""
            .Replace("A,B", Branch("0", waits: false) + "," + Branch("1", waits: true), StringComparison.Ordinal),
        "inline" => """{"StartAt":"M","States":{"M":{"Type":"Map","MaxConcurrency":1,"End":true,"ItemProcessor":I}}}"""
            .Replace("I}", Inner + "}", StringComparison.Ordinal),
        _ => """{"StartAt":"M","States":{"M":{"Type":"Map","MaxConcurrency":1,"End":true,"ItemProcessor":I}}}"""
            .Replace(
                "I}",
                """{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},""" + Inner[1..] + "}",
                StringComparison.Ordinal),
    };

    // The second waits a day of virtual time, so that the first has ended when it fails.
    private static string Branch(string item, bool waits) =>
        (waits
            ? """{"StartAt":"W1","States":{"W1":{"Type":"Wait","Seconds":86400,"Next":"T1"},"""
            : """{"StartAt":"T0","States":{""")
        + "\"T" + item + "\":{\"Type\":\"Task\",\"InputPath\":\"$[" + item + "]\",\"End\":true,\"Resource\":\"" + Work
        + "\"}}}";
}

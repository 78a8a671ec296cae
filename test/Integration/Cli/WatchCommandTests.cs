using System.Text.Json;

namespace Analemma.Integration.Tests.Cli;

/// <summary><c>analemma sm watch</c> and <c>resume</c>, as people and scripts use them.</summary>
public sealed class WatchCommandTests
{
    private const string Waits = """
        {"StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:states:us-east-1:000000000000:activity:work",
         "Next":"B"},"B":{"Type":"Pass","End":true}}}
        """;

    [Fact]
    public async Task An_execution_is_followed_while_it_runs_and_goes_on_where_it_was_stopped()
    {
        await using var cli = new CliProcess();
        Assert.Equal(0, (await cli.RunAsync("kernel", "start")).Code);
        Assert.Equal(0, (await cli.RunAsync("sm", "call", "CreateActivity", """{"name":"work"}""")).Code);
        Assert.Equal(0, (await cli.TypeAsync(Waits, "sm", "create", "m", "-f", "-")).Code);
        Assert.Equal(0, (await cli.RunAsync("sm", "start", "m", "--name", "e")).Code);

        // Three lines are there at once; what comes then is shown when it comes.
        using (var watch = cli.Start("sm", "watch", "m:e"))
        {
            foreach (var type in (string[])["ExecutionStarted", "TaskStateEntered", "ActivityScheduled"])
            {
                var line = await watch.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
                Assert.Contains(type, line, StringComparison.Ordinal);
            }

            Assert.Equal(0, (await cli.RunAsync("sm", "stop", "m:e", "--error", "Enough")).Code);
            var rest = await watch.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await watch.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Contains("ExecutionAborted  error=Enough", rest, StringComparison.Ordinal);
            Assert.Equal(1, watch.ExitCode);
        }

        using var resume = cli.Start("sm", "resume", "m:e", "--json");
        var task = await cli.RunAsync(
            "sm", "call", "GetActivityTask",
            """{"activityArn":"arn:aws:states:us-east-1:000000000000:activity:work"}""");
        var token = JsonElement.Parse(task.Output).GetProperty("taskToken").GetString()!;
        Assert.Equal(0, (await cli.RunAsync("sm", "succeed", token, "7")).Code);
        var told = (await resume.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line)).ToList();
        await resume.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, resume.ExitCode);
        Assert.Contains("ExecutionRedriven", told[..^1].Select(each => each.GetProperty("type").GetString()));
        Assert.Equal(
            ("SUCCEEDED", "7"),
            (told[^1].GetProperty("status").GetString(), told[^1].GetProperty("output").GetString()));
    }

    [Fact]
    public async Task An_output_that_is_too_large_for_an_answer_is_printed_all_the_same()
    {
        await using var cli = new CliProcess();
        Assert.Equal(0, (await cli.RunAsync("kernel", "start")).Code);
        Assert.Equal(0, (await cli.TypeAsync("""
            {"QueryLanguage":"JSONata","StartAt":"P","States":{"P":{"Type":"Pass","End":true,
             "Output":"{% $string([1..100000]) %}"}}}
            """, "sm", "create", "large", "-f", "-")).Code);

        var (code, output, _) = await cli.RunAsync("sm", "run", "large");

        Assert.Equal(0, code);
        Assert.EndsWith(",99999,100000]\"", output.TrimEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_execution_that_is_not_there_is_named()
    {
        await using var cli = new CliProcess();
        Assert.Equal(0, (await cli.RunAsync("kernel", "start")).Code);
        var (code, _, error) = await cli.RunAsync("sm", "watch", "nothing");
        Assert.Equal(1, code);
        Assert.Contains("there is no execution nothing", error, StringComparison.Ordinal);
    }
}

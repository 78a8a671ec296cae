using System.Text.Json;

namespace Analemma.Integration.Tests.Cli;

/// <summary>Logs of functions, and connections, as people and scripts use them.</summary>
public sealed class WorkflowCommandTests
{
    private const string Prints = """
        import sys
        def handler(event, context):
            print("said", event)
            print("warned", event, file=sys.stderr)
        """;

    private const string Calls = """
        {"StartAt":"A","States":{"A":{"Type":"Task","End":true,
         "Resource":"arn:aws:lambda:us-east-1:000000000000:function:total"}}}
        """;

    [Fact]
    public async Task What_a_function_prints_is_shown_and_followed()
    {
        await using var cli = new CliProcess();
        Assert.Equal(0, (await cli.RunAsync("kernel", "start")).Code);
        var file = Path.Combine(cli.Folder, "total.py");
        await File.WriteAllTextAsync(file, Prints, TestContext.Current.CancellationToken);
        Assert.Equal(0, (await cli.RunAsync("sm", "function", "put", "total", "-f", file)).Code);
        Assert.Equal("", (await cli.RunAsync("sm", "function", "log", "total")).Output);
        Assert.Equal(0, (await cli.TypeAsync(Calls, "sm", "create", "m", "-f", "-")).Code);

        // An environment that starts while it is followed.
        using var follow = cli.Start("sm", "function", "log", "total", "-f");
        Assert.Equal(0, (await cli.RunAsync("sm", "run", "m", "7")).Code);
        string? line;
        do
        {
            line = await follow.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
            Assert.NotNull(line);
        }
        while (line != "said 7");

        follow.Kill();
        var (code, output, error) = await cli.RunAsync("sm", "function", "log", "total");
        Assert.Equal(0, code);
        Assert.Contains("\nsaid 7\n", output, StringComparison.Ordinal);
        Assert.Contains("\nwarned 7\n", error, StringComparison.Ordinal);
        var lines = (await cli.RunAsync("sm", "function", "log", "total", "--json")).Output
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(each => JsonElement.Parse(each)).ToList();
        var said = lines.Single(each => each.GetProperty("line").GetString() == "said 7");
        Assert.Equal("stdout", said.GetProperty("stream").GetString());
        Assert.Equal(36, said.GetProperty("request_id").GetString()!.Length);
        Assert.StartsWith("function.total.", said.GetProperty("environment").GetString(), StringComparison.Ordinal);

        var (missing, _, why) = await cli.RunAsync("sm", "function", "log", "totl");
        Assert.Equal(1, missing);
        Assert.Contains("there is no function totl; there are total", why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connections_are_made_shown_without_their_secrets_and_deleted()
    {
        await using var cli = new CliProcess();
        Assert.Equal(0, (await cli.RunAsync("kernel", "start")).Code);

        Assert.Equal(0, (await cli.RunAsync(
            "sm", "connection", "create", "shop", "--host", "api.example.com", "--path", "/v1/",
            "--header", "Authorization=Bearer ${secret:shop}", "--header", "X-Key=hush-hush")).Code);
        Assert.Equal(0, (await cli.TypeAsync(
            """[{"host":"other.example.com","headers":{"X-Key":"Bearer hush-hush"}}]""",
            "sm", "connection", "create", "other", "--rules", "-")).Code);

        var listed = await cli.RunAsync("sm", "connection", "list");
        var all = await cli.RunAsync("sm", "connection", "list", "--json");
        var described = await cli.RunAsync("sm", "connection", "describe", "shop");
        var called = await cli.RunAsync("sm", "call", "ListConnections", "{}");
        Assert.Contains("api.example.com", listed.Output, StringComparison.Ordinal);
        var rule = JsonElement.Parse(described.Output).GetProperty("network")[0];
        Assert.Equal("/v1/", rule.GetProperty("paths")[0].GetString());
        var headers = rule.GetProperty("headers");
        Assert.Equal("Bearer ${secret:shop}", headers.GetProperty("Authorization").GetString());
        Assert.Equal("***", headers.GetProperty("X-Key").GetString());
        foreach (var each in (string[])[listed.Output, all.Output, described.Output, called.Output])
        {
            Assert.DoesNotContain("hush", each, StringComparison.Ordinal);
        }

        Assert.Equal(0, (await cli.RunAsync("sm", "connection", "delete", "shop")).Code);
        var gone = await cli.RunAsync("sm", "connection", "describe", "shop");
        Assert.Equal(1, gone.Code);
        Assert.Contains("there is no connection shop", gone.Error, StringComparison.Ordinal);
        Assert.Equal(1, (await cli.RunAsync("sm", "connection", "delete", "shop")).Code);
        var wrong = await cli.RunAsync("sm", "connection", "create", "x", "--header", "hush-hush");
        Assert.Equal(2, wrong.Code);
        Assert.DoesNotContain("hush", wrong.Error, StringComparison.Ordinal);
    }
}

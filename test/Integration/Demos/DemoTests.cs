using System.Text.Json;
using Analemma.Integration.Tests.AgentOs;

namespace Analemma.Integration.Tests.Demos;

/// <summary>Nothing runs beside the demonstrations: one of them measures how late a heartbeat is.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class DemoCollection
{
    public const string Name = "demonstrations";
}

/// <summary>The demonstrations hold their own claims, started as a user starts them.</summary>
[Collection(DemoCollection.Name)]
public sealed class DemoTests
{
    [Theory]
    [InlineData("fault-isolation", "cpu-hog throttled", "mem-hog killed: oom", "segfault signalled 11")]
    [InlineData("untrusted-agent", "DENIED filesystem", "DENIED network", "DENIED process", "KILLED pid limit")]
    [InlineData(
        "contention",
        "the polite got their shares",
        "the flooder got no more than its share",
        "the polite waited their turns",
        "the flood waited for itself",
        "every call was answered once",
        "the frugal was refused: budget_exhausted")]
    [InlineData(
        "pipeline",
        "nothing is lost and nothing comes twice",
        "the verifier sends back once",
        "what a dead agent held comes again",
        "nothing is left behind")]
    [InlineData(
        "workflow",
        "what was in the history stays in it",
        "nothing that had ended ran again",
        "a wait ends when it would have",
        "it came to its end")]
    [InlineData(
        "supervisor",
        "restarts come with growing delays",
        "no restart before its time, no two processes at once",
        "the start limit ends a crash loop",
        "what cannot be started is given up too",
        "the host is told, with the chain of causes and the last words",
        "the stable child did not notice")]
    public async Task A_demonstration_holds_its_claims(string name, params string[] claims)
    {
        var (code, output, errors) = await HostPython.RunAsync(
            [Path.Combine(HostPython.Root, "demos", "run.py"), name, "--json", "--analemma", CommandLine()]);
        Assert.True(code == 0, output + errors);
        using var summary = JsonDocument.Parse(output);
        var held = summary.RootElement.GetProperty("claims").EnumerateArray()
            .Select(claim => claim.GetProperty("claim").GetString()!).ToHashSet(StringComparer.Ordinal);
        Assert.Superset(claims.ToHashSet(StringComparer.Ordinal), held);
    }

    [Fact]
    public async Task An_unknown_demonstration_is_refused()
    {
        var (code, _, errors) = await HostPython.RunAsync([Path.Combine(HostPython.Root, "demos", "run.py"), "nope"]);
        Assert.Equal(2, code);
        Assert.Contains("fault-isolation", errors, StringComparison.Ordinal);
    }

    /// <summary>The command line of the same build as this program: its folder is named after that.</summary>
    private static string CommandLine()
    {
        if (Product.Folder is not null)
        {
            return Product.Cli;
        }

        var configuration = Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/'));
        return Path.Combine(HostPython.Root, "artifacts", "bin", "Analemma.Cli", configuration, "analemma-cli");
    }
}

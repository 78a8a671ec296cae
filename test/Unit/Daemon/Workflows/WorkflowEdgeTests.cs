using Analemma.Daemon.Workflows;
using Analemma.Daemon.Workflows.Api.Rest;
using Analemma.Daemon.Workflows.Functions;
using Analemma.Workflow.Admission;
using Analemma.Workflow.Json;

namespace Analemma.Unit.Tests.Daemon.Workflows;

/// <summary>Requests that are nearly right.</summary>
public sealed class WorkflowEdgeTests : IDisposable
{
    private const string Pass = """{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}""";

    private readonly string _folder = Directory.CreateTempSubdirectory("analemma-edges-").FullName;

    [Fact]
    public async Task An_alias_leads_to_versions_of_its_own_machine_only()
    {
        await using var bench = Bench();
        var mine = await PublishedAsync(bench, "mine");
        var other = await PublishedAsync(bench, "other");
        var alias = (await bench.CallAsync(
            "CreateStateMachineAlias", ("name", "live"), ("routingConfiguration", Routes((mine, 100)))))
            ["stateMachineAliasArn"];

        var refused = await bench.AskAsync(
            "UpdateStateMachineAlias", ("stateMachineAliasArn", alias), ("routingConfiguration", Routes((other, 100))));
        Assert.Equal("ValidationException", refused.Error);
        await bench.CallAsync(
            "UpdateStateMachineAlias", ("stateMachineAliasArn", alias), ("routingConfiguration", Routes((mine, 100))));
    }

    [Fact]
    public async Task Weights_that_are_too_large_to_add_are_refused()
    {
        await using var bench = Bench();
        var first = await PublishedAsync(bench, "m");
        await bench.CallAsync(
            "UpdateStateMachine",
            ("stateMachineArn", first[..^2]),
            ("definition", Pass.Replace("\"A\"", "\"B\"", StringComparison.Ordinal)),
            ("publish", true));
        var refused = await bench.AskAsync(
            "CreateStateMachineAlias",
            ("name", "live"),
            ("routingConfiguration", Routes((first, int.MaxValue), (first[..^1] + "2", int.MaxValue))));
        Assert.Equal("ValidationException", refused.Error);
    }

    [Fact]
    public async Task Names_do_not_end_with_a_new_line()
    {
        await using var bench = Bench();
        var version = await PublishedAsync(bench, "m");
        Assert.NotNull((await bench.AskAsync(
            "CreateStateMachineAlias", ("name", "live\n"), ("routingConfiguration", Routes((version, 100))))).Error);
    }

    [Fact]
    public async Task Keys_of_tags_that_are_no_texts_are_refused()
    {
        await using var bench = Bench();
        var machine = await bench.CreateAsync("m", Pass);
        Assert.Equal("SerializationException", (await bench.AskAsync(
            "UntagResource", ("resourceArn", machine), ("tagKeys", JsonArray.Of(1)))).Error);
    }

    [Fact]
    public async Task More_reservations_than_a_number_holds_are_refused()
    {
        await using var bench = Bench();
        await bench.CreateAsync("m", Pass);
        foreach (var (resource, isGood) in new[] { ("sqs", true), ("sns", false) })
        {
            var answer = await bench.AskOwnerAsync(
                "SetConcurrency", ("resource", resource), ("reserved", int.MaxValue));
            Assert.Equal(isGood ? null : "ValidationException", answer.Error);
        }

        AdmissionQueue<object> queue = new(new AdmissionLimits(10, 10));
        Assert.True(queue.Configure("a", LaneLimits.None with { Reserved = 5 }));
        Assert.False(queue.Configure("b", LaneLimits.None with { Reserved = int.MaxValue }));
    }

    [Fact]
    public void What_a_machine_was_configured_with_comes_back_as_it_was_sent()
    {
        const string Text = """{"tracingConfiguration":{"xDate":1e300,"input":"{}"},"otherDate":1e300}""";
        Assert.Equal(
            JsonValue.Parse(Text).ToString(), RestForms.Answer(JsonValue.Parse(Text)).ToString());
    }

    [Fact]
    public void Programs_that_no_function_has_are_removed()
    {
        FunctionPrograms programs = new(new WorkflowOptions { Path = "/none", FunctionsFolder = _folder });
        AgentFunction first = new("f") { Source = "1" };
        AgentFunction second = first with { Source = "2" };
        AgentFunction other = new("f-x") { Source = "1" };
        string[] files = [.. ((AgentFunction[])[first, second, other])
            .Select(each => programs.SpawnOf(each, "n").Script!)];
        var draft = $"{files[1]}.{Guid.NewGuid():N}";
        var mine = Path.Combine(_folder, "notes.py");
        File.WriteAllText(draft, "");
        File.WriteAllText(mine, "");

        programs.Prune([second, other], withDrafts: false);
        Assert.Equal(((string[])[.. files[1..], draft, mine]).Order(), Directory.GetFiles(_folder).Order());
        programs.Prune([second, other], withDrafts: true);
        Assert.Equal(((string[])[.. files[1..], mine]).Order(), Directory.GetFiles(_folder).Order());
    }

    [Fact]
    public void A_program_that_was_cut_off_by_a_crash_is_written_anew()
    {
        WorkflowOptions options = new() { Path = "/none", FunctionsFolder = _folder };
        AgentFunction function = new("f") { Source = "1" };
        var file = new FunctionPrograms(options).SpawnOf(function, "n").Script!;
        var whole = File.ReadAllText(file);
        File.WriteAllText(file, "");

        Assert.Equal(file, new FunctionPrograms(options).SpawnOf(function, "n").Script);
        Assert.Equal(whole, File.ReadAllText(file));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static JsonValue Routes(params (string Version, int Weight)[] routes) => JsonArray.Of([.. routes.Select(
        route => JsonValue.From(JsonObject.Of(("stateMachineVersionArn", route.Version), ("weight", route.Weight))))]);

    private static async Task<string> PublishedAsync(WorkflowBench bench, string name) => (await bench.CallAsync(
        "CreateStateMachine",
        ("name", name),
        ("definition", Pass),
        ("roleArn", "arn:aws:iam::000000000000:role/r"),
        ("publish", true)))["stateMachineVersionArn"].AsString();

    private WorkflowBench Bench() => WorkflowBench.Open(Path.Combine(_folder, "workflows.db"), new FunctionBook());
}

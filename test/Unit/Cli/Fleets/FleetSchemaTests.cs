using System.Text.Json;
using System.Text.Json.Nodes;
using Analemma.Cli.Fleets;
using Analemma.Kernel;
using Analemma.Kernel.Schemas;

namespace Analemma.Unit.Tests.Cli.Fleets;

/// <summary>The published schema and the reader are one table; these tests hold them to the same answers.</summary>
public sealed class FleetSchemaTests : IDisposable
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly FleetText _files = new();

    [Fact]
    public void The_published_schema_is_the_readers() => Snapshot.MatchesRepositoryFile(
        JsonSerializer.Serialize(FleetShape.Schema(), Indented) + "\n", "docs/reference/fleet.schema.json");

    [Fact]
    public void The_file_with_everything_fits_the_schema() =>
        Assert.Empty(Compiled().Check(Json(FleetFileTests.Everything)));

    /// <summary>Each wrong in one place, whose kind the schema can say.</summary>
    [Theory]
    [InlineData("replicas: 3", "replicas: 0")]
    [InlineData("replicas: 3", "replicas: three")]
    [InlineData("replicas: 3", "replica: 3")]
    [InlineData("memory: 64M", "memory: 64Q")]
    [InlineData("timeout: 2h", "timeout: 2")]
    [InlineData("cpu: 0.5", "cpu: fast")]
    [InlineData("policy: on-failure", "policy: often")]
    [InlineData("restart: always", "restart: perhaps")]
    [InlineData("fleet: newsroom", "fleet: news room")]
    [InlineData("fleet: newsroom", "flet: newsroom")]
    [InlineData("argv: [sh, -c, sleep 9]", "argv: []")]
    [InlineData("argv: [sh, -c, sleep 9]", "argv: sh")]
    [InlineData("argv: [sh, -c, sleep 9]", "script: a.py\n    argv: [sh]")]
    [InlineData("argv: [sh, -c, sleep 9]", "tools: []")]
    [InlineData("after: [store]", "after: store")]
    [InlineData("after: [store]", "after: ['a b']")]
    [InlineData("network: false", "network: maybe")]
    [InlineData("sandboxed: true", "sandboxed: 1")]
    [InlineData("scheme: http", "scheme: gopher")]
    [InlineData("ports: [8080]", "ports: [80800]")]
    [InlineData("host: 10.0.0.5, ", "")]
    [InlineData("\"@hourly\"", "[1]")]
    [InlineData("cron: \"30 6 * * mon-fri\"", "cron: \"30 6 * *\"")]
    [InlineData("cron: \"30 6 * * mon-fri\", ", "")]
    [InlineData("missed: once", "missed: twice")]
    [InlineData("require: [memory, pids]", "require: [luck]")]
    [InlineData("action: pause", "action: shout")]
    [InlineData("strategy: one_for_all", "strategy: all")]
    [InlineData("webhook: \"http://127.0.0.1:9/hook\"", "webhook: nowhere")]
    [InlineData("dollars: 2.5", "dollars: much")]
    [InlineData("priority: high", "priority: urgent")]
    public void What_the_reader_refuses_the_schema_refuses(string right, string wrong)
    {
        Assert.Contains(right, FleetFileTests.Everything, StringComparison.Ordinal);
        var text = FleetFileTests.Everything.Replace(right, wrong, StringComparison.Ordinal);

        Assert.NotEmpty(_files.Problems(text));
        Assert.NotEmpty(Compiled().Check(Json(text)));
    }

    /// <summary>Every key that the schema has is in the file with everything, so none is untried.</summary>
    [Fact]
    public void The_file_with_everything_has_every_key()
    {
        var text = FleetFileTests.Everything;
        var missing = Keys(FleetShape.Schema()).Distinct()
            .Where(key => !System.Text.RegularExpressions.Regex.IsMatch(text, $@"\b{key}:"));

        Assert.Empty(missing.Except(["methods", "paths", "request_size", "response_size", "addresses", "mounts"]));
    }

    [Fact]
    public void The_bounds_are_the_kernels()
    {
        Assert.Equal(Limits.MemoryBytesMin, FleetRanges.MemoryMin);
        Assert.Equal(Limits.MemoryBytesMax, FleetRanges.MemoryMax);
        Assert.Equal(Limits.PidsMax, FleetRanges.PidsMax);
        Assert.Equal(Limits.OpenFilesMin, FleetRanges.OpenFilesMin);
        Assert.Equal(Limits.OpenFilesMax, FleetRanges.OpenFilesMax);
        Assert.Equal(Limits.LogBytesMin, FleetRanges.LogMin);
        Assert.Equal(Limits.LogBytesMax, FleetRanges.BytesMax);
        Assert.Equal(Limits.WorkBytesMin, FleetRanges.WorkMin);
        Assert.Equal(Limits.WorkBytesMax, FleetRanges.BytesMax);
        Assert.Equal(Limits.WallMsMax, FleetRanges.WallMsMax);
        Assert.Equal(Limits.GraceMsMax, FleetRanges.GraceMsMax);
        Assert.Equal(Limits.BudgetMax, FleetRanges.BudgetTokensMax);
        Assert.Equal(Limits.ArgumentsMax, FleetRanges.ArgumentsMax);
        Assert.Equal(Limits.ArgumentCharsMax, FleetRanges.ArgumentCharsMax);
        Assert.Equal(Limits.EnvironmentMax, FleetRanges.EnvironmentMax);
        Assert.Equal(Limits.MountsMax, FleetRanges.MountsMax);
        Assert.Equal(Limits.ToolPatternsMax, FleetRanges.ToolPatternsMax);
        Assert.Equal(Limits.FleetAgentsMax, FleetRanges.AgentsMax);
        Assert.Equal(Limits.FleetSupervisorsMax, FleetRanges.SupervisorsMax);
        Assert.Equal(Limits.FleetAfterMax, FleetRanges.AfterMax);
        Assert.Equal(Limits.FleetMailboxesMax, FleetRanges.MailboxesMax);
        Assert.Equal(Limits.MailboxMessagesMax, FleetRanges.MailboxMessagesMax);
        Assert.Equal(Limits.MailboxBytesMax, FleetRanges.MailboxBytesMax);
        Assert.Equal(Limits.MailVisibilityMsMin, FleetRanges.VisibilityMsMin);
        Assert.Equal(Limits.MailVisibilityMsMax, FleetRanges.VisibilityMsMax);
        Assert.Equal(Limits.MailDeliveriesMax, FleetRanges.DeliveriesMax);
        Assert.Equal(Limits.MailboxTopicsMax, FleetRanges.TopicsMax);
        Assert.Equal(Limits.MailLabelCharsMax, FleetRanges.TopicCharsMax);
        Assert.Equal(Limits.ReplicasMax, FleetRanges.ReplicasMax);
        Assert.Equal(Limits.StartsKeptMax, FleetRanges.BurstMax);
        Assert.Equal(Limits.BackoffMsMax, FleetRanges.BackoffMsMax);
        Assert.Equal(Analemma.Kernel.Models.TokenBucket.PerMinuteMax, FleetRanges.PerMinuteMax);
        Assert.Equal(Analemma.Kernel.Models.FairNode.WeightMax, FleetRanges.WeightMax);
    }

    public void Dispose() => _files.Dispose();

    private static IAnswerSchema Compiled()
    {
        var element = JsonSerializer.SerializeToElement(FleetShape.Schema());
        Assert.True(AnswerSchema.TryCompile(element, out var schema, out var problems), string.Join('\n', problems));
        return schema;
    }

    private static IEnumerable<string> Keys(JsonNode? schema) => schema switch
    {
        JsonObject node => node.SelectMany(pair => pair.Key == "properties"
            ? ((JsonObject)pair.Value!).SelectMany(key => Keys(key.Value).Prepend(key.Key))
            : Keys(pair.Value)),
        JsonArray list => list.SelectMany(Keys),
        _ => [],
    };

    /// <summary>As an editor sees the file: YAML 1.2's core schema.</summary>
    private static JsonElement Json(string text)
    {
        List<FileProblem> problems = [];
        var value = YamlReader.Read(text, problems);
        return JsonSerializer.SerializeToElement(Node(value!));
    }

    private static JsonNode? Node(YamlValue value) => value switch
    {
        YamlMap map => new JsonObject(map.Entries.Select(entry => KeyValuePair.Create(entry.Key, Node(entry.Value)))),
        YamlList list => new JsonArray([.. list.Items.Select(Node)]),
        YamlText { IsNull: true } => null,
        YamlText { IsPlain: true, Text: "true" } => JsonValue.Create(true),
        YamlText { IsPlain: true, Text: "false" } => JsonValue.Create(false),
        YamlText { IsPlain: true, Text: var text } when long.TryParse(text, out var number) => JsonValue.Create(number),
        YamlText { IsPlain: true, Text: var text } when decimal.TryParse(text, out var number) =>
            JsonValue.Create(number),
        YamlText { Text: var text } => JsonValue.Create(text),
        _ => throw new InvalidOperationException(value.Kind),
    };
}

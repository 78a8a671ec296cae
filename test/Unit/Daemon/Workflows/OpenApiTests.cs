using System.Text.Json;
using Analemma.Daemon.Workflows.Api.Rest;
using Analemma.Kernel.Schemas;

namespace Analemma.Unit.Tests.Daemon.Workflows;

/// <summary>The document of the native API against what is served.</summary>
public sealed class OpenApiTests
{
    private static readonly JsonElement Document = JsonElement.Parse(OpenApiDocument.Bytes);

    private static IEnumerable<(string Path, string Method, JsonElement Operation)> Operations =>
        from path in Document.GetProperty("paths").EnumerateObject()
        from method in path.Value.EnumerateObject()
        select (path.Name, method.Name.ToUpperInvariant(), method.Value);

    [Fact]
    public void It_is_OpenApi_3_1_and_has_every_route_and_no_other()
    {
        Assert.StartsWith("3.1.", Document.GetProperty("openapi").GetString(), StringComparison.Ordinal);
        Assert.Equal(
            RestRoutes.All.Select(route => $"{route.Method} {route.Template} {route.Operation}")
                .Append($"GET {RestRoutes.Document} Document")
                .Order(StringComparer.Ordinal),
            Operations.Select(each =>
                $"{each.Method} {each.Path} {each.Operation.GetProperty("operationId").GetString()}")
                .Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Parameters_bodies_and_statuses_are_those_of_the_routes()
    {
        foreach (var route in RestRoutes.All)
        {
            var operation = Operations
                .Single(each => each.Path == route.Template && each.Method == route.Method).Operation;
            var named = operation.TryGetProperty("parameters", out var all)
                ? all.EnumerateArray().ToLookup(
                    each => each.GetProperty("in").GetString()!, each => each.GetProperty("name").GetString()!)
                : Enumerable.Empty<string>().ToLookup(_ => "");
            Assert.Equal(
                route.Query.Keys.Order(StringComparer.Ordinal), named["query"].Order(StringComparer.Ordinal));
            Assert.Equal(
                route.Template.Split('/').Where(part => part.StartsWith('{')).Select(part => part[1..^1]),
                named["path"]);
            var responses = operation.GetProperty("responses");
            Assert.True(responses.TryGetProperty(route.Status.ToString("D", null), out _), route.Template);
            Assert.True(responses.TryGetProperty("default", out _), route.Template);
            Assert.True(route.TakesBody || !operation.TryGetProperty("requestBody", out _), route.Template);
        }
    }

    [Fact]
    public void Every_example_is_valid_and_every_body_has_one()
    {
        var checkedCount = 0;
        foreach (var (path, method, operation) in Operations)
        {
            foreach (var content in ContentsOf(operation))
            {
                var example = content.GetProperty("example");
                Assert.True(
                    AnswerSchema.TryCompile(Whole(content.GetProperty("schema")), out var schema, out var problems),
                    $"{method} {path}: {string.Join(", ", problems)}");
                var flaws = schema.Check(example);
                Assert.True(flaws.Count == 0, $"{method} {path}: {string.Join(", ", flaws)}");
                checkedCount++;
            }
        }

        Assert.True(checkedCount > 30, $"{checkedCount} examples");
    }

    [Fact]
    public void An_example_that_is_wrong_would_be_found()
    {
        Assert.True(AnswerSchema.TryCompile(
            Whole(JsonElement.Parse("""{"$ref":"#/components/schemas/Execution"}""")), out var schema, out _));
        Assert.NotEmpty(schema.Check(JsonElement.Parse("""{"executionArn":"arn:x","status":"DONE"}""")));
    }

    private static IEnumerable<JsonElement> ContentsOf(JsonElement operation)
    {
        var bodies = operation.GetProperty("responses").EnumerateObject().Select(each => each.Value);
        if (operation.TryGetProperty("requestBody", out var request))
        {
            bodies = bodies.Append(request);
        }

        bodies = bodies.Append(Document.GetProperty("components").GetProperty("responses").GetProperty("Refused"));
        return bodies.Where(body => body.TryGetProperty("content", out _))
            .SelectMany(body => body.GetProperty("content").EnumerateObject().Select(each => each.Value));
    }

    // References are followed within one schema: that of a part gets the document's components beside it.
    private static JsonElement Whole(JsonElement schema)
    {
        var schemas = Document.GetProperty("components").GetProperty("schemas");
        return JsonElement.Parse(
            "{\"allOf\":[" + schema + "],\"components\":{\"schemas\":" + schemas + "}}");
    }
}

using Analemma.Workflow.Json;
using Analemma.Workflow.Paths;

namespace Analemma.Unit.Tests.Workflow;

public sealed class JsonPathTests
{
    private static readonly JsonValue Shop = JsonValue.Parse(
        """
        {"store":{"book":[
            {"title":"A","price":8.95,"tags":["x","y"]},
            {"title":"B","price":12.99,"isbn":"1"},
            {"title":"C","price":8.99,"isbn":"2"}],
          "bicycle":{"color":"red","price":19.95}},
         "odd 'name'":1,"empty":[],"n":null}
        """);

    [Theory]
    [InlineData("$.store.bicycle.color", "\"red\"")]
    [InlineData("$['store']['bicycle'][\"color\"]", "\"red\"")]
    [InlineData("$.store.book[1].title", "\"B\"")]
    [InlineData("$.store.book[-1].title", "\"C\"")]
    [InlineData("$['odd \\'name\\'']", "1")]
    [InlineData("$.n", "null")]
    [InlineData("$.store.bicycle['color', 'price']", """{"color":"red","price":19.95}""")]
    [InlineData("$.store.book[1]['title','tags']", """{"title":"B"}""")]
    [InlineData("$", null)]
    public void A_definite_path_finds_one_value(string path, string? expected)
    {
        Assert.True(JsonPath.TryParse(path)!.IsDefinite);
        Assert.Equal(expected is null ? Shop : JsonValue.Parse(expected), Find(path));
    }

    [Theory]
    [InlineData("$.store.book[*].title", """["A","B","C"]""")]
    [InlineData("$..price", "[8.95,12.99,8.99,19.95]")]
    [InlineData("$.store.book[0,2].title", """["A","C"]""")]
    [InlineData("$.store.book[1:].title", """["B","C"]""")]
    [InlineData("$.store.book[:-1].title", """["A","B"]""")]
    [InlineData("$.store.book[?(@.isbn)].title", """["B","C"]""")]
    [InlineData("$.store.book[?(@.price < 9 && @.isbn)].title", """["C"]""")]
    [InlineData("$.store.book[?(@.price > 12 || @.title == 'A')].title", """["A","B"]""")]
    [InlineData("$.store.book[?(!(@.isbn))].title", """["A"]""")]
    [InlineData("$.store.book[?(@.title in ['A','C'])].title", """["A","C"]""")]
    [InlineData("$.store.book[?(@.title =~ /[ab]/i)].title", """["A","B"]""")]
    [InlineData("$.store.book[?(@.tags contains 'x')].title", """["A"]""")]
    [InlineData("$.store.book[?(@.price == $.store.book[0].price)].title", """["A"]""")]
    [InlineData("$.nothing[*].there", "[]")]
    [InlineData("$.store.book[1:]['title','isbn']", """[{"title":"B","isbn":"1"},{"title":"C","isbn":"2"}]""")]
    public void An_indefinite_path_finds_a_list(string path, string expected)
    {
        Assert.False(JsonPath.TryParse(path)!.IsDefinite);
        Assert.Equal(JsonValue.Parse(expected), Find(path));
    }

    [Theory]
    [InlineData("$.store.book.length()", "3")]
    [InlineData("$.store.book[*].price.max()", "12.99")]
    [InlineData("$.store.bicycle.keys()", """["color","price"]""")]
    [InlineData("$.store.book.first()", """{"title":"A","price":8.95,"tags":["x","y"]}""")]
    public void A_function_computes_from_what_was_found(string path, string expected) =>
        Assert.Equal(JsonValue.Parse(expected), Find(path));

    [Theory]
    [InlineData("$.nothing", "No results for path: $['nothing']")]
    [InlineData("$.nothing.there", "Missing property in path $['nothing']")]
    [InlineData("$.store.book[7]", "No results for path: $['store']['book'][7]")]
    [InlineData("$.store.book[7].title", "No results for path: $['store']['book'][7]['title']")]
    [InlineData("$.store.bicycle.color.hue", "Property ['hue'] not found in path $['store']['bicycle']['color']")]
    [InlineData("$.store.book.title", "Property ['title'] not found in path $['store']['book']")]
    [InlineData("$.n.a.b", "Property ['a'] not found in path $['n']")]
    [InlineData("$.n[0]", "Filter: [0] can only be applied to arrays. Current context is: null")]
    [InlineData(
        "$.store['book','bicycle'].price",
        "Multi properties can only be used as path leafs: $['store']['book', 'bicycle']")]
    public void What_is_missing_is_named_as_the_service_names_it(string path, string expected)
    {
        Assert.True(JsonPath.TryParse(path)!.Find(Shop, out var missing).IsUndefined);
        Assert.Equal(expected, missing);
    }

    [Theory]
    [InlineData("")]
    [InlineData("store")]
    [InlineData("$.")]
    [InlineData("$.a[")]
    [InlineData("$.a['b]")]
    [InlineData("$.a[?(@.b >)]")]
    [InlineData("$.a[1:2:0]")]
    [InlineData("$.a[?(@.b === ]")]
    [InlineData("$.a]")]
    [InlineData("$.a[99999999999]")]
    public void What_is_no_path_is_refused(string path) => Assert.Null(JsonPath.TryParse(path));

    [Theory]
    [InlineData("$.a.b[0]['c']", true)]
    [InlineData("$", true)]
    [InlineData("$.a[*]", false)]
    [InlineData("$$.a", false)]
    [InlineData("$a", false)]
    public void Only_names_and_indices_from_the_input_can_be_written_to(string path, bool isReference) =>
        Assert.Equal(isReference, JsonPath.TryParse(path)!.IsReference);

    [Fact]
    public void Roots_are_told_apart()
    {
        Assert.Equal((PathRoot.Context, null), Root("$$.Execution.Id"));
        Assert.Equal((PathRoot.Variable, "a_1"), Root("$a_1.b"));
        Assert.Equal((PathRoot.Input, null), Root("$.a"));

        static (PathRoot, string?) Root(string path) =>
            JsonPath.TryParse(path) is var read ? (read!.Root, read.Variable) : default;
    }

    [Fact]
    public void A_filter_nested_without_end_is_refused_and_nothing_breaks() =>
        Assert.Null(JsonPath.TryParse($"$[?({string.Concat(Enumerable.Repeat("(", 100_000))}@.a"));

    private static JsonValue Find(string path) => JsonPath.TryParse(path)!.Find(Shop, out _);
}

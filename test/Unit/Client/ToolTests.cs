using System.ComponentModel;
using System.Text.Json;
using Analemma.Abi.Syscalls;
using Analemma.Client.Tools;

namespace Analemma.Unit.Tests.Client;

/// <summary>A function as a tool: its schema, its arguments, its results, its time.</summary>
public sealed class ToolTests
{
    private static readonly CancellationToken None = TestContext.Current.CancellationToken;

    [Fact]
    public void The_schema_comes_from_the_parameters_and_their_descriptions()
    {
        var tool = Tool.From(Forecast);

        Assert.Equal(("Forecast", "The weather of the coming days."), (tool.Name, tool.Definition.Description));
        Assert.Equal(
            """
            {"type":"object","properties":{"city":{"description":"Its name, in English.","type":"string"},
            "days":{"type":"integer","default":1},"unit":{"enum":["Kelvin","Celsius"],"default":"Celsius"},
            "place":{"description":"A place on Earth.","type":"object",
            "properties":{"name":{"type":"string"},"height":{"description":"Metres above the sea.","type":"number","default":0}},
            "required":["name"]}},"required":["city"]}
            """.ReplaceLineEndings(""),
            tool.Definition.Parameters!.Value.GetRawText());
    }

    [Theory]
    [InlineData("""{"city":"Lhasa"}""", "Lhasa, 1 days, Celsius, nowhere")]
    [InlineData("""{"city":"Lhasa","days":5.0}""", "Lhasa, 5 days, Celsius, nowhere")]
    [InlineData("""{"city":"Lhasa","days":"5","unit":"Kelvin"}""", "Lhasa, 5 days, Kelvin, nowhere")]
    [InlineData("""{"city":"Lhasa","place":{"name":"Potala","height":3700}}""", "Lhasa, 1 days, Celsius, Potala")]
    [InlineData("""{"city":"Lhasa","place":null}""", "Lhasa, 1 days, Celsius, nowhere")]
    public async Task Arguments_become_what_the_function_takes(string arguments, string result) =>
        Assert.Equal(result, await ContentAsync(Tool.From(Forecast), arguments));

    [Theory]
    [InlineData("{}", "city is missing; it must be string")]
    [InlineData("""{"city":7}""", "city must be string, not 7")]
    [InlineData("""{"city":null}""", "city must be string, not null")]
    [InlineData("""{"city":"a","days":"five"}""", "days must be integer, not \"five\"")]
    [InlineData("""{"city":"a","days":5.5}""", "days must be integer, not 5.5")]
    [InlineData("""{"city":"a","unit":"Rankine"}""", "unit must be one of \"Kelvin\", \"Celsius\", not \"Rankine\"")]
    [InlineData("""{"city":"a","place":{}}""", "missing required properties including: 'name'")]
    [InlineData("""{"city":"a","place":{"name":"x","height":"high"}}""", "place.height: ")]
    [InlineData("""{"town":"a"}""", "town is not known; there are: city, days, unit, place; city is missing")]
    [InlineData("[1]", "the arguments must be an object")]
    public async Task What_does_not_fit_is_told_to_the_model(string arguments, string problem)
    {
        var result = await Tool.From(Forecast).InvokeAsync(Call(arguments), None);

        Assert.True(result.IsError);
        Assert.StartsWith("the arguments of Forecast are wrong: ", result.Content, StringComparison.Ordinal);
        Assert.Contains(problem, result.Content, StringComparison.Ordinal);
        Assert.Equal($"error: {result.Content}", result.ToMessage().Content);
    }

    [Fact]
    public async Task Results_of_every_shape_become_text()
    {
        Assert.Equal("as it is", await ContentAsync(Named(() => "as it is")));
        Assert.Equal("""{"name":"Lhasa","height":3656}""", await ContentAsync(Named(() => new Place("Lhasa", 3656))));
        Assert.Equal("\"Kelvin\"", await ContentAsync(Named(() => Unit.Kelvin)));
        Assert.Equal("[\"grüße\",\"日本\"]", await ContentAsync(Named(() => new List<string> { "grüße", "日本" })));
        Assert.Equal("null", await ContentAsync(Named(() => { })));
        Assert.Equal("null", await ContentAsync(Named(() => Task.CompletedTask)));
        Assert.Equal("null", await ContentAsync(Named(() => ValueTask.CompletedTask)));
        Assert.Equal("7", await ContentAsync(Named(() => Task.FromResult(7))));
        Assert.Equal("8", await ContentAsync(Named(() => ValueTask.FromResult(8))));
        Assert.Equal("9", await ContentAsync(Named(async () =>
        {
            await Task.Yield();
            return 9;
        })));
    }

    [Fact]
    public async Task A_long_result_is_cut_between_characters_and_says_so()
    {
        var options = new ToolOptions { Name = "f", ResultBytesMax = 79 };

        Assert.Equal(
            new string('é', 39) + "\n[cut here: 79 of 80 bytes]",
            await ContentAsync(Tool.From(() => new string('é', 40), options)));
        Assert.Equal(
            new string('é', 40),
            await ContentAsync(Tool.From(() => new string('é', 40), options with { ResultBytesMax = 80 })));
    }

    [Fact]
    public async Task What_a_function_throws_is_a_result_unless_it_is_to_be_rethrown()
    {
        Func<string> fails = () => throw new ArgumentException("no such city");
        Func<Task<string>> failsLater = async () =>
        {
            await Task.Yield();
            throw new ArgumentException("no such city");
        };
        foreach (var function in new Delegate[] { fails, failsLater })
        {
            var told = await Named(function).InvokeAsync(Call("{}"), None);
            Assert.Equal((true, "ArgumentException: no such city"), (told.IsError, told.Content));

            var options = new ToolOptions { Name = "f", Rethrows = failed => failed is ArgumentException };
            var thrower = Tool.From(function, options);
            await Assert.ThrowsAsync<ArgumentException>(() => thrower.InvokeAsync(Call("{}"), None));
        }
    }

    [Fact]
    public async Task A_function_that_hangs_is_given_up()
    {
        using var release = new ManualResetEventSlim();
        var limit = TimeSpan.FromMilliseconds(10);
        Action stuck = () => release.Wait(None);
        var told = await Tool.From(stuck, new() { Name = "stuck", Timeout = limit }).InvokeAsync(Call("{}"), None);
        Assert.Equal((true, "stuck did not end within 0.01 s and was given up"), (told.IsError, told.Content));
        release.Set();

        var heeded = new TaskCompletionSource();
        Func<CancellationToken, Task> heeds = async token =>
        {
            token.Register(heeded.SetResult);
            await Task.Delay(Timeout.Infinite, token);
        };
        told = await Tool.From(heeds, new() { Name = "heeds", Timeout = limit }).InvokeAsync(Call("{}"), None);
        Assert.Equal((true, "heeds did not end within 0.01 s and was given up"), (told.IsError, told.Content));
        await heeded.Task.WaitAsync(None);
    }

    [Fact]
    public async Task The_callers_cancelling_is_the_callers()
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(None);
        Func<CancellationToken, Task> waits = async token =>
        {
            await cancel.CancelAsync();
            await Task.Delay(Timeout.Infinite, token);
        };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Named(waits).InvokeAsync(Call("{}"), cancel.Token));
    }

    [Fact]
    public void What_cannot_be_a_tool_is_refused_when_it_is_made()
    {
        static void Out(out int x) => x = 0;
        Assert.Throws<ArgumentException>(() => Tool.From(() => 1));
        Assert.Throws<ArgumentException>(() => Tool.From(Forecast, new() { Name = "two words" }));
        Assert.Throws<ArgumentException>(() => Tool.From(Forecast, new() { Timeout = TimeSpan.Zero }));
        Assert.Throws<ArgumentException>(() => Tool.From(Forecast, new() { ResultBytesMax = 1 }));
        var refused = Assert.Throws<ArgumentException>(() => Tool.From(Out, new() { Name = "out" }));
        Assert.Contains("parameter x", refused.Message, StringComparison.Ordinal);
    }

    [Description("The weather of the coming days.")]
    private static string Forecast(
        [Description("Its name, in English.")] string city,
        int days = 1,
        Unit unit = Unit.Celsius,
        Place? place = null) =>
        $"{city}, {days} days, {unit}, {place?.Name ?? "nowhere"}";

    private static Tool Named(Delegate function) => Tool.From(function, new ToolOptions { Name = "f" });

    private static ToolCall Call(string arguments) =>
        new("c1", "f") { Arguments = JsonSerializer.Deserialize<JsonElement>(arguments) };

    private static async Task<string> ContentAsync(Tool tool, string arguments = "{}")
    {
        var result = await tool.InvokeAsync(Call(arguments), None);
        Assert.False(result.IsError, result.Content);
        return result.Content;
    }

    internal enum Unit
    {
        Kelvin,
        Celsius,
    }

    [Description("A place on Earth.")]
    internal sealed record Place(string Name, [property: Description("Metres above the sea.")] double Height = 0);
}

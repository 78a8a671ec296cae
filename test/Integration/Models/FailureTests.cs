using System.Net;
using System.Net.Sockets;
using Analemma.Integration.Tests.Models.Wire;
using Analemma.Models;
using Microsoft.Extensions.AI;

namespace Analemma.Integration.Tests.Models;

/// <summary>Whatever goes wrong at whichever provider is the same typed error, and never shows the key.</summary>
public sealed class FailureTests
{
    private static readonly TimeSpan FirstByte = TimeSpan.FromSeconds(11);
    private static readonly TimeSpan BetweenChunks = TimeSpan.FromSeconds(7);

    private static readonly (WireError Error, ModelCallReason Reason, bool CanRetry)[] Mapping =
    [
        (WireError.KeyRejected, ModelCallReason.KeyRejected, false),
        (WireError.Forbidden, ModelCallReason.KeyRejected, false),
        (WireError.UnknownModel, ModelCallReason.UnknownModel, false),
        (WireError.RateLimited, ModelCallReason.RateLimited, true),
        (WireError.ServerError, ModelCallReason.Overloaded, true),
        (WireError.Overloaded, ModelCallReason.Overloaded, true),
        (WireError.PromptTooLong, ModelCallReason.PromptTooLong, false),
        (WireError.ImageTooLarge, ModelCallReason.ImageTooLarge, false),
        (WireError.BadRequest, ModelCallReason.BadRequest, false),
    ];

    public static TheoryData<string, bool> Both => AnswerTests.Both;

    public static TheoryData<string, bool> BothOnTheWire => new(
        from provider in (string[])["gemini", "openai", "anthropic"]
        from isStream in (bool[])[false, true]
        select (provider, isStream));

    public static TheoryData<string, WireError, bool> Errors => new(
        from provider in (string[])["gemini", "openai", "anthropic", "sim"]
        from error in Enum.GetValues<WireError>()
        where provider != "sim" || error is WireError.RateLimited or WireError.ServerError or WireError.Overloaded
        from isStream in (bool[])[false, true]
        select (provider, error, isStream));

    [Theory]
    [MemberData(nameof(Errors))]
    public async Task Each_error_has_its_reason_and_says_who_and_whether_to_retry(
        string provider, WireError error, bool isStream)
    {
        await using var stage = Stage.Open(provider, new Scene.Fails(error));

        var failure = await stage.FailAsync(isStream);

        AssertMapping(error, failure);
        Assert.Equal(provider, failure.Provider);
        Assert.Equal(Stage.Model, failure.Model);
        Assert.NotNull(failure.HttpStatus);
        Assert.Contains(failure.Reason.Code(), failure.Message, StringComparison.Ordinal);
        Assert.True(stage.Server is null || stage.Server.Requests.Count == 1, "the package tried again by itself");
    }

    /// <summary>The negative control of the rows above.</summary>
    [Fact]
    public async Task A_wrong_mapping_is_seen()
    {
        await using var stage = Stage.Open("gemini", new Scene.Fails(WireError.Overloaded));

        var failure = await stage.FailAsync();

        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => AssertMapping(WireError.RateLimited, failure));
    }

    [Theory]
    [InlineData("gemini", "")]
    [InlineData("openai", "Retry-After: 7\r\n")]
    [InlineData("anthropic", "Retry-After: 7\r\n")]
    [InlineData("sim", "")]
    public async Task The_wait_that_a_provider_asks_for_is_told(string provider, string headers)
    {
        await using var stage = Stage.Open(provider, new Scene.Fails(WireError.RateLimited, Headers: headers));

        var failure = await stage.FailAsync();

        Assert.Equal(TimeSpan.FromSeconds(7), failure.RetryAfter);
        Assert.Equal(429, failure.HttpStatus);
    }

    [Fact]
    public async Task A_date_to_retry_after_is_a_wait_from_now()
    {
        await using var stage = Stage.Open(
            "openai",
            new Scene.Fails(WireError.Overloaded, Headers: "Retry-After: Thu, 01 Jan 1970 00:01:30 GMT\r\n"),
            new StepClock());

        Assert.Equal(TimeSpan.FromSeconds(90), (await stage.FailAsync()).RetryAfter);
    }

    [Theory]
    [MemberData(nameof(BothOnTheWire))]
    public async Task The_key_is_in_no_error_even_when_the_server_echoes_it(string provider, bool isStream)
    {
        foreach (var error in Enum.GetValues<WireError>())
        {
            await using var stage = Stage.Open(provider, new Scene.Fails(error, $"You sent {Stage.Canary}, why?"));

            AssertNoKey(await stage.FailAsync(isStream), stage);
        }

        foreach (var body in (string[])[Stage.Canary, $"{{\"id\":{{\"{Stage.Canary}\":1}}}}"])
        {
            await using var stage = Stage.Open(provider, new Scene.Wire(exchange => exchange.AnswerAsync(200, body)));

            AssertNoKey(await stage.FailAsync(isStream), stage);
        }
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_cancelled_call_ends_at_the_server_too(string provider, bool isStream)
    {
        var clock = new StepClock();
        await using var stage = Stage.Open(provider, new Scene.Stalls(), clock, Patient);
        using var cancel = new CancellationTokenSource();

        var call = isStream
            ? stage.Client.GetStreamingResponseAsync(Calls.Hello, null, cancel.Token).ToChatResponseAsync(Calls.Token)
            : stage.Client.GetResponseAsync(Calls.Hello, null, cancel.Token);
        await Soon(stage.Server?.Received ?? clock.WhenArmed(FirstByte));
        Assert.False(stage.Server?.ClientLeft.IsCompleted ?? false);
        await cancel.CancelAsync();

        var failure = await Assert.ThrowsAsync<ModelCallException>(() => call);
        Assert.Equal(ModelCallReason.Cancelled, failure.Reason);
        Assert.False(failure.CanRetry);
        await Soon(stage.Server?.ClientLeft ?? Task.CompletedTask);
    }

    [Theory]
    [InlineData("gemini")]
    [InlineData("openai")]
    [InlineData("anthropic")]
    [InlineData("sim")]
    public async Task A_stream_cancelled_after_its_first_piece_ends_at_the_server_too(string provider)
    {
        await using var stage = Stage.Open(provider, new Scene.Stalls("one", " two"), new StepClock(), Patient);
        using var cancel = new CancellationTokenSource();
        await using var updates = stage.Client.GetStreamingResponseAsync(Calls.Hello, null, cancel.Token)
            .GetAsyncEnumerator(cancel.Token);

        Assert.True(await updates.MoveNextAsync());
        var next = updates.MoveNextAsync();
        Assert.False(stage.Server?.ClientLeft.IsCompleted ?? false);
        await cancel.CancelAsync();

        var failure = await Assert.ThrowsAsync<ModelCallException>(() => next.AsTask());
        Assert.Equal(ModelCallReason.Cancelled, failure.Reason);
        await Soon(stage.Server?.ClientLeft ?? Task.CompletedTask);
    }

    [Theory]
    [InlineData("gemini")]
    [InlineData("openai")]
    [InlineData("anthropic")]
    [InlineData("sim")]
    public async Task Whoever_stops_reading_a_stream_ends_it_at_the_server(string provider)
    {
        await using var stage = Stage.Open(provider, new Scene.Stalls("one", " two"), new StepClock(), Patient);

        await foreach (var update in stage.Client.GetStreamingResponseAsync(Calls.Hello, null, Calls.Token))
        {
            Assert.Equal("one", update.Text);
            break;
        }

        await Soon(stage.Server?.ClientLeft ?? Task.CompletedTask);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task An_answer_that_does_not_begin_times_out(string provider, bool isStream)
    {
        var clock = new StepClock();
        await using var stage = Stage.Open(provider, new Scene.Stalls(), clock, Patient);

        var call = stage.FailAsync(isStream);
        await Soon(stage.Server?.Received ?? Task.CompletedTask);
        await clock.PassUntilDoneAsync(FirstByte, call);

        var failure = await call;
        Assert.Equal(ModelCallReason.TimedOut, failure.Reason);
        Assert.Contains("11 s", failure.Message, StringComparison.Ordinal);
        Assert.True(failure.CanRetry);
    }

    [Theory]
    [InlineData("gemini")]
    [InlineData("openai")]
    [InlineData("anthropic")]
    [InlineData("sim")]
    public async Task A_stream_that_stops_coming_times_out_after_what_has_come(string provider)
    {
        var clock = new StepClock();
        await using var stage = Stage.Open(provider, new Scene.Stalls("one", " two"), clock, Patient);
        var updates = stage.Client.GetStreamingResponseAsync(Calls.Hello, null, Calls.Token)
            .GetAsyncEnumerator(Calls.Token);

        Assert.True(await updates.MoveNextAsync());
        Assert.Equal("one", updates.Current.Text);
        var next = Assert.ThrowsAsync<ModelCallException>(() => updates.MoveNextAsync().AsTask());
        await clock.PassUntilDoneAsync(BetweenChunks, next);

        var failure = await next;
        Assert.Equal(ModelCallReason.TimedOut, failure.Reason);
        Assert.Contains("7 s", failure.Message, StringComparison.Ordinal);
        await updates.DisposeAsync();
    }

    [Theory]
    [InlineData("gemini")]
    [InlineData("openai")]
    [InlineData("anthropic")]
    public async Task A_host_that_takes_no_connection_times_out(string provider)
    {
        // One connection waits, which is all that this backlog holds: the next one's SYN is not answered.
        using var full = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        full.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        full.Listen(0);
        using var first = new TcpClient();
        await first.ConnectAsync((IPEndPoint)full.LocalEndPoint!, Calls.Token);

        var failure = await FailAtAsync(provider, (IPEndPoint)full.LocalEndPoint!);

        Assert.Equal(ModelCallReason.TimedOut, failure.Reason);
        Assert.Contains("no connection within 0.2 s", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gemini")]
    [InlineData("openai")]
    [InlineData("anthropic")]
    public async Task A_port_that_nobody_listens_on_is_unreachable(string provider)
    {
        // Bound and not listening: nobody else can take the port meanwhile.
        using var deaf = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        deaf.Bind(new IPEndPoint(IPAddress.Loopback, 0));

        var failure = await FailAtAsync(provider, (IPEndPoint)deaf.LocalEndPoint!);

        Assert.Equal(ModelCallReason.Unreachable, failure.Reason);
        Assert.Null(failure.HttpStatus);
        Assert.True(failure.CanRetry);
    }

    [Theory]
    [MemberData(nameof(BothOnTheWire))]
    public async Task A_connection_that_ends_without_an_answer_is_unreachable(string provider, bool isStream)
    {
        await using var stage = Stage.Open(provider, new Scene.Wire(exchange =>
        {
            exchange.Close();
            return Task.CompletedTask;
        }));

        Assert.Equal(ModelCallReason.Unreachable, (await stage.FailAsync(isStream)).Reason);
    }

    [Theory]
    [MemberData(nameof(BothOnTheWire))]
    public async Task A_redirect_is_not_followed_with_the_key(string provider, bool isStream)
    {
        await using var other = new LoopbackServer(exchange => exchange.AnswerAsync(200, "{}"));
        await using var stage = Stage.Open(provider, new Scene.Wire(exchange =>
            exchange.AnswerAsync(307, "", $"Location: {other.Url}\r\n")));

        Assert.Equal(ModelCallReason.BadRequest, (await stage.FailAsync(isStream)).Reason);
        Assert.Empty(other.Requests);
    }

    /// <summary>Only so that a test that fails ends.</summary>
    private static Task Soon(Task task) => task.WaitAsync(TimeSpan.FromSeconds(30), Calls.Token);

    private static ModelDriverOptions Patient(ModelDriverOptions options) => options with
    {
        Timeouts = new() { FirstByte = FirstByte, BetweenChunks = BetweenChunks },
    };

    private static async Task<ModelCallException> FailAtAsync(string provider, IPEndPoint place)
    {
        var options = new ModelDriverOptions
        {
            Name = provider,
            Kind = ProviderWire.Of(provider).Kind,
            BaseUrl = new Uri($"http://{place}"),
            DefaultModel = Stage.Model,
            Timeouts = new() { Connect = TimeSpan.FromMilliseconds(200) },
        };
        using var drivers = new ModelDrivers([options], TimeProvider.System);
        return await Assert.ThrowsAsync<ModelCallException>(
            () => drivers.Open(provider).GetResponseAsync(Calls.Hello, null, Calls.Token));
    }

    private static void AssertMapping(WireError error, ModelCallException failure)
    {
        var (_, reason, canRetry) = Mapping.Single(row => row.Error == error);
        Assert.Equal(reason, failure.Reason);
        Assert.Equal(canRetry, failure.CanRetry);
    }

    private static void AssertNoKey(ModelCallException failure, Stage stage)
    {
        for (Exception? each = failure; each is not null; each = each.InnerException)
        {
            Assert.DoesNotContain(Stage.Canary, each.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain(Stage.Canary, each.Message, StringComparison.Ordinal);
        }

        Assert.DoesNotContain(Stage.Canary, failure.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain(Stage.Canary, stage.Options.ToString(), StringComparison.Ordinal);
        Assert.Contains(Stage.Canary, stage.Server!.Requests.Last().Headers.Values.Single(
            value => value.EndsWith(Stage.Canary, StringComparison.Ordinal)), StringComparison.Ordinal);
    }
}

using Analemma.Abi;
using Analemma.Daemon;
using Analemma.Daemon.Runners.Supervision;
using Analemma.Kernel.Effects;
using Analemma.Unit.Tests.Daemon.Workflows;
using Microsoft.Extensions.Logging;

namespace Analemma.Unit.Tests.Daemon;

public sealed class WebhookTests
{
    private static readonly Escalation Told = new(
        1, "a", "f", new ProcessId(7), new ProcessId(7), "root", ["a exited with code 1"], "http://hook.example/");

    [Fact]
    public async Task A_connection_that_times_out_is_tried_again_and_then_given_up()
    {
        HandClock clock = new();
        StringWriter lines = new();
        UnreachableHost host = new();
        using (ConsoleLog log = new("test", LogLevel.Information, lines, clock))
        using (Webhook webhook = new(clock, log, host))
        {
            var telling = webhook.TellAsync(Told.Webhook!, Told, [], TestContext.Current.CancellationToken);
            while (!telling.IsCompleted)
            {
                clock.Advance(DaemonLimits.WebhookPause);
                await Task.Yield();
            }

            await telling;
        }

        Assert.Equal(DaemonLimits.WebhookAttemptsMax, host.Asked);
        Assert.Contains("no answer within 10 s", lines.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_kernel_that_stops_does_not_wait_for_it()
    {
        HandClock clock = new();
        using ConsoleLog log = new("test", LogLevel.Information, TextWriter.Null, clock);
        using Webhook webhook = new(clock, log, new UnreachableHost());
        using CancellationTokenSource stopping = new();
        var telling = webhook.TellAsync(Told.Webhook!, Told, [], stopping.Token);
        await stopping.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => telling);
    }

    /// <summary>Says what SocketsHttpHandler says when ConnectTimeout is over.</summary>
    private sealed class UnreachableHost : HttpMessageHandler
    {
        public int Asked { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Asked++;
            throw new TaskCanceledException("no connection", new TimeoutException());
        }
    }
}

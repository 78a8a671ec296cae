using System.Net;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Telemetry.Export;

namespace Analemma.Unit.Tests.Daemon.Telemetry;

public sealed class PrometheusEndpointTests
{
    private const int MoreThanAtOnce = 20;

    [Fact]
    public async Task A_reading_that_fails_keeps_no_place()
    {
        var readings = 0;
        await using PrometheusEndpoint endpoint = new(
            new IPEndPoint(IPAddress.Loopback, 0),
            () => Interlocked.Increment(ref readings) <= MoreThanAtOnce
                ? throw new InvalidOperationException("no reading")
                : Task.FromResult(new MetricsReply(DateTimeOffset.UnixEpoch, [])),
            TimeProvider.System);
        using HttpClient client = new() { Timeout = TimeSpan.FromSeconds(20) };
        Uri address = new($"http://{endpoint.Address}/metrics");
        HttpResponseMessage? answer = null;
        while (answer is null)
        {
            try
            {
                answer = await client.GetAsync(address, TestContext.Current.CancellationToken);
            }
            catch (HttpRequestException)
            {
                // Nothing was answered. The client has tried several times itself.
            }
        }

        Assert.Equal(MoreThanAtOnce + 1, readings);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        answer.Dispose();
    }
}

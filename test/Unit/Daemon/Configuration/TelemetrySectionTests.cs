using Analemma.Daemon.Configuration.Sections;

namespace Analemma.Unit.Tests.Daemon.Configuration;

public sealed class TelemetrySectionTests
{
    [Theory]
    [InlineData("9464", "127.0.0.1:9464")]
    [InlineData("localhost:9464", "127.0.0.1:9464")]
    [InlineData("127.0.0.1:0", "127.0.0.1:0")]
    [InlineData("0.0.0.0:9464", "0.0.0.0:9464")]
    [InlineData("[::1]:9464", "[::1]:9464")]
    public void An_endpoint_is_on_loopback_unless_it_says_otherwise(string written, string meant)
    {
        var section = new TelemetrySection { Prometheus = written };
        Assert.Empty(section.Problems());
        Assert.Equal(meant, section.ToOptions(_ => null).Prometheus!.ToString());
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("example.com:9464")]
    [InlineData("127.0.0.1:99999")]
    [InlineData("::1")]
    [InlineData(":9464")]
    [InlineData("yes")]
    public void An_endpoint_that_is_none_is_a_problem(string written) =>
        Assert.StartsWith(
            $"telemetry.prometheus is '{written}'; it must be",
            Assert.Single(new TelemetrySection { Prometheus = written }.Problems()),
            StringComparison.Ordinal);

    [Theory]
    [InlineData("127.0.0.1:4318")]
    [InlineData("grpc://127.0.0.1:4317")]
    public void A_collector_is_an_http_url(string written) =>
        Assert.Single(new TelemetrySection { Otlp = written }.Problems());

    [Fact]
    public void The_standard_variables_name_a_collector_and_switch_it_off()
    {
        Assert.False(new TelemetrySection().ToOptions(_ => null).HasOtlp);
        Assert.True(new TelemetrySection { Otlp = "http://127.0.0.1:1" }.ToOptions(_ => null).HasOtlp);
        Assert.True(new TelemetrySection().ToOptions(Named("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")).HasOtlp);
        Assert.False(new TelemetrySection { Otlp = "http://127.0.0.1:1" }
            .ToOptions(name => name == "OTEL_SDK_DISABLED" ? "true" : null).HasOtlp);

        static Func<string, string?> Named(string variable) =>
            name => name == variable ? "http://127.0.0.1:4318/v1/traces" : null;
    }
}

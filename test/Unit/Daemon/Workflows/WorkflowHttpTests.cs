using System.Text;
using Analemma.Daemon.Http;
using Analemma.Daemon.Loop;
using Analemma.Daemon.Runners;
using Analemma.Daemon.Workflows;
using Analemma.Daemon.Workflows.Api;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace Analemma.Unit.Tests.Daemon.Workflows;

/// <summary>What the endpoint of workflows does before it serves anything.</summary>
public sealed class WorkflowHttpTests : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("analemma-http-").FullName;
    private readonly BackgroundTasks _background = new(_ => { }, NullLogger.Instance);
    private WorkflowHost? _host;

    private string Database => Path.Combine(_folder, "workflows.db");

    [Theory]
    [InlineData("/", "Origin", "http://evil.example", "localhost")]
    [InlineData("/v1/executions", "Sec-Fetch-Site", "cross-site", "localhost")]
    [InlineData("/v1/executions", "Accept", "*/*", "evil.example")]
    public async Task A_page_of_a_browser_has_nothing_read_and_nothing_opened(
        string path, string header, string value, string host)
    {
        var http = Request(path, host);
        http.Request.Headers[header] = value;
        http.Request.Body = new NeverRead();
        await Host(Path.Combine(_folder, "payloads")).Http.ServeAsync(http);

        Assert.InRange(http.Response.StatusCode, 400, 403);
        Assert.Contains(
            path == "/" ? "AccessDeniedException" : "access_denied", Answer(http), StringComparison.Ordinal);
        Assert.False(File.Exists(Database));
    }

    [Theory]
    [InlineData("/", "ServiceUnavailable")]
    [InlineData("/v1/executions", "service_unavailable")]
    public async Task A_store_that_cannot_be_opened_is_told(string path, string code)
    {
        var file = Path.Combine(_folder, "file");
        await File.WriteAllTextAsync(file, "", TestContext.Current.CancellationToken);
        var http = Request(path, "localhost");
        await Host(file).Http.ServeAsync(http);

        Assert.Equal(503, http.Response.StatusCode);
        Assert.Contains(code, Answer(http), StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        _host?.Dispose();
        await _background.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private WorkflowHost Host(string payloads) => _host = new WorkflowHost(
        new WorkflowOptions { Path = Database, PayloadsFolder = payloads },
        new WorkflowKernel(null!, null!, new CallTable()),
        _background,
        TimeProvider.System,
        NullLogger.Instance);

    private static DefaultHttpContext Request(string path, string host)
    {
        DefaultHttpContext http = new();
        http.Features.Set<HttpOrigin>(new WorkflowEndpoint(
            null!, null!, null!, new WorkflowOptions { Path = "/none" }, TimeProvider.System));
        http.Request.Method = "POST";
        http.Request.Host = new HostString(host);
        http.Request.Path = path;
        http.Response.Body = new MemoryStream();
        return http;
    }

    private static string Answer(HttpContext http) =>
        Encoding.UTF8.GetString(((MemoryStream)http.Response.Body).ToArray());

    private sealed class NeverRead : MemoryStream
    {
        public override int Read(byte[] buffer, int offset, int count) => throw Wrong();

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw Wrong();

        public override Task<int> ReadAsync(
            byte[] buffer, int offset, int count, CancellationToken cancellationToken) => throw Wrong();

        private static InvalidOperationException Wrong() => new("the body was read");
    }
}

using System.Diagnostics;
using System.Globalization;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Client;
using Analemma.Integration.Tests.Kernel;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Tools;

/// <summary>Servers of tools over HTTP: a real one on the loopback, with and without a secret header.</summary>
public sealed class HttpToolTests
{
    private const string Canary = "canary-1f9a";

    [Fact]
    public async Task A_server_over_http_is_called_like_any_other()
    {
        await using var server = await HttpServer.StartAsync();
        await using var kernel = await ToolKernel.StartAsync($"[tools.web]\nurl = \"{server.Address}\"\n");

        Assert.Equal("hello from hello", (await kernel.CallToolAsync("web/hello")).Content);
        var view = await kernel.ServerAsync("web");
        Assert.Equal(
            ("http", "ready", "http tests 2.0", 9, 0), (view.Transport, view.State, view.Says, view.Tools, view.Pid));
        var stream = kernel.Client.CallTool(new CallTool { Name = "web/progress" });
        await foreach (var step in stream.WithCancellation(Token))
        {
            Assert.InRange(step.Progress, 1, 2);
        }

        Assert.Equal("done", stream.Reply.Content);
    }

    [Fact]
    public async Task A_secret_reaches_the_server_and_is_seen_nowhere_else()
    {
        await using var server = await HttpServer.StartAsync("--guarded");
        await using var kernel = await ToolKernel.StartAsync($"""
            [tools.web]
            url = "{server.Address}"
            headers.Authorization = "Bearer secret:web"
            [tools.wrong]
            url = "{server.Address}"
            headers.Authorization = "Bearer secret:other"
            """);
        var unset = await RefusedAsync(kernel, "web/hello");
        Assert.Equal(
            "web: the secret web is not set; `analemma secret set web` sets it", unset.Message);

        await kernel.Client.SecretSetAsync(new SecretSet { Name = "web", Value = Canary }, Token);
        await kernel.Client.SecretSetAsync(new SecretSet { Name = "other", Value = "canary-wrong" }, Token);
        await kernel.Client.RestartToolsAsync(new RestartTools { Server = "web" }, Token);
        Assert.Equal("hello from hello", (await kernel.CallToolAsync("web/hello")).Content);

        // It says back what it was sent: that must not get further than the kernel.
        var said = await kernel.CallToolAsync("web/headers");
        Assert.Contains("Bearer [secret]", said.Content, StringComparison.Ordinal);
        Assert.Equal("Bearer [secret]", said.Structured!.Value.GetProperty("Authorization").GetString());
        var refused = await RefusedAsync(kernel, "wrong/hello");
        Assert.Contains("401", refused.Message, StringComparison.Ordinal);
        var servers = await kernel.Client.ToolServersAsync(Token);
        string[] outputs =
        [
            said.Content, said.Structured.Value.GetRawText(), refused.Message, refused.Hint ?? "", kernel.Log,
            .. servers.Select(one => $"{one}"),
        ];
        Assert.All(outputs, output => Assert.DoesNotContain("canary", output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task One_that_is_away_dies_or_says_too_much_is_a_typed_error_and_comes_back()
    {
        await using var server = await HttpServer.StartAsync();
        await using var kernel = await ToolKernel.StartAsync($"""
            [tools.web]
            url = "{server.Address}"
            start_timeout_ms = 3000
            [tools.moved]
            url = "{server.Address.Replace("/mcp", "/elsewhere", StringComparison.Ordinal)}"
            start_timeout_ms = 3000
            """);
        Assert.Equal("hello from hello", (await kernel.CallToolAsync("web/hello")).Content);
        Assert.Equal(SysErrorCode.ToolFailed, (await RefusedAsync(kernel, "web/flood")).Code);
        Assert.Equal(SysErrorCode.ToolFailed, (await RefusedAsync(kernel, "web/drop")).Code);
        Assert.Equal("hello from hello", (await kernel.CallToolAsync("web/hello")).Content);
        Assert.Equal(SysErrorCode.TimedOut, (await RefusedAsync(kernel, "web/late", 200)).Code);
        Assert.Equal(SysErrorCode.ToolFailed, (await RefusedAsync(kernel, "moved/hello")).Code);

        Assert.Equal(SysErrorCode.ToolFailed, (await RefusedAsync(kernel, "web/die")).Code);
        var gone = await Assert.ThrowsAsync<SyscallException>(
            () => kernel.Client.RestartToolsAsync(new RestartTools { Server = "web" }, Token));
        Assert.Equal(SysErrorCode.ToolFailed, gone.Code);
        Assert.Equal("failed", (await kernel.ServerAsync("web")).State);
        Assert.Equal(0, (await kernel.ServerAsync("web")).Running);
    }

    [Fact]
    public async Task It_has_a_session_says_when_its_tools_are_others_and_may_forget_it()
    {
        await using var server = await HttpServer.StartAsync();
        await using var kernel = await ToolKernel.StartAsync($"[tools.web]\nurl = \"{server.Address}\"\n");

        Assert.Equal("there is one more", (await kernel.CallToolAsync("web/write")).Content);
        while (!(await kernel.Client.ListToolsAsync(new ListTools { Server = "web" }, Token))
            .Tools.Any(tool => tool.Name == "web/extra"))
        {
            await Task.Yield();
        }

        Assert.Equal("hello from extra", (await kernel.CallToolAsync("web/extra")).Content);

        // A session that the server no longer knows ends as a server does: whether the call was made is not known.
        await kernel.CallToolAsync("web/forget");
        Assert.Equal(SysErrorCode.ToolFailed, (await RefusedAsync(kernel, "web/hello")).Code);
        Assert.Equal("hello from hello", (await kernel.CallToolAsync("web/hello")).Content);
    }

    private static Task<SyscallException> RefusedAsync(RunningKernel kernel, string name, long? timeoutMs = null) =>
        Assert.ThrowsAsync<SyscallException>(() => kernel.CallToolAsync(name, timeoutMs: timeoutMs));

    private sealed class HttpServer : IAsyncDisposable
    {
        private readonly Process _process;

        private HttpServer(Process process, int port) =>
            (_process, Address) = (process, $"http://127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}/mcp");

        public string Address { get; }

        public static async Task<HttpServer> StartAsync(params string[] arguments)
        {
            ProcessStartInfo start = new("python3", [Path.Combine(ToolKernel.Servers, "http_server.py"), .. arguments])
            {
                RedirectStandardOutput = true,
            };
            var process = Process.Start(start)!;
            var port = await process.StandardOutput.ReadLineAsync(Token);
            return new HttpServer(process, int.Parse(port!, CultureInfo.InvariantCulture));
        }

        public async ValueTask DisposeAsync()
        {
            _process.Kill();
            await _process.WaitForExitAsync();
            _process.Dispose();
        }
    }
}

using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Client;
using Analemma.Integration.Tests.Cli;
using Analemma.Integration.Tests.Kernel;
using Analemma.Integration.Tests.Models;
using Analemma.Integration.Tests.Models.Wire;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Secrets;

public sealed class SecretCallTests
{
    private const string Canary = "canary-secret-6f20c4";

    [Fact]
    public async Task Secrets_outlive_their_kernel_and_leave_no_trace_of_their_values()
    {
        await using var kernel = await RunningKernel.StartAsync("--kernel.log_level=debug");
        List<EventView> events = [];
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var watching = WatchAsync(kernel, events, enough);
        var set = new SecretSet { Name = "token", Value = Canary };
        Assert.False((await kernel.Client.SecretSetAsync(set, Token)).Replaced);
        do
        {
            // Until the subscription, which has no receipt, has seen two.
            Assert.True((await kernel.Client.SecretSetAsync(set, Token)).Replaced);
        }
        while (!watching.IsCompleted);
        await watching;
        await kernel.CrashAsync();
        await kernel.BeginAsync();

        var kept = Assert.Single(await kernel.Client.SecretListAsync(Token));
        Assert.Equal("token", kept.Name);
        Assert.True(kept.ChangedAt >= kept.CreatedAt);
        Assert.Equal("replaced token", events[1].What);
        Assert.All(events, each => Assert.Null(each.Process));
        foreach (var file in Directory.EnumerateFiles(kernel.StateFolder, "*", SearchOption.AllDirectories)
            .Where(file => !file.EndsWith(".lock", StringComparison.Ordinal))
            .Where(file => new FileInfo(file) is { LinkTarget: null, Length: > 0 }))
        {
            Assert.DoesNotContain(Canary, ReadShared(file), StringComparison.Ordinal);
        }

        Assert.DoesNotContain(Canary, kernel.Log, StringComparison.Ordinal);
        await kernel.Client.SecretRemoveAsync(new SecretRemove { Name = "token" }, Token);
        var gone = await Assert.ThrowsAsync<SyscallException>(
            () => kernel.Client.SecretRemoveAsync(new SecretRemove { Name = "token" }, Token));
        Assert.Equal(SysErrorCode.NoSuchSecret, gone.Code);
    }

    [Fact]
    public async Task An_agent_can_neither_see_nor_change_them()
    {
        await using var kernel = await RunningKernel.StartAsync();
        await kernel.Client.SecretSetAsync(new SecretSet { Name = "token", Value = Canary }, Token);
        var agent = await kernel.SpawnPythonAsync(
            """
            import analemma
            with analemma.Kernel() as kernel:
                for call in (kernel.secret_list, lambda: kernel.secret_set("token", "x"),
                             lambda: kernel.secret_remove("token")):
                    try:
                        print("got", call())
                    except analemma.PermissionDenied as denied:
                        print("denied", denied.code, denied.hint)
            """);
        var end = await kernel.WaitAsync(agent);
        var output = await kernel.OutputAsync(agent);

        Assert.Equal(3, output.Split("denied permission_denied missing capability: secrets").Length - 1);
        Assert.DoesNotContain("got", output, StringComparison.Ordinal);
        Assert.Equal(3, end.Denied);
        Assert.Single(await kernel.Client.SecretListAsync(Token));
    }

    [Fact]
    public async Task A_store_that_cannot_be_used_is_a_refusal_that_says_what_to_do()
    {
        await using var kernel = await RunningKernel.StartAsync();
        await kernel.Client.SecretSetAsync(new SecretSet { Name = "token", Value = Canary }, Token);
        var key = Path.Combine(kernel.StateFolder, "secrets.key");
        File.SetUnixFileMode(key, File.GetUnixFileMode(key) | UnixFileMode.OtherRead);

        var refused = await Assert.ThrowsAsync<SyscallException>(
            () => kernel.Client.SecretSetAsync(new SecretSet { Name = "other", Value = Canary }, Token));

        Assert.Equal(SysErrorCode.SecretsUnusable, refused.Code);
        Assert.Contains("0604", refused.Message, StringComparison.Ordinal);
        Assert.Contains("chmod 600", refused.Hint, StringComparison.Ordinal);
        Assert.Single(await kernel.Client.SecretListAsync(Token));
    }

    [Theory]
    [InlineData("gemini")]
    [InlineData("openai")]
    [InlineData("anthropic")]
    public async Task A_providers_key_may_be_a_secret_and_be_changed_while_the_kernel_runs(string provider)
    {
        var wire = ProviderWire.Of(provider);
        await using var server = new LoopbackServer(exchange => new Scene.Answers("Yes.").PlayAsync(wire, exchange));
        var address = new Uri(server.Url, wire.BasePath).AbsoluteUri.TrimEnd('/');
        await using var kernel = await RunningKernel.StartAsync(
            $"--{provider}.key=secret:the-key", $"--{provider}.base_url={address}",
            $"--{provider}.models=test-model-1", "--models.prices=test-model-1=0/0");
        var think = new Think { Prompt = "Hello?" };

        var unset = await Assert.ThrowsAsync<SyscallException>(() => kernel.Client.ThinkAsync(think, Token));
        Assert.Contains("analemma secret set the-key", unset.Message + unset.Hint, StringComparison.Ordinal);
        Assert.Empty(server.Requests);
        foreach (var value in new[] { Canary, Canary + "-2" })
        {
            await kernel.Client.SecretSetAsync(new SecretSet { Name = "the-key", Value = value + "\n" }, Token);
            Assert.Equal("Yes.", (await kernel.Client.ThinkAsync(think, Token)).Content);
            Assert.Contains(value, server.Requests.Last().Headers[wire.KeyHeader], StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_command_takes_a_value_from_a_pipe_or_a_file_and_shows_none()
    {
        await using var cli = new CliProcess();
        Assert.Equal(0, (await cli.RunAsync("kernel", "start")).Code);
        var file = Path.Combine(cli.Folder, "value.txt");
        await File.WriteAllTextAsync(file, Canary + "\n", Token);

        var fromFile = await cli.RunAsync("secret", "set", "from-file", "--from-file", file);
        Assert.Equal("from-file is set\n", fromFile.Output);
        Assert.Equal("from-pipe is set\n", (await PipeAsync(cli, Canary, "secret", "set", "from-pipe")).Output);
        var (code, _, error) = await PipeAsync(cli, "", "secret", "set", "nothing");
        Assert.Equal(1, code);
        Assert.Contains("value must be text", error, StringComparison.Ordinal);
        Assert.Equal(2, (await cli.RunAsync("secret", "set", "name", "a-value-as-argument")).Code);

        var json = JsonDocument.Parse((await cli.RunAsync("secret", "list", "--json")).Output).RootElement;
        Assert.Equal(
            ["from-file", "from-pipe"],
            json.GetProperty("secrets").EnumerateArray().Select(each => each.GetProperty("name").GetString()));
        Assert.Contains("from-pipe", (await cli.RunAsync("secret", "list")).Output, StringComparison.Ordinal);
        Assert.Equal("from-file is forgotten\n", (await cli.RunAsync("secret", "rm", "from-file")).Output);
        var again = await cli.RunAsync("secret", "rm", "from-file");
        Assert.Contains("no_such_secret", again.Error, StringComparison.Ordinal);
    }

    /// <summary>On a terminal, which is here one that Python makes.</summary>
    [Fact]
    public async Task What_is_typed_at_a_terminal_is_not_shown()
    {
        await using var cli = new CliProcess();
        Assert.Equal(0, (await cli.RunAsync("kernel", "start")).Code);
        const string typist =
            """
            import os, pty, sys
            pid, terminal = pty.fork()
            if pid == 0:
                os.execv(sys.argv[1], sys.argv[1:])
            seen = b""
            typed = False
            while True:
                try:
                    piece = os.read(terminal, 4096)
                except OSError:
                    break
                if not piece:
                    break
                seen += piece
                if not typed and b"(not shown): " in seen:
                    typed = True
                    os.write(terminal, b"canary-secrex\x7ft-6f20c4\r")
            sys.stdout.buffer.write(seen)
            sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
            """;
        var start = new ProcessStartInfo("python3", [
            "-c", typist, Product.Cli, "--socket", cli.Socket,
            "secret", "set", "typed",
        ])
        {
            RedirectStandardOutput = true,
        };

        using var typing = Process.Start(start)!;
        var seen = await typing.StandardOutput.ReadToEndAsync(Token);
        await typing.WaitForExitAsync(Token);

        Assert.Equal(0, typing.ExitCode);
        Assert.Contains("typed is set", seen, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", seen, StringComparison.Ordinal);
        Assert.Contains("typed", (await cli.RunAsync("secret", "list")).Output, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Output, string Error)> PipeAsync(
        CliProcess cli, string value, params string[] args)
    {
        var start = new ProcessStartInfo(
            Product.Cli, ["--socket", cli.Socket, .. args])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        await process.StandardInput.WriteAsync(value);
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync(Token);
        var output = await process.StandardOutput.ReadToEndAsync(Token);
        await process.WaitForExitAsync(Token);
        return (process.ExitCode, output, await error);
    }

    private static async Task WatchAsync(
        RunningKernel kernel, List<EventView> events, CancellationTokenSource enough)
    {
        var types = new Subscribe { Types = [EventTypes.SecretChanged] };
        await foreach (var each in kernel.Client.Events(types, enough.Token))
        {
            events.Add(each);
            if (events.Count == 2)
            {
                return;
            }
        }
    }

    private static string ReadShared(string file)
    {
        using var stream = new FileStream(
            file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(stream, Encoding.Latin1);
        return reader.ReadToEnd();
    }
}

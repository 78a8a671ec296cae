using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Integration.Tests.Kernel;
using Analemma.Integration.Tests.Models;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Network;

/// <summary>
/// A kernel and a server on 127.0.0.1, which the names of this test all mean: no resolver is asked, and no byte leaves
/// the host.
/// </summary>
internal sealed class NetworkStage : IAsyncDisposable
{
    public const string Host = "api.example.com";

    public const string Canary = "canary-of-a-header-9d1f";

    private NetworkStage(LoopbackServer server) => Server = server;

    public LoopbackServer Server { get; }

    public RunningKernel Kernel { get; private set; } = null!;

    public int Port => Server.Url.Port;

    public string Url => $"http://{Host}:{Port}";

    /// <summary>Everything at the one host, which is a loopback address.</summary>
    public NetworkRule Rule => new() { Host = Host, Scheme = "http", Ports = [Port], AllowPrivate = true };

    public NetworkRule WithSecret => Rule with
    {
        Headers = new Dictionary<string, string> { ["Authorization"] = "Bearer ${secret:token}" },
    };

    public static Task<NetworkStage> StartAsync(Func<Exchange, Task> answer, params string[] flags) =>
        StartAsync(answer, new Dictionary<string, string>(), flags);

    public static async Task<NetworkStage> StartAsync(
        Func<Exchange, Task> answer, IReadOnlyDictionary<string, string> environment, params string[] flags)
    {
        NetworkStage stage = new(new LoopbackServer(answer));
        stage.Kernel = await RunningKernel.StartWithAsync(environment, [
            $"--network.hosts={Host}=127.0.0.1, two.example.com=127.0.0.1, two.example.com=127.0.0.2, "
                + "other.example.com=127.0.0.1, metadata.example.com=169.254.169.254",
            "--network.resolver=false", "--pool.created=0", "--pool.preloaded=0", .. flags,
        ]);
        await stage.Kernel.Client.SecretSetAsync(new SecretSet { Name = "token", Value = Canary }, Token);
        return stage;
    }

    /// <summary>Runs a Python agent to its end under rules, and gives its output. The server is its URL.</summary>
    public Task<(string Output, ProcessView End)> RunAsync(string script, params NetworkRule[] rules) =>
        RunAsync(script, spawn => spawn, rules);

    public async Task<(string Output, ProcessView End)> RunAsync(
        string script, Func<Spawn, Spawn> with, params NetworkRule[] rules)
    {
        var agent = await Kernel.SpawnPythonAsync(
            $$"""
            import analemma, json, os, sys
            URL = "{{Url}}"
            def attempt(call, *args, **kwargs):
                try:
                    answer = call(*args, **kwargs)
                    print("answer", answer.status, answer.text)
                    return answer
                except analemma.SyscallError as failed:
                    print("refused", failed.code, failed.message, "|", failed.hint)
            kernel = analemma.Kernel()
            {{script}}
            """,
            spawn => with(spawn with { Network = NetworkAccess.Allow(rules) }));
        var end = await Kernel.WaitAsync(agent);
        var output = await Kernel.OutputAsync(agent);
        Assert.True(end.Exit!.Code == 0, output);
        return (output, end);
    }

    public async ValueTask DisposeAsync()
    {
        await Kernel.DisposeAsync();
        await Server.DisposeAsync();
    }
}

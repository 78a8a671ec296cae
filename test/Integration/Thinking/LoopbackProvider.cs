using Analemma.Integration.Tests.Kernel;
using Analemma.Integration.Tests.Models;
using Analemma.Integration.Tests.Models.Wire;

namespace Analemma.Integration.Tests.Thinking;

/// <summary>A kernel whose only real provider is on 127.0.0.1, and plays one scene after the other.</summary>
internal sealed class LoopbackProvider : IAsyncDisposable
{
    /// <summary>Nobody may ever see it, but the one header that carries it.</summary>
    public const string Canary = "canary-key-58c1e7d2b9";

    private readonly LoopbackServer _server;

    private LoopbackProvider(ProviderWire wire, Scene[] scenes)
    {
        var played = -1;
        _server = new LoopbackServer(exchange =>
            scenes[Math.Min(Interlocked.Increment(ref played), scenes.Length - 1)].PlayAsync(wire, exchange));
        Wire = wire;
    }

    public ProviderWire Wire { get; }

    public LoopbackServer Server => _server;

    public RunningKernel Kernel { get; private set; } = null!;

    public static Task<LoopbackProvider> StartAsync(string provider, params Scene[] scenes) =>
        StartAsync(provider, warm: 0, scenes);

    /// <param name="provider">Whose protocol it speaks.</param>
    /// <param name="warm">Sandboxes that the kernel makes before anybody asks.</param>
    /// <param name="scenes">What it does, call by call; the last again and again.</param>
    public static Task<LoopbackProvider> StartAsync(string provider, int warm, params Scene[] scenes) =>
        StartAsync(provider, warm, [], scenes);

    /// <summary>With settings of its own, as flags.</summary>
    public static async Task<LoopbackProvider> StartAsync(
        string provider, int warm, string[] flags, params Scene[] scenes)
    {
        var made = new LoopbackProvider(ProviderWire.Of(provider), scenes);
        var (key, url) = provider switch
        {
            "gemini" => ("GEMINI_API_KEY", "GOOGLE_GEMINI_BASE_URL"),
            "openai" => ("OPENAI_API_KEY", "OPENAI_BASE_URL"),
            _ => ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"),
        };
        var address = new Uri(made._server.Url, made.Wire.BasePath).AbsoluteUri.TrimEnd('/');
        made.Kernel = await RunningKernel.StartWithAsync(
            new Dictionary<string, string> { [key] = Canary, [url] = address },
            [
                $"--pool.created={warm}",
                $"--pool.preloaded={warm}",
                $"--{provider}.models=test-model-1",
                "--models.prices=test-model-1=1000000/2000000",
                .. flags,
            ]);
        return made;
    }

    public async ValueTask DisposeAsync()
    {
        await Kernel.DisposeAsync();
        await _server.DisposeAsync();
    }
}

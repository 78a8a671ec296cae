using Analemma.Daemon.Http.Transport;
using Analemma.Integration.Tests.Models.Wire;
using Analemma.Models;
using Analemma.Models.Simulated;
using Microsoft.Extensions.AI;

namespace Analemma.Integration.Tests.Models;

/// <summary>A provider that plays a scene, and a client of it.</summary>
internal sealed class Stage : IAsyncDisposable
{
    public const string Model = "test-model-1";

    /// <summary>Nobody may ever see it, but the one header that carries it.</summary>
    public const string Canary = "canary-key-7f3a91";

    private static readonly SocketPoller Poller = new(static wrong => Environment.FailFast("polling failed", wrong));

    private readonly ModelDrivers _drivers;
    private readonly ProviderWire? _wire;

    private Stage(ModelDriverOptions options, LoopbackServer? server, ProviderWire? wire, TimeProvider time)
    {
        Options = options;
        Server = server;
        _wire = wire;
        // As the kernel has it.
        _drivers = new ModelDrivers([options], time, static (address, cancellationToken) =>
            PolledClient.ConnectAsync(Poller, address, cancellationToken));
        Client = _drivers.Open(options.Name);
    }

    public ModelDriverOptions Options { get; }

    public IChatClient Client { get; }

    public ModelDrivers Drivers => _drivers;

    public LoopbackServer? Server { get; }

    /// <summary>What the last request asked; null for the simulated model, which has no wire.</summary>
    public AskedRequest? Asked => _wire?.Read(Server!.Requests.Last());

    public static Stage Open(
        string provider,
        Scene scene,
        TimeProvider? time = null,
        Func<ModelDriverOptions, ModelDriverOptions>? change = null)
    {
        var clock = time ?? TimeProvider.System;
        var wire = provider == "sim" ? null : ProviderWire.Of(provider);
        var server = wire is null ? null : new LoopbackServer(exchange => scene.PlayAsync(wire, exchange));
        var options = new ModelDriverOptions
        {
            Name = provider,
            Kind = wire?.Kind ?? ModelProviderKind.Sim,
            BaseUrl = server is null ? null : new Uri(server.Url, wire!.BasePath),
            Key = new ApiKey(Canary),
            DefaultModel = Model,
            Simulated = new SimulatedModelOptions
            {
                Rules = wire is null ? scene.Rules() : [],
                Engine = new SimulatedEngineOptions { Speed = double.PositiveInfinity },
            },
        };
        return new Stage(change?.Invoke(options) ?? options, server, wire, clock);
    }

    public async ValueTask DisposeAsync()
    {
        _drivers.Dispose();
        if (Server is not null)
        {
            await Server.DisposeAsync();
        }
    }
}

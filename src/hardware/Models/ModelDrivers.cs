using System.Net;
using Analemma.Models.Calls;
using Microsoft.Extensions.AI;

namespace Analemma.Models;

/// <summary>
/// The configured providers, by name. The daemon opens one set at boot and disposes it last; the clients are safe to
/// use from many threads at once, and every failure of theirs is a <see cref="ModelCallException"/>.
/// </summary>
public sealed class ModelDrivers : IDisposable
{
    private readonly Dictionary<string, ModelDriver> _drivers = new(StringComparer.Ordinal);

    /// <summary>Opens all of them. Nothing is sent before the first call.</summary>
    /// <exception cref="ArgumentException">The options have mistakes; all of them are named.</exception>
    public ModelDrivers(IEnumerable<ModelDriverOptions> options, TimeProvider time)
        : this(options, time, network => network)
    {
    }

    /// <summary>The same, with connections of the caller's to servers that are spoken to without encryption.</summary>
    /// <exception cref="ArgumentException">The options have mistakes; all of them are named.</exception>
    public ModelDrivers(
        IEnumerable<ModelDriverOptions> options,
        TimeProvider time,
        Func<DnsEndPoint, CancellationToken, ValueTask<Stream>> connect)
        : this(options, time, network => network, connect)
    {
    }

    /// <summary>With something between the drivers and the network.</summary>
    internal ModelDrivers(
        IEnumerable<ModelDriverOptions> options,
        TimeProvider time,
        Func<HttpMessageHandler, HttpMessageHandler> between,
        Func<DnsEndPoint, CancellationToken, ValueTask<Stream>>? connect = null)
    {
        var all = options.ToList();
        var problems = all.SelectMany(each => each.Problems())
            .Concat(all.CountBy(each => each.Name)
                .Where(pair => pair.Value > 1)
                .Select(pair => $"{pair.Key}: is there {pair.Value} times"))
            .ToList();
        if (problems.Count > 0)
        {
            throw new ArgumentException(string.Join("; ", problems), nameof(options));
        }

        foreach (var each in all)
        {
            _drivers.Add(each.Name, new ModelDriver(each, time, between, connect));
        }
    }

    /// <summary>The names, sorted.</summary>
    public IReadOnlyList<string> Names => [.. _drivers.Keys.Order(StringComparer.Ordinal)];

    /// <summary>A client for a provider. It need not be disposed.</summary>
    /// <exception cref="ArgumentException">No provider has this name.</exception>
    public IChatClient Open(string provider) => Guard(provider);

    /// <summary>What makes vectors of texts at a provider. It need not be disposed.</summary>
    /// <exception cref="ArgumentException">No provider has this name.</exception>
    public IEmbeddingGenerator<string, Embedding<float>> OpenEmbeddings(string provider) =>
        new GuardedEmbeddings(Driver(provider));

    /// <summary>The options that a provider was opened with.</summary>
    /// <exception cref="ArgumentException">No provider has this name.</exception>
    public ModelDriverOptions Options(string provider) => Driver(provider).Options;

    /// <summary>How many tokens a prompt has: as the provider counts, or estimated.</summary>
    /// <exception cref="ModelCallException">The provider counts, and did not.</exception>
    public Task<TokenCount> CountTokensAsync(
        string provider,
        IEnumerable<ChatMessage> messages,
        ChatOptions? options,
        CancellationToken cancellationToken) =>
        Guard(provider).CountAsync(messages, options, cancellationToken);

    /// <summary>Ends all connections.</summary>
    public void Dispose()
    {
        foreach (var driver in _drivers.Values)
        {
            driver.Dispose();
        }
    }

    private GuardedChatClient Guard(string provider) => new(Driver(provider));

    private ModelDriver Driver(string provider) => _drivers.TryGetValue(provider, out var driver)
        ? driver
        : throw new ArgumentException(
            $"no provider is named \"{provider}\"; there are: {string.Join(", ", Names)}", nameof(provider));
}

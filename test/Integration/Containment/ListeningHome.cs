using System.Threading.Channels;
using Analemma.Integration.Tests.Sandbox;
using Analemma.Sandbox;
using Analemma.Sandbox.Notify;

namespace Analemma.Integration.Tests.Containment;

/// <summary>An engine with the denial listener in front of it, for one test.</summary>
internal sealed class ListeningHome : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Channel<DeniedAttempt> _attempts = Channel.CreateUnbounded<DeniedAttempt>();
    private readonly List<DeniedAttempt> _seen = [];
    private readonly string _socketFolder = Directory.CreateTempSubdirectory("analemma-notify-").FullName;

    private readonly FilterHolder? _holder;

    private ListeningHome(Func<DeniedAttempt, bool>? sinkFails, bool isHeld)
    {
        _holder = isHeld ? FilterHolder.Open(HolderFolder, Assert.Fail) : null;
        Faults = Channel.CreateUnbounded<Exception>();
        Listener = new NotifyListener(
            Path.Combine(_socketFolder, "notify.sock"),
            attempt =>
            {
                _attempts.Writer.TryWrite(attempt);
                if (sinkFails?.Invoke(attempt) == true)
                {
                    throw new InvalidOperationException("the sink fails, as the test wants");
                }
            },
            TimeProvider.System,
            new NotifyOptions { Window = TimeSpan.FromMilliseconds(200), SocketCheck = TimeSpan.FromMilliseconds(100) },
            fault => Faults.Writer.TryWrite(fault),
            _holder);
    }

    public NotifyListener Listener { get; }

    /// <summary>Where its holder, if it has one, is recorded.</summary>
    public string HolderFolder => _socketFolder;

    public Channel<Exception> Faults { get; }

    public EngineHome Home { get; private set; } = null!;

    public static async Task<ListeningHome> OpenAsync(
        string engine, Func<DeniedAttempt, bool>? sinkFails = null, bool isHeld = false)
    {
        ListeningHome made = new(sinkFails, isHeld);
        made.Home = await EngineHome.OpenAsync(
            engine, options => options with { NotifySocket = made.Listener.SocketPath });
        return made;
    }

    /// <summary>Runs to the end; the output, both streams.</summary>
    public async Task<string> RunAsync(SandboxPolicy policy) => (await Home.RunAsync(policy)).Output;

    /// <summary>Waits for an attempt of this sandbox whose words contain the text.</summary>
    public async Task<DeniedAttempt> AttemptAsync(string key, string words, int countMin = 1)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(EngineHome.Token);
        stop.CancelAfter(Patience);
        bool Found(DeniedAttempt attempt) => attempt.SandboxKey == key && attempt.Count >= countMin
            && attempt.What.Contains(words, StringComparison.Ordinal);
        while (true)
        {
            if (_seen.Find(Found) is { } found)
            {
                return found;
            }

            try
            {
                _seen.Add(await _attempts.Reader.ReadAsync(stop.Token));
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"no '{words}' of {key} among:\n{string.Join('\n', _seen)}");
            }
        }
    }

    /// <summary>What was reported of this sandbox so far.</summary>
    public IReadOnlyList<DeniedAttempt> Seen(string key)
    {
        while (_attempts.Reader.TryRead(out var attempt))
        {
            _seen.Add(attempt);
        }

        return [.. _seen.Where(attempt => attempt.SandboxKey == key)];
    }

    public async ValueTask DisposeAsync()
    {
        await Home.DisposeAsync();
        await Listener.DisposeAsync();
        _holder?.End();
        _holder?.Dispose();
        Directory.Delete(_socketFolder, recursive: true);
    }
}

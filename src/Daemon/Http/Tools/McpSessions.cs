using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Analemma.Abi;

namespace Analemma.Daemon.Http.Tools;

/// <summary>
/// The sessions of clients of the protocol, each of one caller, and no use to another. Bounded: who begins one too many
/// ends the one that has not been used for longest, whose client is told so by a 404 and begins anew.
/// </summary>
internal sealed class McpSessions
{
    public const int PerCallerMax = 16;

    private const int AllMax = 4_096;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, McpSession> _all = new(StringComparer.Ordinal);
    private long _uses;

    public McpSession Begin(ProcessId owner)
    {
        McpSession session = new(RandomNumberGenerator.GetHexString(32, lowercase: true), owner);
        List<McpSession> left = [];
        lock (_gate)
        {
            var own = _all.Values.Where(each => each.Owner == owner).ToList();
            if (own.Count >= PerCallerMax || _all.Count >= AllMax)
            {
                var oldest = (own.Count >= PerCallerMax ? own : [.. _all.Values]).MinBy(each => each.LastUse)!;
                _all.Remove(oldest.Id);
                left.Add(oldest);
            }

            session.LastUse = ++_uses;
            _all.Add(session.Id, session);
        }

        left.ForEach(each => each.End());
        return session;
    }

    public bool TryGet(string id, ProcessId caller, [NotNullWhen(true)] out McpSession? session)
    {
        lock (_gate)
        {
            if (!_all.TryGetValue(id, out session) || session.Owner != caller)
            {
                session = null;
                return false;
            }

            session.LastUse = ++_uses;
            return true;
        }
    }

    public void End(McpSession session)
    {
        lock (_gate)
        {
            _all.Remove(session.Id);
        }

        session.End();
    }
}

/// <summary>One session: what its client was last told of tools, its calls under way, and its stream.</summary>
internal sealed class McpSession(string id, ProcessId owner)
{
    private readonly ConcurrentDictionary<string, CancellationTokenSource> _calls = new(StringComparer.Ordinal);

    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _streams;

    public string Id => id;

    public ProcessId Owner => owner;

    /// <summary>Larger is later.</summary>
    public long LastUse { get; set; }

    /// <summary>The tools that its client knows of; null until it has asked.</summary>
    public string? Told { get; set; }

    /// <summary>Completes when the session is over.</summary>
    public Task Over => _over.Task;

    /// <summary>There is one stream of a session at a time.</summary>
    public bool TryStream() => Interlocked.CompareExchange(ref _streams, 1, 0) == 0;

    public void LeaveStream() => Volatile.Write(ref _streams, 0);

    /// <summary>A call by its client's name for it; cancelled when it is taken back.</summary>
    // Neither linked nor timed: there is nothing to dispose of, and to cancel it is safe at any time.
    public CancellationToken Calls(string call) =>
        _calls.GetOrAdd(call, static _ => new CancellationTokenSource()).Token;

    public void Called(string call) => _calls.TryRemove(call, out _);

    public Task TakeBackAsync(string call) =>
        _calls.TryGetValue(call, out var taken) ? taken.CancelAsync() : Task.CompletedTask;

    public void End()
    {
        _over.TrySetResult();
        foreach (var call in _calls.Values)
        {
            call.Cancel();
        }
    }
}

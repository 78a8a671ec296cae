using Analemma.Abi;
using Analemma.Abi.Syscalls;

namespace Analemma.Daemon.Http.Models;

/// <summary>
/// Keeps the signatures that some models want back with their tool calls (ToolCall.Signature), for APIs that have no
/// place for them: the id of a call brings its signature back. Bounded for each process and altogether, the oldest
/// going first; one that is lost is as if the API had dropped it. Any thread.
/// </summary>
internal sealed class CallSignatures
{
    internal const int CharsPerProcessMax = 256 * 1024;
    internal const int ProcessesMax = 64;

    private readonly Lock _gate = new();
    private readonly Dictionary<ProcessId, Kept> _kept = [];
    private readonly Queue<ProcessId> _oldest = new();

    /// <summary>Keeps what an answer to a process came with.</summary>
    public void Keep(ProcessId process, ThinkReply reply)
    {
        foreach (var call in reply.ToolCalls ?? [])
        {
            if (call.Signature is { Length: <= CharsPerProcessMax } signature)
            {
                lock (_gate)
                {
                    Of(process).Add(call.Id, signature);
                }
            }
        }
    }

    /// <summary>The request, with the signatures that its tool calls had.</summary>
    public Think Restore(ProcessId process, Think think)
    {
        if (think.Messages?.Any(message => message.ToolCalls is { Count: > 0 }) != true)
        {
            return think;
        }

        lock (_gate)
        {
            return _kept.TryGetValue(process, out var kept)
                ? think with { Messages = [.. think.Messages.Select(message => Restore(kept, message))] }
                : think;
        }
    }

    private static ChatMessage Restore(Kept kept, ChatMessage message) => message.ToolCalls is not { } calls
        ? message
        : message with
        {
            ToolCalls = [.. calls.Select(call => call with { Signature = call.Signature ?? kept.Find(call.Id) })],
        };

    private Kept Of(ProcessId process)
    {
        if (_kept.TryGetValue(process, out var found))
        {
            return found;
        }

        if (_kept.Count >= ProcessesMax)
        {
            _kept.Remove(_oldest.Dequeue());
        }

        _oldest.Enqueue(process);
        return _kept[process] = new Kept();
    }

    private sealed class Kept
    {
        private readonly Dictionary<string, string> _byId = new(StringComparer.Ordinal);
        private readonly Queue<string> _oldest = new();
        private int _chars;

        public string? Find(string id) => _byId.GetValueOrDefault(id);

        public void Add(string id, string signature)
        {
            if (!_byId.TryAdd(id, signature))
            {
                return;
            }

            _oldest.Enqueue(id);
            _chars += id.Length + signature.Length;
            while (_chars > CharsPerProcessMax && _oldest.Count > 1 && _byId.Remove(_oldest.Peek(), out var gone))
            {
                _chars -= _oldest.Dequeue().Length + gone.Length;
            }
        }
    }
}

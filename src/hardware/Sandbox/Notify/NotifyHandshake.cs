using System.Text.Json;
using Analemma.Linux;
using Microsoft.Win32.SafeHandles;

namespace Analemma.Sandbox.Notify;

// A runtime connects, sends the container process state of the OCI specification as one JSON object, the notify
// descriptor beside it, and closes:
//
//   {"ociVersion":"1.0.2","fds":["seccompFd"],"pid":4422,"metadata":"KEY","state":{"id":"…", …}}
//
// https://github.com/opencontainers/runtime-spec/blob/main/config-linux.md#containerprocessstate

/// <summary>A connection on the listener's socket until it has said whose filter it brings.</summary>
internal sealed class NotifyHandshake(UnixSocket socket, int bytesMax) : IDisposable
{
    private readonly List<SafeFileHandle> _descriptors = [];
    private byte[] _bytes = new byte[4096];
    private int _length;

    public UnixSocket Socket { get; } = socket;

    /// <summary>
    /// Reads what has come. Null while more is to come; otherwise the end: with a key and a filter, or with neither
    /// when this was no runtime.
    /// </summary>
    public (string? Key, SeccompNotifyFd? Filter)? Advance()
    {
        if (_length == _bytes.Length)
        {
            if (_length >= bytesMax)
            {
                return (null, null);
            }

            Array.Resize(ref _bytes, Math.Min(bytesMax, _length * 2));
        }

        var count = DescriptorMessage.Receive(Socket, _bytes.AsSpan(_length), _descriptors);
        if (count == -Errno.EAGAIN || count == -Errno.EINTR)
        {
            return null;
        }

        _length += Math.Max(0, count);
        if (TryReadKey() is { } key && _descriptors is [var descriptor])
        {
            _descriptors.Clear();
            return (key, new SeccompNotifyFd(descriptor));
        }

        return count > 0 && _descriptors.Count <= 1 ? null : (null, null);
    }

    public void Dispose()
    {
        foreach (var descriptor in _descriptors)
        {
            descriptor.Dispose();
        }

        Socket.Dispose();
    }

    private string? TryReadKey()
    {
        try
        {
            using var state = JsonDocument.Parse(_bytes.AsMemory(0, _length));
            return state.RootElement.ValueKind == JsonValueKind.Object
                && state.RootElement.TryGetProperty("metadata", out var metadata)
                && metadata.ValueKind == JsonValueKind.String
                && metadata.GetString() is { Length: > 0 } key
                    ? key
                    : null;
        }
        catch (JsonException)
        {
            return null;
        }
        catch (InvalidOperationException)
        {
            // A string that is not UTF-8.
            return null;
        }
    }
}

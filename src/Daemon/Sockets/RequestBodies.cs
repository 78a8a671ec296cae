using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Analemma.Abi;
using Analemma.Abi.Frames;

namespace Analemma.Daemon.Sockets;

/// <summary>One native request body on its way. After an error its further pieces are dropped.</summary>
internal sealed class RequestBody(ushort opcode)
{
    private byte[] _bytes = [];
    private int _length;

    public ushort Opcode => opcode;

    public SysError? Error { get; set; }

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    public void Add(ReadOnlySpan<byte> piece, ByteBudget budget)
    {
        var length = _length + piece.Length;
        if (length > AbiLimits.BodyBytesMax)
        {
            Fail(new SysError(SysErrorCode.TooLarge, $"a body has at most {AbiLimits.BodyBytesMax} bytes"), budget);
            return;
        }

        if (length > _bytes.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(length, Math.Min(_length * 2, AbiLimits.BodyBytesMax)));
            if (!budget.TryTake(larger.Length))
            {
                ArrayPool<byte>.Shared.Return(larger);
                Fail(new SysError(SysErrorCode.TryAgain, "too much is in flight for this caller"), budget);
                return;
            }

            Bytes.CopyTo(larger);
            Free(budget);
            _bytes = larger;
        }

        piece.CopyTo(_bytes.AsSpan(_length));
        _length = length;
    }

    public void Free(ByteBudget budget)
    {
        if (_bytes.Length > 0)
        {
            budget.Give(_bytes.Length);
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = [];
        }
    }

    private void Fail(SysError error, ByteBudget budget)
    {
        Error = error;
        _length = 0;
        Free(budget);
    }
}

/// <summary>The native request bodies of one connection that are on their way. On the reactor's thread.</summary>
internal sealed class RequestBodies(ByteBudget budget, int bodiesMax)
{
    private readonly Dictionary<ulong, RequestBody> _open = [];

    public int Count => _open.Count;

    public bool Has(ulong requestId) => _open.ContainsKey(requestId);

    public ushort? OpcodeOf(ulong requestId) => _open.TryGetValue(requestId, out var body) ? body.Opcode : null;

    /// <summary>False when the stream cannot be followed any more.</summary>
    public bool TryAdd(
        NativeFrame header,
        ReadOnlySpan<byte> piece,
        [NotNullWhen(true)] out RequestBody? body,
        [NotNullWhen(false)] out SysError? error)
    {
        error = null;
        if (!_open.TryGetValue(header.RequestId, out body))
        {
            if (_open.Count >= bodiesMax)
            {
                error = new SysError(
                    SysErrorCode.LimitExceeded, $"a connection sends at most {bodiesMax} bodies in pieces at once");
                return false;
            }

            body = new RequestBody(header.Opcode);
            _open.Add(header.RequestId, body);
        }

        if (body.Opcode != header.Opcode)
        {
            error = FrameRefusal.Malformed("the pieces of one body have different opcodes");
            return false;
        }

        if (body.Error is null)
        {
            body.Add(piece, budget);
        }

        return true;
    }

    public void Remove(ulong requestId)
    {
        if (_open.Remove(requestId, out var body))
        {
            body.Free(budget);
        }
    }

    public void Clear()
    {
        foreach (var body in _open.Values)
        {
            body.Free(budget);
        }

        _open.Clear();
    }
}

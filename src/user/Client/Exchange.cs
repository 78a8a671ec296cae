using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Serialization.Metadata;
using Analemma.Abi;
using Analemma.Abi.Frames;
using Analemma.Abi.Syscalls;
using Microsoft.Win32.SafeHandles;

namespace Analemma.Client;

/// <summary>The three shapes a syscall has on a connection: bytes for bytes, record for record, and a stream.</summary>
internal static class Exchange
{
    public static async Task<byte[]> BytesAsync(
        KernelConnection connection,
        SyscallNumber number,
        FrameFlags flags,
        ReadOnlyMemory<byte> payload,
        CancellationToken cancellationToken)
    {
        var answer = await CallAsync(connection, number, flags, payload, cancellationToken).ConfigureAwait(false);
        var bytes = answer.Written.ToArray();
        answer.Return();
        return bytes;
    }

    private static async Task<PooledBytes> CallAsync(
        KernelConnection connection,
        SyscallNumber number,
        FrameFlags flags,
        ReadOnlyMemory<byte> payload,
        CancellationToken cancellationToken,
        SafeFileHandle? descriptor = null,
        BytesCall? into = null)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var call = into ?? new BytesCall();
        var id = connection.Start(number, flags, payload.Span, call, descriptor);
        using var cancelling = cancellationToken.UnsafeRegister(
            _ =>
            {
                call.Abandon(cancellationToken);
                connection.Cancel(id);
            },
            state: null);
        return await call.Answer.ConfigureAwait(false);
    }

    public static async Task<TReply> RecordAsync<TCall, TReply>(
        KernelConnection connection,
        TCall call,
        JsonTypeInfo<TCall> callType,
        JsonTypeInfo<TReply> replyType,
        CancellationToken cancellationToken,
        SafeFileHandle? descriptor = null,
        BytesCall? into = null)
        where TCall : Syscall
        where TReply : Reply
    {
        var answer = await CallAsync(
            connection,
            call.Number,
            FrameFlags.None,
            AbiJson.Write(call, callType),
            cancellationToken,
            descriptor,
            into).ConfigureAwait(false);
        try
        {
            return Parse(answer.Written, replyType);
        }
        finally
        {
            answer.Return();
        }
    }

    /// <summary>The same, with the descriptors that came with the answer: whoever awaits it closes them.</summary>
    public static async Task<(TReply Reply, SafeFileHandle[] Descriptors)> RecordWithDescriptorsAsync<TCall, TReply>(
        KernelConnection connection,
        TCall call,
        JsonTypeInfo<TCall> callType,
        JsonTypeInfo<TReply> replyType,
        CancellationToken cancellationToken)
        where TCall : Syscall
        where TReply : Reply
    {
        BytesCall into = new();
        try
        {
            var reply = await RecordAsync(
                connection, call, callType, replyType, cancellationToken, descriptor: null, into).ConfigureAwait(false);
            return (reply, into.TakeDescriptors());
        }
        finally
        {
            into.CloseDescriptors();
        }
    }

    /// <summary>
    /// The pieces of a stream. With a reply type, the answer is handed over before the enumeration ends.
    /// </summary>
    public static async IAsyncEnumerable<(FrameFlags Flags, byte[] Bytes)> StreamAsync<TCall, TReply>(
        KernelConnection connection,
        TCall syscall,
        JsonTypeInfo<TCall> callType,
        int piecesMax,
        JsonTypeInfo<TReply>? replyType,
        Action<TReply>? onReply,
        [EnumeratorCancellation] CancellationToken cancellationToken)
        where TCall : Syscall
        where TReply : Reply
    {
        cancellationToken.ThrowIfCancellationRequested();
        var call = new StreamCall(piecesMax);
        var id = connection.Start(syscall.Number, FrameFlags.None, AbiJson.Write(syscall, callType), call);
        try
        {
            await foreach (var piece in call.Pieces.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return piece;
            }
        }
        finally
        {
            call.Abandon();
            connection.Cancel(id);
        }

        if (replyType is not null)
        {
            onReply?.Invoke(Parse(call.Answer, replyType));
        }
    }

    public static T Parse<T>(ReadOnlySpan<byte> json, JsonTypeInfo<T> type)
        where T : class =>
        AbiJson.TryRead(json, type, out var value, out var error)
            ? value
            : throw new SyscallException(
                error with { Message = $"the kernel's answer is not readable: {error.Message}" });

    /// <summary>Pieces of one text, of which a character may be cut between two.</summary>
    public static async IAsyncEnumerable<string> ToText(
        IAsyncEnumerable<(FrameFlags Flags, byte[] Bytes)> pieces)
    {
        var decoder = Encoding.UTF8.GetDecoder();
        await foreach (var (_, bytes) in pieces.ConfigureAwait(false))
        {
            var text = new char[Encoding.UTF8.GetMaxCharCount(bytes.Length)];
            var length = decoder.GetChars(bytes, text, flush: false);
            if (length > 0)
            {
                yield return new string(text, 0, length);
            }
        }
    }

    /// <summary>EXEC and LOGS begin each piece with the number of its channel.</summary>
    public static OutputPiece ToOutput(byte[] bytes) => bytes switch
    {
        [(byte)OutputChannel.Stdout or (byte)OutputChannel.Stderr, ..] =>
            new OutputPiece((OutputChannel)bytes[0], bytes.AsMemory(1)),
        _ => throw new SyscallException(new SysError(
            SysErrorCode.Internal, "the kernel sent output that does not say which channel it is of")),
    };
}

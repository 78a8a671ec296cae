using System.Runtime.CompilerServices;
using Analemma.Abi;
using Analemma.Abi.Syscalls;

namespace Analemma.Client;

// Messaging: the rest of the client is in KernelClient.cs.
public sealed partial class KernelClient
{
    /// <summary>A request with memory is one frame.</summary>
    private const int RoomForLabels = 4096;

    /// <summary>So many posts, and their sender waits: there are no more refusals than that to be read.</summary>
    private const int PostedMax = 64;

    /// <summary>Sends a message; with <see cref="Send.ReplyTimeoutMs"/>, completes with the reply.</summary>
    /// <param name="send">To whom, and what.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<SendReply> SendAsync(Send send, CancellationToken cancellationToken = default) =>
        CallAsync(send, AbiJsonContext.Default.Send, AbiJsonContext.Default.SendReply, cancellationToken);

    /// <summary>
    /// Sends several messages to one mailbox in one call: all of them are taken in, one after the other, or none is.
    /// </summary>
    /// <param name="to">A registered name, or the name of a living process.</param>
    /// <param name="bodies">What each says, at most 256; all else they share.</param>
    /// <param name="send">What they share: labels, priority, times, key. Default: nothing.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    /// <returns>Their ids, in their order; of what was a duplicate, the ids that it had.</returns>
    public async Task<IReadOnlyList<long>> SendManyAsync(
        string to, IReadOnlyList<MailBody> bodies, Send? send = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(bodies);
        var sent = await SendAsync((send ?? new Send()) with { To = to, Bodies = bodies }, cancellationToken)
            .ConfigureAwait(false);
        return [.. Enumerable.Range(0, sent.Count ?? 0).Select(at => sent.Id + at)];
    }

    /// <summary>
    /// Sends a message and does not wait to hear that it is in its mailbox; durable mailboxes take none so. Of every 64
    /// the last waits, as <see cref="FlushAsync"/> does.
    /// </summary>
    /// <param name="send">To whom, and what. Give <see cref="Send.TimeoutMs"/>, or a full mailbox refuses it.</param>
    /// <param name="cancellationToken">Ends the waiting, not what was sent.</param>
    /// <exception cref="SyscallException">One of those posted was refused: the first of them, for this.</exception>
    public Task PostAsync(Send send, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(send);
        cancellationToken.ThrowIfCancellationRequested();
        var payload = AbiJson.Write(send, AbiJsonContext.Default.Send);
        return _connection.Post(send.Number, payload) < PostedMax ? Task.CompletedTask : FlushAsync(cancellationToken);
    }

    /// <summary>Waits until all that was posted is in its mailboxes, or refused.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="SyscallException">One of those posted was refused: the first of them, for this.</exception>
    public async Task FlushAsync(CancellationToken cancellationToken = default)
    {
        var posted = _connection.Posted;
        await EchoAsync(ReadOnlyMemory<byte>.Empty, cancellationToken).ConfigureAwait(false);
        if (_connection.TakeRefusedPosts(posted) is [var first, ..])
        {
            throw first;
        }
    }

    /// <summary>Takes messages, waiting for the first.</summary>
    /// <param name="recv">From which mailbox, and which.</param>
    /// <param name="cancellationToken">Takes the request back; a message that was just given is lost then.</param>
    public Task<RecvReply> RecvAsync(Recv recv, CancellationToken cancellationToken = default) =>
        CallAsync(recv, AbiJsonContext.Default.Recv, AbiJsonContext.Default.RecvReply, cancellationToken);

    /// <summary>
    /// Sends a message with memory, which its receiver maps: up to 1 GiB without a copy. The receiver takes it with
    /// <see cref="ReceiveAsync"/>.
    /// </summary>
    /// <param name="send">To whom, and what beside the memory. A reply comes without memory.</param>
    /// <param name="memory">Stays the caller's, who may send it again.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<SendReply> SendAsync(Send send, SealedMemory memory, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(memory);
        if (send?.Body?.Length > AbiLimits.PayloadBytesMax - RoomForLabels)
        {
            throw new ArgumentException(
                $"a body beside memory has at most {AbiLimits.PayloadBytesMax - RoomForLabels} bytes", nameof(send));
        }

        ArgumentNullException.ThrowIfNull(send);
        return Exchange.RecordAsync(
            _connection,
            send,
            AbiJsonContext.Default.Send,
            AbiJsonContext.Default.SendReply,
            cancellationToken,
            memory.Descriptor);
    }

    /// <summary>Takes messages, those that come with memory too, waiting for the first.</summary>
    /// <param name="recv">From which mailbox, and which.</param>
    /// <param name="cancellationToken">Takes the request back; a message that was just given is lost then.</param>
    public async Task<IReadOnlyList<ReceivedMail>> ReceiveAsync(
        Recv recv, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(recv);
        var (reply, descriptors) = await Exchange.RecordWithDescriptorsAsync(
            _connection,
            recv with { Handles = true },
            AbiJsonContext.Default.Recv,
            AbiJsonContext.Default.RecvReply,
            cancellationToken).ConfigureAwait(false);
        Queue<Microsoft.Win32.SafeHandles.SafeFileHandle> left = new(descriptors);
        return
        [
            .. reply.Messages.Select(message => new ReceivedMail(
                message,
                message.HandleBytes is { } bytes && left.TryDequeue(out var memory)
                    ? new SealedMemory(memory, bytes) : null)),
        ];
    }

    /// <summary>
    /// Takes messages one after the other, waiting for each, until the agent is to finish what it has in hand and end:
    /// see <see cref="RecvReply.Draining"/>.
    /// </summary>
    /// <param name="recv">From which mailbox, and which. Its time-out is for one message; the waiting goes on.</param>
    /// <param name="cancellationToken">Ends it; a message that was just given is lost then.</param>
    public async IAsyncEnumerable<MailMessage> MessagesAsync(
        Recv? recv = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        recv ??= new Recv();
        while (await RecvAsync(recv, cancellationToken).ConfigureAwait(false) is { Draining: not true } came)
        {
            foreach (var message in came.Messages)
            {
                yield return message;
            }
        }
    }

    /// <summary>Sends a message to all mailboxes of a topic, or to all that are registered.</summary>
    /// <param name="broadcast">What.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<BroadcastReply> BroadcastAsync(Broadcast broadcast, CancellationToken cancellationToken = default) =>
        CallAsync(
            broadcast, AbiJsonContext.Default.Broadcast, AbiJsonContext.Default.BroadcastReply, cancellationToken);

    /// <summary>Gives a mailbox a name or a topic; makes a durable one.</summary>
    /// <param name="register">Which name, and how.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<MailboxView> RegisterAsync(Register register, CancellationToken cancellationToken = default) =>
        CallAsync(register, AbiJsonContext.Default.Register, AbiJsonContext.Default.MailboxView, cancellationToken);

    /// <summary>Takes a name or a topic back.</summary>
    /// <param name="unregister">Which.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<UnregisterReply> UnregisterAsync(
        Unregister unregister, CancellationToken cancellationToken = default) =>
        CallAsync(
            unregister, AbiJsonContext.Default.Unregister, AbiJsonContext.Default.UnregisterReply, cancellationToken);

    /// <summary>Says that messages of durable mailboxes are done.</summary>
    /// <param name="receipts">As they came with the messages.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<AckReply> AckAsync(IReadOnlyList<long> receipts, CancellationToken cancellationToken = default) =>
        CallAsync(
            new Ack { Receipts = receipts },
            AbiJsonContext.Default.Ack,
            AbiJsonContext.Default.AckReply,
            cancellationToken);

    /// <summary>Gives messages of durable mailboxes back.</summary>
    /// <param name="nack">Which, and when they come again.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<AckReply> NackAsync(Nack nack, CancellationToken cancellationToken = default) =>
        CallAsync(nack, AbiJsonContext.Default.Nack, AbiJsonContext.Default.AckReply, cancellationToken);

    /// <summary>
    /// Lists the mailboxes that the caller receives from, by name; all of them for a client on the host.
    /// </summary>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<MailboxesReply> MailboxesAsync(CancellationToken cancellationToken = default) =>
        CallAsync(
            new Mailboxes(),
            AbiJsonContext.Default.Mailboxes,
            AbiJsonContext.Default.MailboxesReply,
            cancellationToken);

    /// <summary>Lists messages that nobody will be given, the latest first.</summary>
    /// <param name="dead">Of which mailbox, and how many. Default: the latest hundred.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<DeadLettersReply> DeadLettersAsync(
        DeadLetters? dead = null, CancellationToken cancellationToken = default) =>
        CallAsync(
            dead ?? new DeadLetters(),
            AbiJsonContext.Default.DeadLetters,
            AbiJsonContext.Default.DeadLettersReply,
            cancellationToken);

    /// <summary>Sends a question and completes with the reply to it.</summary>
    /// <param name="to">A registered name, or the name of a living process.</param>
    /// <param name="body">The question.</param>
    /// <param name="timeout">For the reply; and before that as long again for room in the mailbox.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public async Task<MailMessage> RequestAsync(
        string to, MailBody body, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        var patience = (long)timeout.TotalMilliseconds;
        var sent = await SendAsync(
            new Send { To = to, Body = body, TimeoutMs = patience, ReplyTimeoutMs = patience }, cancellationToken)
            .ConfigureAwait(false);
        return sent.Reply!;
    }

    /// <summary>
    /// Replies to a message: to who waits for the reply, else as a message to its sender's inbox, bound to it by the
    /// correlation of the message, or its id.
    /// </summary>
    /// <param name="message">As it was received, from an agent.</param>
    /// <param name="body">The reply.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<SendReply> ReplyAsync(MailMessage message, MailBody body, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        return SendAsync(
            message.WantsReply == true
                ? new Send { InReplyTo = message.Id, Body = body }
                : new Send
                {
                    ToId = message.From,
                    Body = body,
                    Correlation = message.Correlation
                        ?? message.Id.ToString(System.Globalization.CultureInfo.InvariantCulture),
                },
            cancellationToken);
    }
}

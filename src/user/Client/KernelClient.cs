using System.Runtime.CompilerServices;
using System.Text.Json.Serialization.Metadata;
using Analemma.Abi;
using Analemma.Abi.Frames;
using Analemma.Abi.Syscalls;

namespace Analemma.Client;

/// <summary>
/// A connection to the kernel. Every method may be called from any thread and any number may be in flight. A refusal is
/// a <see cref="SyscallException"/>; a kernel that has gone is a <see cref="KernelConnectionException"/>, after which
/// the client is of no more use: connect anew and find out with <see cref="InspectAsync"/> what had happened.
/// </summary>
/// <example>
/// <code>
/// await using var kernel = await KernelClient.ConnectAsync();
/// var agent = await kernel.SpawnAsync(new Spawn { Name = "hello", Argv = ["python3", "-c", "print('hello')"] });
/// await foreach (var piece in kernel.Logs(new Logs { Id = agent.Id, Follow = true }))
/// {
///     Console.OpenStandardOutput().Write(piece.Bytes.Span);
/// }
/// </code>
/// </example>
public sealed partial class KernelClient : IAsyncDisposable
{
    // EXEC's output is bounded by the kernel, so all of it may wait to be read and hold back nobody.
    private const int EndingPiecesMax = int.MaxValue;
    private const int EndlessPiecesMax = 64;

    private readonly KernelConnection _connection;

    private KernelClient(KernelConnection connection, HelloReply hello) => (_connection, Hello) = (connection, hello);

    /// <summary>What the kernel said of itself and of the caller when the connection was made.</summary>
    public HelloReply Hello { get; }

    /// <summary>The socket that this client speaks through.</summary>
    public string SocketPath => _connection.Path;

    /// <summary>Connects and agrees on the version.</summary>
    /// <param name="socketPath">The kernel's socket; default <see cref="KernelSocket.DefaultPath()"/>.</param>
    /// <param name="name">A name for the kernel's logs, such as <c>my-tool/1.0</c>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="KernelConnectionException">No kernel answers there.</exception>
    public static async Task<KernelClient> ConnectAsync(
        string? socketPath = null, string? name = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var connection = KernelConnection.Open(socketPath ?? KernelSocket.DefaultPath());
        try
        {
            var hello = await Exchange.RecordAsync(
                connection,
                new Hello { Version = AbiLimits.Version, Client = name ?? "analemma-dotnet" },
                AbiJsonContext.Default.Hello,
                AbiJsonContext.Default.HelloReply,
                cancellationToken).ConfigureAwait(false);
            return new KernelClient(connection, hello);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>NOOP: the kernel sends the bytes back.</summary>
    /// <param name="payload">At most <see cref="AbiLimits.BodyBytesMax"/> bytes.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<byte[]> EchoAsync(ReadOnlyMemory<byte> payload, CancellationToken cancellationToken = default) =>
        Exchange.BytesAsync(_connection, SyscallNumber.Noop, FrameFlags.Raw, payload, cancellationToken);

    /// <summary>
    /// NOOP in the least time: sends and receives on the calling thread when nothing else of this client is in flight.
    /// </summary>
    /// <param name="payload">At most <see cref="AbiLimits.PayloadBytesMax"/> bytes.</param>
    /// <param name="reply">Takes the answer; at least as long as the payload.</param>
    /// <returns>The bytes written to <paramref name="reply"/>.</returns>
    public int Echo(ReadOnlySpan<byte> payload, Span<byte> reply)
    {
        if (reply.Length < payload.Length)
        {
            throw new ArgumentException($"the reply needs {payload.Length} bytes, not {reply.Length}", nameof(reply));
        }

        if (_connection.TryEcho(payload, reply, out var length))
        {
            return length;
        }

        var answer = EchoAsync(payload.ToArray()).GetAwaiter().GetResult();
        answer.CopyTo(reply);
        return answer.Length;
    }

    /// <summary>Starts an agent; answers when it runs.</summary>
    /// <param name="spawn">What to run and within which limits.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<SpawnReply> SpawnAsync(Spawn spawn, CancellationToken cancellationToken = default) =>
        CallAsync(spawn, AbiJsonContext.Default.Spawn, AbiJsonContext.Default.SpawnReply, cancellationToken);

    /// <summary>Ends a process and all below it; answers when it has ended.</summary>
    /// <param name="kill">Which, and how patiently.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<KillReply> KillAsync(Kill kill, CancellationToken cancellationToken = default) =>
        CallAsync(kill, AbiJsonContext.Default.Kill, AbiJsonContext.Default.KillReply, cancellationToken);

    /// <summary>Freezes a process with everything in it.</summary>
    /// <param name="pause">Which.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<PauseReply> PauseAsync(Pause pause, CancellationToken cancellationToken = default) =>
        CallAsync(pause, AbiJsonContext.Default.Pause, AbiJsonContext.Default.PauseReply, cancellationToken);

    /// <summary>Lets a paused process go on.</summary>
    /// <param name="resume">Which.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<PauseReply> ResumeAsync(Resume resume, CancellationToken cancellationToken = default) =>
        CallAsync(resume, AbiJsonContext.Default.Resume, AbiJsonContext.Default.PauseReply, cancellationToken);

    /// <summary>Lists processes by id.</summary>
    /// <param name="list">Default: the living.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public async Task<IReadOnlyList<ProcessView>> ListAsync(
        List? list = null, CancellationToken cancellationToken = default)
    {
        var reply = await CallAsync(
            list ?? new List(), AbiJsonContext.Default.List, AbiJsonContext.Default.ListReply, cancellationToken)
            .ConfigureAwait(false);
        return reply.Processes;
    }

    /// <summary>Completes with a process's last record when it has ended.</summary>
    /// <param name="wait">Which, and for how long.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<ProcessView> WaitAsync(Wait wait, CancellationToken cancellationToken = default) =>
        CallAsync(wait, AbiJsonContext.Default.Wait, AbiJsonContext.Default.ProcessView, cancellationToken);

    /// <summary>One process's record, living or dead.</summary>
    /// <param name="inspect">Which.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<ProcessView> InspectAsync(Inspect inspect, CancellationToken cancellationToken = default) =>
        CallAsync(inspect, AbiJsonContext.Default.Inspect, AbiJsonContext.Default.ProcessView, cancellationToken);

    /// <summary>Runs a command inside a process's sandbox and streams what it prints.</summary>
    /// <param name="exec">Where and what.</param>
    public SyscallStream<OutputPiece, ExecReply> Exec(Exec exec) =>
        new((onReply, cancellationToken) => Exchange.StreamAsync(
                _connection,
                exec,
                AbiJsonContext.Default.Exec,
                EndingPiecesMax,
                AbiJsonContext.Default.ExecReply,
                onReply,
                cancellationToken)
            .Select(piece => Exchange.ToOutput(piece.Bytes)));

    /// <summary>
    /// Streams a process's captured output. Has a connection of its own, so that a reader who is slow, or never done,
    /// holds back nothing else.
    /// </summary>
    /// <param name="logs">Whose, from where, and whether to go on.</param>
    public SyscallStream<OutputPiece, LogsReply> Logs(Logs logs) =>
        new((onReply, cancellationToken) => OnItsOwnConnection(
                logs, AbiJsonContext.Default.Logs, AbiJsonContext.Default.LogsReply, onReply, cancellationToken)
            .Select(piece => Exchange.ToOutput(piece.Bytes)));

    /// <summary>
    /// Streams what happens, until cancelled. Has a connection of its own, as <see cref="Logs"/> has.
    /// </summary>
    /// <param name="subscribe">Default: everything the caller may see.</param>
    /// <param name="cancellationToken">Ends the stream.</param>
    public IAsyncEnumerable<EventView> Events(
        Subscribe? subscribe = null, CancellationToken cancellationToken = default) =>
        OnItsOwnConnection<Subscribe, EventView>(
                subscribe ?? new Subscribe(), AbiJsonContext.Default.Subscribe, null, null, cancellationToken)
            .Select(piece => Exchange.Parse(piece.Bytes, AbiJsonContext.Default.EventView));

    /// <summary>Reads a file of a process's /work, or a part of it.</summary>
    /// <param name="read">Whose, which, and which part.</param>
    public SyscallStream<ReadOnlyMemory<byte>, ReadReply> Read(Read read) =>
        new((onReply, cancellationToken) => FileReader.PiecesAsync(_connection, read, onReply, cancellationToken));

    /// <summary>Writes a file of a process's /work; beyond 8 MiB use several with mode <c>append</c>.</summary>
    /// <param name="write">Whose, which and what.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<WriteReply> WriteAsync(Write write, CancellationToken cancellationToken = default) =>
        CallAsync(write, AbiJsonContext.Default.Write, AbiJsonContext.Default.WriteReply, cancellationToken);

    /// <summary>Lists a folder of a process's /work, or describes one file.</summary>
    /// <param name="files">Whose and which.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<FilesReply> FilesAsync(Files files, CancellationToken cancellationToken = default) =>
        CallAsync(files, AbiJsonContext.Default.Files, AbiJsonContext.Default.FilesReply, cancellationToken);

    /// <summary>Describes the kernel and what it can enforce on its host.</summary>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<StatusReply> StatusAsync(CancellationToken cancellationToken = default) =>
        CallAsync(new Status(), AbiJsonContext.Default.Status, AbiJsonContext.Default.StatusReply, cancellationToken);

    /// <summary>Tells how the models stand: providers, queues, and what each agent used.</summary>
    /// <param name="llm">Default: the living agents.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<LlmReply> LlmAsync(Llm? llm = null, CancellationToken cancellationToken = default) =>
        CallAsync(llm ?? new Llm(), AbiJsonContext.Default.Llm, AbiJsonContext.Default.LlmReply, cancellationToken);

    /// <summary>
    /// Everything that the kernel counts and measures; an agent gets the figures of its own sandbox alone.
    /// </summary>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<MetricsReply> MetricsAsync(CancellationToken cancellationToken = default) =>
        CallAsync(
            new Metrics(), AbiJsonContext.Default.Metrics, AbiJsonContext.Default.MetricsReply, cancellationToken);

    /// <summary>The latest records of the audit log, the oldest first.</summary>
    /// <param name="audit">Whose, and which. Default: the latest hundred that the caller may see.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<AuditReply> AuditAsync(Audit? audit = null, CancellationToken cancellationToken = default) =>
        CallAsync(
            audit ?? new Audit(), AbiJsonContext.Default.Audit, AbiJsonContext.Default.AuditReply, cancellationToken);

    /// <summary>
    /// Where programs on the host find the APIs of model providers, and a token to be a process by, or a client.
    /// </summary>
    public Task<EndpointReply> EndpointAsync(
        Endpoint? endpoint = null, CancellationToken cancellationToken = default) =>
        CallAsync(
            endpoint ?? new Endpoint(),
            AbiJsonContext.Default.Endpoint,
            AbiJsonContext.Default.EndpointReply,
            cancellationToken);

    /// <summary>Sends an HTTP request under this agent's network rules, and waits for the whole answer.</summary>
    /// <param name="http">What to ask, and how long to wait.</param>
    /// <param name="cancellationToken">Takes the request back, and hangs up.</param>
    /// <returns>What the host answered; any status is an answer.</returns>
    public async Task<HttpAnswer> HttpAsync(Http http, CancellationToken cancellationToken = default)
    {
        using MemoryStream body = new();
        var answer = Http(http);
        await foreach (var piece in answer.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            body.Write(piece.Span);
        }

        return new HttpAnswer(answer.Reply, body.ToArray());
    }

    /// <summary>
    /// Sends an HTTP request under this agent's network rules, and streams the answer's body as it comes. The reply has
    /// its status and headers.
    /// </summary>
    /// <param name="http">What to ask, and how long to wait.</param>
    public SyscallStream<ReadOnlyMemory<byte>, HttpReply> Http(Http http)
    {
        ArgumentNullException.ThrowIfNull(http);
        return new((onReply, cancellationToken) => Exchange.StreamAsync(
                _connection,
                http,
                AbiJsonContext.Default.Http,
                EndingPiecesMax,
                AbiJsonContext.Default.HttpReply,
                onReply,
                cancellationToken)
            .Select(piece => (ReadOnlyMemory<byte>)piece.Bytes));
    }

    /// <summary>Keeps a secret, in place of the one that has its name. For clients on the host.</summary>
    /// <param name="secret">Its name and value.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<SecretSetReply> SecretSetAsync(SecretSet secret, CancellationToken cancellationToken = default) =>
        CallAsync(secret, AbiJsonContext.Default.SecretSet, AbiJsonContext.Default.SecretSetReply, cancellationToken);

    /// <summary>Lists the names and dates of secrets. For clients on the host.</summary>
    /// <param name="cancellationToken">Takes the request back.</param>
    public async Task<IReadOnlyList<SecretEntry>> SecretListAsync(CancellationToken cancellationToken = default)
    {
        var reply = await CallAsync(
            new SecretList(),
            AbiJsonContext.Default.SecretList,
            AbiJsonContext.Default.SecretListReply,
            cancellationToken).ConfigureAwait(false);
        return reply.Secrets;
    }

    /// <summary>Forgets a secret. For clients on the host.</summary>
    /// <param name="secret">Its name.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<SecretRemoveReply> SecretRemoveAsync(
        SecretRemove secret, CancellationToken cancellationToken = default) =>
        CallAsync(
            secret, AbiJsonContext.Default.SecretRemove, AbiJsonContext.Default.SecretRemoveReply, cancellationToken);

    /// <summary>Lists the tools of the kernel that the caller may call; starts their servers.</summary>
    /// <param name="list">Default: of all servers.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<ListToolsReply> ListToolsAsync(
        ListTools? list = null, CancellationToken cancellationToken = default) =>
        CallAsync(
            list ?? new ListTools(),
            AbiJsonContext.Default.ListTools,
            AbiJsonContext.Default.ListToolsReply,
            cancellationToken);

    /// <summary>Calls a tool of the kernel, and waits for its result.</summary>
    /// <param name="call">Which, with which arguments.</param>
    /// <param name="cancellationToken">Takes the call back; the tool is told.</param>
    /// <returns>What it came to, which may be that it failed.</returns>
    public Task<CallToolReply> CallToolAsync(CallTool call, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(call);
        return CallAsync(
            call with { Progress = null },
            AbiJsonContext.Default.CallTool,
            AbiJsonContext.Default.CallToolReply,
            cancellationToken);
    }

    /// <summary>Calls a tool of the kernel, and streams how far it is. The reply is its result.</summary>
    /// <param name="call">Which, with which arguments.</param>
    public SyscallStream<ToolProgress, CallToolReply> CallTool(CallTool call)
    {
        ArgumentNullException.ThrowIfNull(call);
        return new((onReply, cancellationToken) => Exchange.StreamAsync(
                _connection,
                call with { Progress = true },
                AbiJsonContext.Default.CallTool,
                EndingPiecesMax,
                AbiJsonContext.Default.CallToolReply,
                onReply,
                cancellationToken)
            .Select(piece => Exchange.Parse(piece.Bytes, AbiJsonContext.Default.ToolProgress)));
    }

    /// <summary>Lists the servers of tools and how they are.</summary>
    /// <param name="cancellationToken">Takes the request back.</param>
    public async Task<IReadOnlyList<ToolServerView>> ToolServersAsync(CancellationToken cancellationToken = default)
    {
        var reply = await CallAsync(
            new ToolServers(),
            AbiJsonContext.Default.ToolServers,
            AbiJsonContext.Default.ToolServersReply,
            cancellationToken).ConfigureAwait(false);
        return reply.Servers;
    }

    /// <summary>Starts a server of tools anew; answers when it is up.</summary>
    /// <param name="restart">Which.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<ToolServerView> RestartToolsAsync(
        RestartTools restart, CancellationToken cancellationToken = default) =>
        CallAsync(
            restart, AbiJsonContext.Default.RestartTools, AbiJsonContext.Default.ToolServerView, cancellationToken);

    /// <summary>Stops the kernel after ending every process.</summary>
    /// <param name="shutdown">How patiently.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<ShutdownReply> ShutdownAsync(
        Shutdown? shutdown = null, CancellationToken cancellationToken = default) =>
        CallAsync(
            shutdown ?? new Shutdown(),
            AbiJsonContext.Default.Shutdown,
            AbiJsonContext.Default.ShutdownReply,
            cancellationToken);

    /// <summary>Asks a model, and waits for the whole answer.</summary>
    /// <param name="think">The prompt or conversation, and how to answer.</param>
    /// <param name="cancellationToken">Takes the request back, and stops the model.</param>
    /// <returns>What the model said.</returns>
    public Task<ThinkReply> ThinkAsync(Think think, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(think);
        return CallAsync(
            think with { Stream = null },
            AbiJsonContext.Default.Think,
            AbiJsonContext.Default.ThinkReply,
            cancellationToken);
    }

    /// <summary>Has a model make a vector of each text.</summary>
    /// <param name="embed">The texts, and which model.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    /// <returns>The vectors, in the order of the texts.</returns>
    public Task<EmbedReply> EmbedAsync(Embed embed, CancellationToken cancellationToken = default) =>
        CallAsync(embed, AbiJsonContext.Default.Embed, AbiJsonContext.Default.EmbedReply, cancellationToken);

    /// <summary>Asks a model, and streams the answer's text as it comes. The reply has all but that text.</summary>
    /// <param name="think">The prompt or conversation, and how to answer.</param>
    public SyscallStream<string, ThinkReply> Think(Think think)
    {
        ArgumentNullException.ThrowIfNull(think);
        return new((onReply, cancellationToken) => Exchange.ToText(Exchange.StreamAsync(
            _connection,
            think with { Stream = true },
            AbiJsonContext.Default.Think,
            EndingPiecesMax,
            AbiJsonContext.Default.ThinkReply,
            onReply,
            cancellationToken)));
    }

    /// <summary>
    /// Says goodbye, as AgentOS programs do. The process goes on; only the connection may be closed now.
    /// </summary>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<byte[]> ExitAsync(CancellationToken cancellationToken = default) =>
        Exchange.BytesAsync(_connection, SyscallNumber.Exit, FrameFlags.None, default, cancellationToken);

    /// <summary>Closes the connection. What is in flight ends with <see cref="KernelConnectionException"/>.</summary>
    public ValueTask DisposeAsync()
    {
        _connection.Dispose();
        return ValueTask.CompletedTask;
    }

    private Task<TReply> CallAsync<TCall, TReply>(
        TCall call,
        JsonTypeInfo<TCall> callType,
        JsonTypeInfo<TReply> replyType,
        CancellationToken cancellationToken)
        where TCall : Syscall
        where TReply : Reply =>
        Exchange.RecordAsync(_connection, call, callType, replyType, cancellationToken);

    private async IAsyncEnumerable<(FrameFlags Flags, byte[] Bytes)> OnItsOwnConnection<TCall, TReply>(
        TCall call,
        JsonTypeInfo<TCall> callType,
        JsonTypeInfo<TReply>? replyType,
        Action<TReply>? onReply,
        [EnumeratorCancellation] CancellationToken cancellationToken)
        where TCall : Syscall
        where TReply : Reply
    {
        using var connection = KernelConnection.Open(SocketPath);
        var pieces = Exchange.StreamAsync(
            connection, call, callType, EndlessPiecesMax, replyType, onReply, cancellationToken);
        await foreach (var piece in pieces.ConfigureAwait(false))
        {
            yield return piece;
        }
    }
}

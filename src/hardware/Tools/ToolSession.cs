using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Analemma.Abi.Syscalls;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Analemma.Tools;

/// <summary>
/// A connection to one server of tools. Its members can be called from any thread; every fault is a
/// <see cref="ToolServerException"/>.
/// </summary>
public sealed class ToolSession : IAsyncDisposable
{
    private static readonly Implementation Self = new() { Name = "analemma", Version = "0.1.0" };

    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(3);

    private readonly McpClient _client;
    private readonly ToolSessionOptions _options;
    private long _latest;
    private readonly (MessageLines Lines, ProgressNotices Notices)? _program;

    private ToolSession(
        McpClient client,
        IReadOnlyList<FoundTool> tools,
        ToolSessionOptions options,
        (MessageLines Lines, ProgressNotices Notices)? program)
    {
        (_client, Tools, _options, _program) = (client, tools, options, program);
        Ended = EndAsync();
    }

    /// <summary>What the server had when the session began.</summary>
    public IReadOnlyList<FoundTool> Tools { get; }

    /// <summary>The server's name and version, as it says.</summary>
    public string? Says => _client.ServerInfo is { } info
        ? ToolResults.Said($"{info.Name} {info.Version}", _options.Hidden)
        : null;

    /// <summary>Completes when the server is gone, with why, as far as it can be seen from here.</summary>
    public Task<string> Ended { get; }

    /// <summary>Begins a session with a program, over its standard streams. Owns the streams.</summary>
    /// <param name="toServer">The program's input.</param>
    /// <param name="fromServer">The program's output.</param>
    /// <param name="options">The bounds.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<ToolSession> OpenProgramAsync(
        Stream toServer, Stream fromServer, ToolSessionOptions options, CancellationToken cancellationToken)
    {
        ProgressNotices notices = new(options);
        ServerInput input = new(toServer);
        MessageLines lines = new(
            fromServer,
            options.MessageBytesMax,
            options.GarbageBytesMax,
            notices.See,
            input.TryAsk,
            text => Hide(text, options.Hidden));
        return await OpenAsync(
            new StreamClientTransport(input, lines), options, (lines, notices), cancellationToken);
    }

    /// <summary>Begins a session with a server elsewhere, over HTTP.</summary>
    /// <param name="address">Its endpoint; http or https.</param>
    /// <param name="headers">Sent with each request.</param>
    /// <param name="options">The bounds; the headers' secrets belong to what is hidden.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<ToolSession> OpenHttpAsync(
        Uri address,
        IReadOnlyDictionary<string, string> headers,
        ToolSessionOptions options,
        CancellationToken cancellationToken)
    {
        HttpClientTransport transport = new(
            new HttpClientTransportOptions
            {
                Endpoint = address,
                AdditionalHeaders = headers.ToDictionary(),
                ConnectionTimeout = options.StartTimeout,
            },
            BoundedHttp.Client(options),
            loggerFactory: null,
            ownsHttpClient: true);
        return await OpenAsync(transport, options, null, cancellationToken);
    }

    /// <summary>Calls a tool.</summary>
    /// <param name="tool">The server's name for it.</param>
    /// <param name="arguments">A JSON object.</param>
    /// <param name="progress">Told how far the tool is; null when nobody wants to know.</param>
    /// <param name="cancellationToken">Takes the call back: the server is told, and not waited for.</param>
    public async Task<CallToolReply> CallAsync(
        string tool, JsonElement arguments, Action<ToolProgress>? progress, CancellationToken cancellationToken)
    {
        try
        {
            // A server that does not read what it is sent must not hold the caller.
            var result = await AskAsync(tool, arguments, progress, cancellationToken).WaitAsync(cancellationToken);
            return ToolResults.Reply(result, _options);
        }
        catch (McpProtocolException refused)
        {
            throw new ToolServerException(ToolServerFailure.Refused, Hidden(Words(refused)), refused);
        }
        catch (Exception failed) when (IsFault(failed))
        {
            throw await FaultAsync(failed);
        }
    }

    /// <summary>A text of a server without what is to be hidden.</summary>
    /// <param name="text">What it said or printed.</param>
    /// <param name="hidden">The values that are not to be seen.</param>
    public static string Hide(string text, IReadOnlyList<string> hidden) => ToolResults.Hide(text, hidden);

    /// <summary>Ends the session: a program sees the end of its input.</summary>
    public async ValueTask DisposeAsync() => await _client.DisposeAsync();

    private static async Task<ToolSession> OpenAsync(
        IClientTransport transport,
        ToolSessionOptions options,
        (MessageLines Lines, ProgressNotices Notices)? program,
        CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.StartTimeout, options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        Relisting relisting = new(options);
        McpClient? client = null;
        try
        {
            client = await McpClient.CreateAsync(transport, ClientOptions(options, relisting), null, either.Token)
                .WaitAsync(either.Token);
            var tools = await ToolCatalog.ReadAsync(client, options, either.Token).WaitAsync(either.Token);
            relisting.Begin(client);
            return new ToolSession(client, tools, options, program);
        }
        catch (Exception failed) when (failed is OperationCanceledException || IsFault(failed))
        {
            if (client is not null)
            {
                await client.DisposeAsync();
            }

            cancellationToken.ThrowIfCancellationRequested();
            throw new ToolServerException(
                ToolServerFailure.NotUp, NotUp(failed, limit, program?.Lines, options), failed);
        }
    }

    private static McpClientOptions ClientOptions(ToolSessionOptions options, Relisting relisting) => new()
    {
        ClientInfo = Self,
        Capabilities = new ClientCapabilities(),
        InitializationTimeout = options.StartTimeout,
        DiscoverProbeTimeout = options.StartTimeout < ProbeTimeout ? options.StartTimeout : ProbeTimeout,
        TimeProvider = options.Time,
        Handlers = new McpClientHandlers
        {
            NotificationHandlers =
            [
                KeyValuePair.Create(
                    NotificationMethods.ToolListChangedNotification,
                    new Func<JsonRpcNotification, CancellationToken, ValueTask>((_, _) => relisting.NoticeAsync())),
            ],
        },
    };

    /// <summary>What the package throws when a server or its connection misbehaves.</summary>
    internal static bool IsFault(Exception failed) => failed is McpException or IOException or HttpRequestException
        or JsonException or TimeoutException or InvalidOperationException or ObjectDisposedException
        or NotSupportedException or FormatException;

    private static string NotUp(
        Exception failed, CancellationTokenSource limit, MessageLines? lines, ToolSessionOptions options)
    {
        if (lines?.Fault is { } fault)
        {
            return fault;
        }

        var printed = lines?.FirstGarbage is { } line ? $"; it printed \"{line}\"" : "";
        return limit.IsCancellationRequested || failed is TimeoutException
            ? $"it was not up within {options.StartTimeout.TotalSeconds:0.###} s{printed}"
            : $"{ToolResults.Said(Words(failed), options.Hidden)}{printed}";
    }

    private async Task<CallToolResult> AskAsync(
        string tool, JsonElement arguments, Action<ToolProgress>? progress, CancellationToken cancellationToken)
    {
        if (progress is null || _program is { })
        {
            return await AskPlainlyAsync(tool, arguments, progress, cancellationToken);
        }

        var given = arguments.EnumerateObject().ToDictionary(field => field.Name, field => (object?)field.Value);
        return await _client.CallToolAsync(tool, given, new Told(progress, _options), null, cancellationToken);
    }

    private async Task<CallToolResult> AskPlainlyAsync(
        string tool, JsonElement arguments, Action<ToolProgress>? progress, CancellationToken cancellationToken)
    {
        var token = progress is null ? null : _program?.Notices.Begin(progress);
        try
        {
            CallToolRequestParams request = new()
            {
                Name = tool,
                Arguments = arguments.EnumerateObject().ToDictionary(field => field.Name, field => field.Value),
                Meta = token is null ? null : new JsonObject { ["progressToken"] = token },
            };
            return _program is null
                ? await _client.CallToolAsync(request, cancellationToken)
                : await AskProgramAsync(request, cancellationToken);
        }
        finally
        {
            if (token is not null)
            {
                _program?.Notices.End(token);
            }
        }
    }

    /// <summary>
    /// With a number of our own for the request, so that the program can be told when it is taken back: specification
    /// 2025-11-25, basic/utilities/cancellation. Over HTTP the request's end says so.
    /// </summary>
    private async Task<CallToolResult> AskProgramAsync(
        CallToolRequestParams request, CancellationToken cancellationToken)
    {
        RequestId id = new($"call-{Interlocked.Increment(ref _latest).ToString(CultureInfo.InvariantCulture)}");
        try
        {
            return await _client.SendRequestAsync<CallToolRequestParams, CallToolResult>(
                RequestMethods.ToolsCall, request, requestId: id, cancellationToken: cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await TakeBackAsync(id);
            throw;
        }
    }

    private async Task TakeBackAsync(RequestId id)
    {
        try
        {
            using var limit = new CancellationTokenSource(ProbeTimeout, _options.Time);
            await _client.SendNotificationAsync(
                NotificationMethods.CancelledNotification,
                new CancelledNotificationParams { RequestId = id, Reason = "the caller took it back" },
                cancellationToken: limit.Token);
        }
        catch (Exception failed) when (failed is OperationCanceledException || IsFault(failed))
        {
            // It does not read, or is gone: there is nobody to be told.
        }
    }

    /// <summary>Whether the server is gone, or only said what is no answer.</summary>
    private async Task<ToolServerException> FaultAsync(Exception failed)
    {
        if (failed is not (McpException or JsonException) || Ended.IsCompleted)
        {
            // Its end is noticed by another task, a moment before or after.
            await Task.WhenAny(Ended, Task.Delay(TimeSpan.FromSeconds(1), _options.Time));
        }

        return Ended.IsCompleted
            ? new ToolServerException(ToolServerFailure.Ended, await Ended, failed)
            : new ToolServerException(ToolServerFailure.Nonsense, Hidden(Words(failed)), failed);
    }

    private async Task<string> EndAsync()
    {
        var details = await _client.Completion;
        return _program?.Lines.Fault ?? (details.Exception is { } why ? Hidden(Words(why)) : "its connection ended");
    }

    /// <summary>What went wrong, with its cause: "while sending the request" alone helps nobody.</summary>
    private static string Words(Exception failed)
    {
        var cause = failed.GetBaseException();
        return cause == failed || failed.Message.Contains(cause.Message, StringComparison.Ordinal)
            ? failed.Message
            : $"{failed.Message.TrimEnd('.')}: {cause.Message}";
    }

    private string Hidden(string text) => ToolResults.Said(text, _options.Hidden);

    private sealed class Told(Action<ToolProgress> tell, ToolSessionOptions options)
        : IProgress<ProgressNotificationValue>
    {
        public void Report(ProgressNotificationValue value) => tell(
            new ToolProgress(double.IsFinite(value.Progress) ? value.Progress : 0)
            {
                Total = value.Total is { } total && double.IsFinite(total) ? total : null,
                Message = value.Message is { } message ? ToolResults.Hide(message, options.Hidden) : null,
            });
    }
}

using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Threading.Channels;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Microsoft.AspNetCore.Http;

namespace Analemma.Daemon.Http.Models;

/// <summary>One request to a model's API and its answer, in the words of that API.</summary>
internal sealed class ModelExchange(HttpContext http, IModelApi api, AnswerStamp stamp)
{
    private const int AnswerBytes = 1024;
    private const int JsonDepthMax = 64;

    private string RequestId => $"req_{stamp.Id}";

    /// <summary>Who asks; null when that is nobody, or it is asked in a wrong way, and has been refused.</summary>
    public async Task<HttpCaller?> AdmitAsync(string method = "POST")
    {
        if (HttpOrigin.Of(http).CallerOf(http.Request, out var refusal) is not { } caller)
        {
            await RefuseAsync(refusal!, StatusCodes.Status401Unauthorized);
            return null;
        }

        if (http.Request.Method == method)
        {
            return caller;
        }

        http.Response.Headers.Allow = method;
        await RefuseAsync(
            SysError.InvalidArgument($"{http.Request.Path} takes {method}, not {http.Request.Method}"),
            StatusCodes.Status405MethodNotAllowed);
        return null;
    }

    /// <summary>The body; null when it cannot be had, and has been refused.</summary>
    public async Task<RequestBody?> ReadAsync(HttpCaller caller)
    {
        var read = await RequestBody.ReadAsync(http, caller.Budget);
        if (read.Error is { } refused)
        {
            await RefuseAsync(refused);
        }

        return read.Value;
    }

    /// <summary>What it asks for; null when it cannot be understood, and has been refused.</summary>
    public async Task<TCall?> UnderstandAsync<TCall>(ReadOnlyMemory<byte> body, Func<Field, TCall> read)
        where TCall : class
    {
        try
        {
            return Understand(body, read);
        }
        catch (WireException wrong)
        {
            await RefuseAsync(wrong.Error, field: wrong.Field);
            return null;
        }
    }

    public Task RefuseAsync(SysError error, int? status = null, string? field = null)
    {
        var refusal = Refusal(error, status, field);
        http.Response.StatusCode = refusal.Status;
        WriteRetry(error);
        return WriteAsync(refusal, (json, refused) => api.WriteError(json, refused));
    }

    public Task AnswerAsync(WireCall call, SysResult<Reply> end)
    {
        if (end.Value is not ThinkReply reply)
        {
            // Nobody is there any more to be told that he has hung up.
            return http.RequestAborted.IsCancellationRequested ? Task.CompletedTask : RefuseAsync(end.Error!);
        }

        Tell(reply.Provider, reply.Usage, reply.QueuedMs, reply.Simulated);
        return WriteAsync((Call: call, Reply: reply), (json, said) => api.Write(json, said.Call, said.Reply, stamp));
    }

    /// <summary>Says in headers what the APIs have no words for.</summary>
    public void Tell(string provider, ModelUsage usage, long queuedMs, bool isSimulated)
    {
        var headers = http.Response.Headers;
        headers["x-analemma-provider"] = provider;
        headers["x-analemma-microdollars"] = usage.Microdollars.ToString(CultureInfo.InvariantCulture);
        headers["x-analemma-queued-ms"] = queuedMs.ToString(CultureInfo.InvariantCulture);
        if (isSimulated)
        {
            headers["x-analemma-simulated"] = "true";
        }
    }

    /// <summary>
    /// Sends the pieces as they come. What is refused before the first of them is refused as any request is; later, or
    /// when that took so long that the answer had to begin, the stream says it.
    /// </summary>
    public async Task StreamAsync(WireCall call, HttpCall syscall, TimeProvider time)
    {
        var pieces = syscall.Pieces;
        using var patience = time.CreateTimer(
            static call => ((HttpCall)call!).Tick(), syscall, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        if (!await MoreAsync(pieces, patience) && (await syscall.End).Error is { } refused)
        {
            await AnswerAsync(call, refused);
            return;
        }

        var stream = api.Stream(call, stamp);
        http.Response.ContentType = stream.ContentType;
        http.Response.Headers.CacheControl = "no-cache";
        http.Response.Headers["x-request-id"] = RequestId;
        using EventWriter events = new(http.Response.BodyWriter);
        stream.Begin(events);
        // Nothing came in time: then it begins without, and shows from time to time that somebody works.
        var isLate = pieces.TryPeek(out var first) && first.IsEmpty && pieces.TryRead(out _);
        await (isLate ? FlushAsync() : default);
        while (await MoreAsync(pieces, patience))
        {
            while (pieces.TryRead(out var piece))
            {
                Write(stream, events, piece.Span);
            }

            await FlushAsync();
        }

        http.RequestAborted.ThrowIfCancellationRequested();
        var end = await syscall.End;
        if (end.Value is ThinkReply reply)
        {
            stream.End(events, reply);
        }
        else
        {
            stream.Fail(events, Refusal(end.Error!, null, null));
        }

        await FlushAsync();
    }

    // What is read ends with the call, which ends when the client hangs up.
    private static ValueTask<bool> MoreAsync(ChannelReader<ReadOnlyMemory<byte>> pieces, ITimer patience)
    {
        patience.Change(HttpLimits.StreamKeepAlive, Timeout.InfiniteTimeSpan);
        return pieces.WaitToReadAsync(CancellationToken.None);
    }

    private static void Write(WireStream stream, EventWriter events, ReadOnlySpan<byte> piece)
    {
        if (piece.IsEmpty)
        {
            stream.KeepAlive(events);
        }
        else
        {
            stream.Text(events, piece);
        }
    }

    private async ValueTask FlushAsync() => await http.Response.BodyWriter.FlushAsync(http.RequestAborted);

    private static TCall Understand<TCall>(ReadOnlyMemory<byte> body, Func<Field, TCall> read)
    {
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = JsonDepthMax });
            var root = new Field(document.RootElement, "");
            return root.IsObject ? read(root) : throw new WireException("the body is not a JSON object");
        }
        catch (JsonException wrong)
        {
            throw new WireException($"the body is not JSON: {wrong.Message}");
        }
    }

    private WireRefusal Refusal(SysError error, int? status, string? field) =>
        new(error, status ?? HttpStatus.Of(error.Code), field, RequestId);

    // The clients of these APIs try again by themselves what looks as if it could be. The kernel has done so already,
    // and knows when it is of use: when it says after what wait.
    private void WriteRetry(SysError error)
    {
        var headers = http.Response.Headers;
        var isOfUse = error.Code is SysErrorCode.TryAgain || error.RetryAfterMs is not null;
        headers["x-should-retry"] = isOfUse ? "true" : "false";
        if (HttpStatus.RetryAfter(error) is { } seconds)
        {
            headers.RetryAfter = seconds;
            headers["retry-after-ms"] = error.RetryAfterMs!.Value.ToString(CultureInfo.InvariantCulture);
        }
    }

    /// <summary>Answers with JSON.</summary>
    public async Task WriteAsync<TState>(TState state, Action<Utf8JsonWriter, TState> write)
    {
        ArrayBufferWriter<byte> body = new(AnswerBytes);
        await using (Utf8JsonWriter json = new(body, EventWriter.JsonOptions))
        {
            write(json, state);
        }

        http.Response.ContentType = "application/json";
        http.Response.ContentLength = body.WrittenCount;
        http.Response.Headers["x-request-id"] = RequestId;
        await http.Response.Body.WriteAsync(body.WrittenMemory, http.RequestAborted);
    }
}

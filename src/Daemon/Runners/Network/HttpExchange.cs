using System.Buffers;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Network;
using Analemma.Storage.Secrets;
using Microsoft.Extensions.Logging;

namespace Analemma.Daemon.Runners.Network;

// Each request has a connection of its own: one that another agent, or another rule, had opened was held against
// another list of addresses. Nothing is followed, remembered, unpacked or asked of a proxy.

/// <summary>One request of an agent, to its answer or refusal; it never throws.</summary>
internal sealed class HttpExchange(
    SendHttp send, IHttpCarrier carrier, TargetConnection targets, ISecretStore secrets, ILogger log)
{
    private const string Agent = "analemma/0.1";
    private const int ResponseHeadersKiB = 64;

    private SecretMask _mask = new([]);

    /// <summary>What the kernel shall know of how it ended: null unless the rule was in the way.</summary>
    /// <param name="due">Cancelled when the request's time is up.</param>
    /// <param name="taken">Cancelled when the caller takes it back, or the kernel stops.</param>
    public async Task<NetworkDenial?> RunAsync(CancellationToken due, CancellationToken taken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(due, taken);
        try
        {
            return await SendAsync(either.Token);
        }
        catch (HttpRequestException failed) when (Find<AddressDeniedException>(failed) is { } denied)
        {
            return Deny(SysErrorCode.PermissionDenied, denied.Message, "missing capability: network");
        }
        catch (Exception failed) when (Find<BodyTooLargeException>(failed) is { } large)
        {
            return Deny(SysErrorCode.TooLarge, large.Message, "send less at once");
        }
        catch (Exception failed) when (Find<Microsoft.AspNetCore.Http.BadHttpRequestException>(failed) is not null)
        {
            carrier.Fail(SysError.InvalidArgument("the request's body is malformed, or did not come in time"));
        }
        catch (OperationCanceledException)
        {
            carrier.Fail(due.IsCancellationRequested
                ? new SysError(SysErrorCode.TimedOut, $"{send.Target.Origin} did not answer in time")
                : new SysError(SysErrorCode.Cancelled, "taken back by the client, or the kernel is stopping"));
        }
        catch (Exception failed) when (failed is HttpRequestException or IOException or UriFormatException)
        {
            carrier.Fail(new SysError(
                SysErrorCode.HttpFailed,
                $"{send.Target.Origin}: {HttpFailures.Describe(failed)}",
                "the rules allow it; the host or the way to it failed"));
        }
        catch (Exception fault)
        {
            // The effect-runner boundary: whatever a host's answer does to the base library must not end the kernel.
            // Its text may hold anything, and stays here.
            log.HttpFault(send.Target.Path, fault.GetType().FullName!, fault.StackTrace ?? "");
            carrier.Fail(new SysError(
                SysErrorCode.HttpFailed, $"{send.Target.Origin}: the exchange failed with {fault.GetType().Name}"));
        }

        return null;
    }

    private async Task<NetworkDenial?> SendAsync(CancellationToken cancellationToken)
    {
        if (FilledHeaders.Of(send.Rule, send.RuleNumber, secrets, out var problem) is not { } filled)
        {
            carrier.Fail(problem!);
            return null;
        }

        _mask = new SecretMask(filled.Secrets);
        using var request = Request(filled);
        using HttpMessageInvoker invoker = new(Handler());
        using var response = await invoker.SendAsync(request, cancellationToken);
        var head = new HttpReply((int)response.StatusCode, Headers(response));
        var length = response.Content.Headers.ContentLength;
        if (length > send.ResponseBytesMax && send.Method != "HEAD")
        {
            return TooLarge($"the answer has {length} bytes");
        }

        await carrier.BeginAsync(head, length, cancellationToken);
        return await CopyAsync(head, response, cancellationToken);
    }

    private async Task<NetworkDenial?> CopyAsync(
        HttpReply head, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = ArrayPool<byte>.Shared.Rent(DaemonLimits.PieceBytes);
        var total = 0L;
        try
        {
            int count;
            while ((count = await body.ReadAsync(buffer.AsMemory(0, DaemonLimits.PieceBytes), cancellationToken)) > 0)
            {
                total += count;
                if (total > send.ResponseBytesMax)
                {
                    return TooLarge("the answer went on");
                }

                if (!await GiveAsync(_mask.Next(buffer.AsMemory(0, count)), cancellationToken))
                {
                    throw new OperationCanceledException("nobody takes the answer");
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        await GiveAsync(_mask.Rest(), cancellationToken);
        carrier.End(head with { BodyBytes = total, Redacted = _mask.Found });
        return null;
    }

    private ValueTask<bool> GiveAsync(ReadOnlyMemory<byte> piece, CancellationToken cancellationToken) =>
        piece.IsEmpty ? new ValueTask<bool>(true) : carrier.SendAsync(piece, cancellationToken);

    private HttpRequestMessage Request(FilledHeaders filled)
    {
        // As it was judged, character for character.
        UriCreationOptions asItIs = new() { DangerousDisablePathAndQueryCanonicalization = true };
        HttpRequestMessage request = new(new HttpMethod(send.Method), new Uri(send.Target.Whole, asItIs))
        {
            Content = carrier.Body,
        };
        foreach (var (name, value) in carrier.Headers)
        {
            if (!filled.Headers.ContainsKey(name) && !HeaderRules.IsOfTheTransfer(name))
            {
                Add(request, name, value);
            }
        }

        foreach (var (name, value) in filled.Headers)
        {
            Add(request, name, value);
        }

        if (!_mask.IsIdle)
        {
            // What comes packed cannot be searched.
            request.Headers.Remove("Accept-Encoding");
            request.Headers.TryAddWithoutValidation("Accept-Encoding", "identity");
        }

        if (!request.Headers.Contains("User-Agent"))
        {
            request.Headers.TryAddWithoutValidation("User-Agent", Agent);
        }

        return request;
    }

    private static void Add(HttpRequestMessage request, string name, string value)
    {
        if (!request.Headers.TryAddWithoutValidation(name, value))
        {
            request.Content?.Headers.Remove(name);
            request.Content?.Headers.TryAddWithoutValidation(name, value);
        }
    }

    private SocketsHttpHandler Handler() => new()
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        PreAuthenticate = false,
        ActivityHeadersPropagator = null,
        AutomaticDecompression = System.Net.DecompressionMethods.None,
        MaxResponseHeadersLength = ResponseHeadersKiB,
        MaxResponseDrainSize = 0,
        PooledConnectionLifetime = TimeSpan.Zero,
        ConnectCallback = async (_, cancellationToken) =>
            new System.Net.Sockets.NetworkStream(
                await targets.OpenAsync(send, cancellationToken), ownsSocket: true),
    };

    /// <summary>As they came, but those of the connection between the host and us: RFC 9110 section 7.6.1.</summary>
    private List<HttpHeader> Headers(HttpResponseMessage response)
    {
        var ofConnection = response.Headers.Connection.ToHashSet(StringComparer.OrdinalIgnoreCase);
        return
        [
            .. from header in response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated)
               where !HeaderRules.IsOfTheTransfer(header.Key) && !ofConnection.Contains(header.Key)
               from value in header.Value
               select new HttpHeader(header.Key.ToLowerInvariant(), _mask.Mask(value)),
        ];
    }

    private NetworkDenial TooLarge(string how) => Deny(
        SysErrorCode.TooLarge,
        $"{how}, and {send.ResponseBytesMax} are the most that rule {send.RuleNumber} or the caller allows",
        "ask for less, such as by a Range header, or the owner for more response_bytes");

    private NetworkDenial Deny(SysErrorCode code, string message, string hint)
    {
        carrier.Fail(new SysError(code, message, hint));
        return new NetworkDenial($"{send.Method} {send.Target.Shown}", message);
    }

    private static T? Find<T>(Exception? error)
        where T : Exception => error is null or T ? error as T : Find<T>(error.InnerException);
}

/// <summary>A body that goes on beyond what a rule allows.</summary>
internal sealed class BodyTooLargeException(string message) : IOException(message);

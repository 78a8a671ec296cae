using Analemma.Abi;
using Analemma.Daemon.Sockets;
using Microsoft.AspNetCore.Http;

namespace Analemma.Daemon.Http;

/// <summary>A request's body, read whole; its bytes count in its caller's budget until it is disposed.</summary>
internal sealed class RequestBody : IDisposable
{
    private const int FirstBytes = 16 * 1024;

    private readonly ByteBudget _budget;
    private byte[] _bytes = [];
    private int _length;

    private RequestBody(ByteBudget budget) => _budget = budget;

    public ReadOnlyMemory<byte> Bytes => _bytes.AsMemory(0, _length);

    /// <summary>Reads it; or says why not, when it is too long, or too much is kept for the caller already.</summary>
    public static async Task<SysResult<RequestBody>> ReadAsync(HttpContext http, ByteBudget budget)
    {
        if (http.Request.ContentLength > HttpLimits.BodyBytesMax)
        {
            return TooLarge;
        }

        RequestBody body = new(budget);
        try
        {
            // One byte more than it has, so that its end is seen without another buffer.
            var first = (int)(http.Request.ContentLength + 1 ?? FirstBytes);
            return await body.FillAsync(http, first) is { } refusal ? refusal : body;
        }
        catch (BadHttpRequestException failed) when (failed.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            body.Dispose();
            return TooLarge;
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        _budget.Give(_bytes.Length);
        _bytes = [];
    }

    private static SysError TooLarge => new(
        SysErrorCode.TooLarge, $"a body has at most {HttpLimits.BodyBytesMax} bytes", "send smaller images");

    private async Task<SysError?> FillAsync(HttpContext http, int first)
    {
        for (var size = first; ; size = Math.Min(size * 2, HttpLimits.BodyBytesMax + 1))
        {
            if (!TryGrow(size))
            {
                Dispose();
                return new SysError(
                    SysErrorCode.TryAgain, "too much is in flight for this caller", "wait for answers first");
            }

            while (_length < _bytes.Length)
            {
                var read = await http.Request.Body.ReadAsync(_bytes.AsMemory(_length), http.RequestAborted);
                if (read == 0)
                {
                    return null;
                }

                _length += read;
            }
        }
    }

    private bool TryGrow(int size)
    {
        if (!_budget.TryTake(size))
        {
            return false;
        }

        var larger = new byte[size];
        _bytes.AsSpan(0, _length).CopyTo(larger);
        _budget.Give(_bytes.Length);
        _bytes = larger;
        return true;
    }
}

using Analemma.Daemon.Workflows.Payloads;
using Analemma.Workflow.Json;
using Analemma.Workflow.Payloads;

namespace Analemma.Daemon.Workflows.Api;

/// <summary>
/// Payloads that are too large for an answer, by their digest. Operations of the owner alone: the service has none for
/// them.
/// </summary>
internal sealed class PayloadOperations(ExecutionPayloads payloads)
{
    public Task<JsonValue> ReadAsync(ApiRequest request)
    {
        var digest = request.Text("sha256", PayloadReference.DigestChars);
        if (!PayloadReference.IsDigest(digest))
        {
            throw ApiRefusedException.Invalid("sha256 must be 64 hexadecimal digits in lower case");
        }

        var offset = request["offset"].TryGetInt64(out var from) && from >= 0 ? from : 0;
        var (part, bytes) = payloads.Parts.Read(digest, offset);
        return Task.FromResult<JsonValue>(JsonObject.Of(
            ("sha256", digest),
            ("bytes", bytes),
            ("offset", offset),
            ("data", Convert.ToBase64String(part.Span))));
    }

    public async Task<JsonValue> SweepAsync(CancellationToken aborted)
    {
        var (kept, removed) = await payloads.SweepAsync(aborted);
        return JsonObject.Of(("kept", kept), ("removed", removed));
    }
}

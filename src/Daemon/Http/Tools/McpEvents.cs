using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Analemma.Daemon.Http.Tools;

/// <summary>
/// A stream of events: of an answer, progress as it comes and then the result; of a session, what its client is told
/// unasked, and that has no token of progress.
/// </summary>
internal sealed class McpEvents(HttpContext http, JsonNode? token)
{
    private static readonly JsonSerializerOptions Plain =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The answer is a stream by now, and cannot be anything else.</summary>
    public bool HasBegun { get; private set; }

    public static byte[] Bytes(JsonNode message) =>
        System.Text.Encoding.UTF8.GetBytes(message.ToJsonString(Plain));

    /// <summary>What a tool reported, as CALLTOOL streams it.</summary>
    public Task ProgressAsync(ReadOnlyMemory<byte> reported)
    {
        var told = (JsonObject)JsonNode.Parse(reported.Span)!;
        told["progressToken"] = token!.DeepClone();
        return WriteAsync(new JsonObject
        {
            ["jsonrpc"] = "2.0",
            ["method"] = "notifications/progress",
            ["params"] = told,
        });
    }

    public Task WriteAsync(JsonObject message) =>
        WriteAsync([.. "event: message\ndata: "u8, .. Bytes(message), .. "\n\n"u8]);

    /// <summary>Nothing but that the stream is there.</summary>
    public Task KeepAliveAsync() => WriteAsync(": \n\n"u8.ToArray());

    private async Task WriteAsync(byte[] data)
    {
        if (!HasBegun)
        {
            HasBegun = true;
            http.Response.ContentType = "text/event-stream";
            http.Response.Headers.CacheControl = "no-cache";
        }

        await http.Response.Body.WriteAsync(data, http.RequestAborted);
        await http.Response.Body.FlushAsync(http.RequestAborted);
    }
}

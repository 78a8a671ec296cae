using System.Globalization;
using System.Net;
using System.Text;
using Analemma.Abi.Syscalls;
using Analemma.Workflow.Json;
using HttpCall = Analemma.Abi.Syscalls.Http;

namespace Analemma.Daemon.Workflows.Tasks.Own;

/// <summary>
/// A request and its answer as TestState tells them at TRACE (API reference, InspectionDataRequest). Secrets are not in
/// it: the kernel puts them in, and takes them out of what comes back.
/// </summary>
internal static class HttpTrace
{
    /// <param name="asked">The request.</param>
    /// <param name="reply">Null when there was none.</param>
    /// <param name="body">Of the reply.</param>
    public static JsonObject Of(HttpCall asked, HttpReply? reply, byte[] body)
    {
        var protocol = asked.Url.Split(':')[0];
        return JsonObject.Of(
            ("request", JsonObject.Of(
                ("protocol", protocol),
                ("method", asked.Method ?? "GET"),
                ("url", asked.Url),
                ("headers", Headers(asked.Headers?.Select(header => (header.Key, header.Value)) ?? [])),
                ("body", Json.Maybe(asked.Body)))),
            ("response", reply is null ? JsonValue.Undefined : JsonObject.Of(
                ("protocol", protocol),
                ("statusCode", reply.Status.ToString(CultureInfo.InvariantCulture)),
                ("statusMessage", ((HttpStatusCode)reply.Status).ToString()),
                ("headers", Headers(reply.Headers.Select(header => (header.Name, header.Value)))),
                ("body", Encoding.UTF8.GetString(body)))));
    }

    private static string Headers(IEnumerable<(string Name, string Value)> headers) =>
        $"[{string.Join(", ", headers.Select(header => $"{header.Name}: {header.Value}"))}]";
}

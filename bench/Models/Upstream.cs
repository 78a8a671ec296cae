using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Analemma.Bench.Models;

/// <summary>
/// A model provider that costs next to nothing: it speaks OpenAI's shape on loopback, and what it says is ready before
/// it is asked. Until its input ends.
/// </summary>
internal sealed class Upstream : IHttpApplication<IFeatureCollection>
{
    public const int Pieces = 16;

    private static readonly byte[] Whole = Encoding.UTF8.GetBytes(
        """
        {"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"bench","choices":[{"index":0,
        "message":{"role":"assistant","content":"The sky is blue because air scatters blue light most."},
        "finish_reason":"stop"}],"usage":{"prompt_tokens":20,"completion_tokens":12,"total_tokens":32}}
        """);

    private static readonly byte[][] Streamed =
    [
        .. Enumerable.Range(0, Pieces).Select(i => Event(
            $$"""{"index":0,"delta":{"role":"assistant","content":"piece{{i}} "},"finish_reason":null}""", "null")),
        Event("""{"index":0,"delta":{},"finish_reason":"stop"}""", "null"),
        Event("", """{"prompt_tokens":20,"completion_tokens":16,"total_tokens":36}"""),
        "data: [DONE]\n\n"u8.ToArray(),
    ];

    public static async Task<int> RunAsync()
    {
        KestrelServerOptions options = new() { AddServerHeader = false };
        options.Listen(IPAddress.Loopback, 0);
        using KestrelServer server = new(
            Options.Create(options),
            new SocketTransportFactory(
                Options.Create(new SocketTransportOptions { UnsafePreferInlineScheduling = true }),
                NullLoggerFactory.Instance),
            NullLoggerFactory.Instance);
        await server.StartAsync(new Upstream(), CancellationToken.None);
        var address = server.Features.Get<IServerAddressesFeature>()!.Addresses.First();
        Console.WriteLine(new Uri(address).Port.ToString(CultureInfo.InvariantCulture));
        while (await Console.In.ReadLineAsync() is not null)
        {
            // Until whoever started it closes its input.
        }

        await server.StopAsync(CancellationToken.None);
        return 0;
    }

    public IFeatureCollection CreateContext(IFeatureCollection contextFeatures) => contextFeatures;

    public async Task ProcessRequestAsync(IFeatureCollection context)
    {
        var streams = await StreamsAsync(context.Get<IRequestBodyPipeFeature>()!.Reader);
        var response = context.Get<IHttpResponseFeature>()!;
        var body = context.Get<IHttpResponseBodyFeature>()!;
        response.Headers.ContentType = streams ? "text/event-stream" : "application/json";
        if (!streams)
        {
            response.Headers.ContentLength = Whole.Length;
            await body.Writer.WriteAsync(Whole);
            return;
        }

        foreach (var piece in Streamed)
        {
            await body.Writer.WriteAsync(piece);
        }
    }

    public void DisposeContext(IFeatureCollection context, Exception? exception)
    {
    }

    private static async ValueTask<bool> StreamsAsync(System.IO.Pipelines.PipeReader reader)
    {
        while (true)
        {
            var read = await reader.ReadAsync();
            if (read.IsCompleted)
            {
                var text = read.Buffer.IsSingleSegment ? read.Buffer.FirstSpan : read.Buffer.ToArray();
                var streams = text.IndexOf("\"stream\":true"u8) >= 0;
                reader.AdvanceTo(read.Buffer.End);
                return streams;
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static byte[] Event(string choice, string usage) => Encoding.UTF8.GetBytes(
        "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"bench\","
        + $"\"choices\":[{choice}],\"usage\":{usage}}}\n\n");
}

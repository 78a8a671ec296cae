using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Analemma.Integration.Tests.Models;

namespace Analemma.Integration.Tests.Telemetry;

/// <summary>
/// A collector on loopback that takes OTLP over HTTP and reads the protobuf itself, from the message definitions of
/// opentelemetry-proto 1.x (trace.proto, metrics.proto, common.proto).
/// </summary>
internal sealed class OtlpCollector : IAsyncDisposable
{
    private readonly LoopbackServer _server;
    private readonly ConcurrentQueue<Span> _spans = new();
    private readonly ConcurrentDictionary<string, Metric> _metrics = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _came = new(0);

    public OtlpCollector(bool stalls = false) => _server = new LoopbackServer(stalls ? StallAsync : AnswerAsync);

    public string Url => _server.Url.GetLeftPart(UriPartial.Authority);

    public IEnumerable<byte[]> Bodies => _server.Requests.Select(request => request.Body);

    public IReadOnlyCollection<Span> Spans => _spans;

    /// <summary>The latest of each name, by name.</summary>
    public IReadOnlyDictionary<string, Metric> Metrics => _metrics;

    public int Asked => _server.Requests.Count;

    /// <summary>Waits until something that has come is as wanted.</summary>
    public async Task UntilAsync(Func<OtlpCollector, bool> wanted, CancellationToken cancellationToken)
    {
        while (!wanted(this))
        {
            Assert.True(await _came.WaitAsync(TimeSpan.FromSeconds(30), cancellationToken), "nothing more has come");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _came.Dispose();
    }

    private Task StallAsync(Exchange exchange)
    {
        _came.Release();
        return exchange.StallAsync();
    }

    private async Task AnswerAsync(Exchange exchange)
    {
        var request = exchange.Request;
        Assert.Equal("application/x-protobuf", request.Headers["Content-Type"]);
        foreach (var resource in Fields(request.Body).Where(field => field.Number == 1))
        {
            foreach (var scope in Fields(resource.Bytes).Where(field => field.Number == 2))
            {
                foreach (var item in Fields(scope.Bytes).Where(field => field.Number == 2))
                {
                    Take(request.Path, item.Bytes);
                }
            }
        }

        await exchange.AnswerAsync(200, "");
        _came.Release();
    }

    private void Take(string path, byte[] item)
    {
        switch (path)
        {
            case "/v1/traces":
                _spans.Enqueue(Span.Of(item));
                break;
            case "/v1/metrics":
                var metric = Metric.Of(item);
                _metrics[metric.Name] = metric;
                break;
            default:
                Assert.Fail($"nothing is sent to {path}");
                break;
        }
    }

    internal readonly record struct Field(int Number, ulong Value, byte[] Bytes)
    {
        public string Text => Encoding.UTF8.GetString(Bytes);
    }

    /// <summary>The fields of a message. The wire format: https://protobuf.dev/programming-guides/encoding.</summary>
    internal static IEnumerable<Field> Fields(byte[] message)
    {
        for (var at = 0; at < message.Length;)
        {
            var key = Varint(message, ref at);
            var number = (int)(key >> 3);
            switch (key & 7)
            {
                case 0:
                    yield return new Field(number, Varint(message, ref at), []);
                    break;
                case 1:
                    yield return new Field(number, BinaryPrimitives.ReadUInt64LittleEndian(message.AsSpan(at)), []);
                    at += 8;
                    break;
                case 2:
                    var length = (int)Varint(message, ref at);
                    yield return new Field(number, 0, message[at..(at + length)]);
                    at += length;
                    break;
                case 5:
                    yield return new Field(number, BinaryPrimitives.ReadUInt32LittleEndian(message.AsSpan(at)), []);
                    at += 4;
                    break;
                default:
                    throw new FormatException($"wire type {key & 7} at {at}");
            }
        }
    }

    private static ulong Varint(byte[] message, ref int at)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var next = message[at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
    }

    internal static Dictionary<string, string> Attributes(IEnumerable<Field> fields, int number) => fields
        .Where(field => field.Number == number)
        .Select(field => Fields(field.Bytes).ToArray())
        .ToDictionary(pair => pair.Single(part => part.Number == 1).Text, pair => Value(pair.Single(
            part => part.Number == 2).Bytes));

    private static string Value(byte[] any)
    {
        var field = Fields(any).Single();
        return field.Number switch
        {
            1 => field.Text,
            2 => field.Value == 1 ? "true" : "false",
            3 => ((long)field.Value).ToString(CultureInfo.InvariantCulture),
            4 => BitConverter.UInt64BitsToDouble(field.Value).ToString(CultureInfo.InvariantCulture),
            5 => string.Join(',', Fields(field.Bytes).Select(item => Value(item.Bytes))),
            _ => "?",
        };
    }

    internal sealed record Span(
        string Name, string Trace, string Id, string Parent, int Kind, int Status,
        IReadOnlyDictionary<string, string> Attributes)
    {
        public static Span Of(byte[] message)
        {
            var fields = Fields(message).ToArray();
            return new Span(
                Text(5), Hex(1), Hex(2), Hex(4),
                (int)fields.FirstOrDefault(field => field.Number == 6).Value,
                (int)fields.Where(field => field.Number == 15).SelectMany(status => Fields(status.Bytes))
                    .FirstOrDefault(field => field.Number == 3).Value,
                OtlpCollector.Attributes(fields, 9));

            string Text(int number) => fields.Single(field => field.Number == number).Text;
            string Hex(int number) =>
                Convert.ToHexString(fields.FirstOrDefault(field => field.Number == number).Bytes ?? []);
        }
    }

    /// <summary>A metric: its points' values, or of a histogram the counts.</summary>
    internal sealed record Metric(
        string Name, string Unit, string Kind,
        IReadOnlyList<(IReadOnlyDictionary<string, string> Of, double Value)> Points)
    {
        public static Metric Of(byte[] message)
        {
            var fields = Fields(message).ToArray();
            var data = fields.Single(field => field.Number is 5 or 7 or 9);
            return new Metric(
                fields.Single(field => field.Number == 1).Text,
                Encoding.UTF8.GetString(fields.FirstOrDefault(field => field.Number == 3).Bytes ?? []),
                data.Number switch { 5 => "gauge", 7 => "sum", _ => "histogram" },
                [
                    .. Fields(data.Bytes).Where(field => field.Number == 1)
                        .Select(point => Point(Fields(point.Bytes).ToArray(), data.Number == 9)),
                ]);
        }

        private static (IReadOnlyDictionary<string, string> Of, double Value) Point(
            Field[] fields, bool isHistogram) => (
            OtlpCollector.Attributes(fields, isHistogram ? 9 : 7),
            isHistogram
                ? fields.Single(field => field.Number == 4).Value
                : fields.Where(field => field.Number is 4 or 6).Select(field => field.Number == 6
                    ? (long)field.Value
                    : BitConverter.UInt64BitsToDouble(field.Value)).Single());
    }
}

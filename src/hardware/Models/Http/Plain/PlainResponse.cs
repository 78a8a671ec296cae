using System.ClientModel.Primitives;
using System.Diagnostics.CodeAnalysis;

namespace Analemma.Models.Http.Plain;

/// <summary>An answer for the package: read whole when it wants that, else as it comes.</summary>
internal sealed class PlainResponse(ResponseHead head, PlainBody body) : PipelineResponse
{
    private readonly PlainResponseHeaders _headers = new(head);
    private BinaryData? _content;
    private Stream? _stream;

    public override int Status => head.Status;

    public override string ReasonPhrase => "";

    public override Stream? ContentStream
    {
        get => _stream ??= _content?.ToStream() ?? body;
        set => _stream = value;
    }

    public override BinaryData Content =>
        _content ?? throw new InvalidOperationException("the answer is not read whole");

    protected override PipelineResponseHeaders HeadersCore => _headers;

    public override BinaryData BufferContent(CancellationToken cancellationToken = default) =>
        _content ?? throw new NotSupportedException("Answers are read asynchronously.");

    public override async ValueTask<BinaryData> BufferContentAsync(CancellationToken cancellationToken = default) =>
        _content ??= BinaryData.FromBytes((ReadOnlyMemory<byte>)await body.ReadAllAsync(
            int.MaxValue, cancellationToken));

    public override void Dispose() => body.Dispose();
}

/// <summary>Its headers, made into text when somebody asks.</summary>
internal sealed class PlainResponseHeaders(ResponseHead head) : PipelineResponseHeaders
{
    public override bool TryGetValue(string name, [NotNullWhen(true)] out string? value) =>
        (value = head.Header(name)) is not null;

    public override bool TryGetValues(string name, [NotNullWhen(true)] out IEnumerable<string>? values)
    {
        List<string> found = [.. head.Headers()
            .Where(line => line.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(line => line.Value)];
        values = found.Count > 0 ? found : null;
        return values is not null;
    }

    public override IEnumerator<KeyValuePair<string, string>> GetEnumerator() => head.Headers().GetEnumerator();
}

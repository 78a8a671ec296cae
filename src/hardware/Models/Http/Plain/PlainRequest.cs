using System.ClientModel;
using System.ClientModel.Primitives;
using System.Diagnostics.CodeAnalysis;

namespace Analemma.Models.Http.Plain;

/// <summary>A request of the package, until it is written.</summary>
internal sealed class PlainRequest : PipelineRequest
{
    private readonly PlainRequestHeaders _headers = new();
    private string _method = "GET";
    private Uri? _uri;
    private BinaryContent? _content;

    public IReadOnlyList<KeyValuePair<string, string>> Lines => _headers.Lines;

    protected override string MethodCore
    {
        get => _method;
        set => _method = value;
    }

    protected override Uri? UriCore
    {
        get => _uri;
        set => _uri = value;
    }

    protected override PipelineRequestHeaders HeadersCore => _headers;

    protected override BinaryContent? ContentCore
    {
        get => _content;
        set => _content = value;
    }

    public override void Dispose()
    {
        _content?.Dispose();
        _content = null;
    }
}

/// <summary>Its headers, which are few.</summary>
internal sealed class PlainRequestHeaders : PipelineRequestHeaders
{
    private readonly List<KeyValuePair<string, string>> _lines = new(8);

    public IReadOnlyList<KeyValuePair<string, string>> Lines => _lines;

    public override void Add(string name, string value) => _lines.Add(new(name, value));

    public override void Set(string name, string value)
    {
        Remove(name);
        Add(name, value);
    }

    public override bool Remove(string name) => _lines.RemoveAll(line => Is(line, name)) > 0;

    public override bool TryGetValue(string name, [NotNullWhen(true)] out string? value)
    {
        value = TryGetValues(name, out var values) ? string.Join(',', values) : null;
        return value is not null;
    }

    public override bool TryGetValues(string name, [NotNullWhen(true)] out IEnumerable<string>? values)
    {
        List<string> found = [.. _lines.Where(line => Is(line, name)).Select(line => line.Value)];
        values = found.Count > 0 ? found : null;
        return values is not null;
    }

    public override IEnumerator<KeyValuePair<string, string>> GetEnumerator() => _lines.GetEnumerator();

    private static bool Is(KeyValuePair<string, string> line, string name) =>
        line.Key.Equals(name, StringComparison.OrdinalIgnoreCase);
}

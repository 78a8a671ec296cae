using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Analemma.Abi.Syscalls;

namespace Analemma.Tools;

/// <summary>
/// Hands a program's notices of progress to whoever called, as they come. The protocol's package handles what comes
/// side by side, so that a result may overtake the progress before it; here it cannot.
/// </summary>
internal sealed class ProgressNotices(ToolSessionOptions options)
{
    private static readonly byte[] Method = [.. "\"notifications/progress\""u8];

    private readonly ConcurrentDictionary<string, Action<ToolProgress>> _wanted = new(StringComparer.Ordinal);
    private long _latest;

    /// <summary>A token for a call; whoever has it is told until <see cref="End"/>.</summary>
    public string Begin(Action<ToolProgress> tell)
    {
        var token = $"p{Interlocked.Increment(ref _latest).ToString(CultureInfo.InvariantCulture)}";
        _wanted[token] = tell;
        return token;
    }

    public void End(string token) => _wanted.TryRemove(token, out _);

    /// <summary>Looks at one message of the server, which is valid JSON.</summary>
    public void See(ReadOnlyMemory<byte> message)
    {
        if (_wanted.IsEmpty || message.Span.IndexOf(Method) < 0)
        {
            return;
        }

        using var json = JsonDocument.Parse(message);
        if (json.RootElement.TryGetProperty("method", out var method) && method.ValueEquals("notifications/progress")
            && json.RootElement.TryGetProperty("params", out var about) && about.ValueKind == JsonValueKind.Object
            && about.TryGetProperty("progressToken", out var token) && token.ValueKind == JsonValueKind.String
            && _wanted.TryGetValue(token.GetString()!, out var tell))
        {
            tell(Read(about));
        }
    }

    private ToolProgress Read(JsonElement about) => new(Number(about, "progress") ?? 0)
    {
        Total = Number(about, "total"),
        Message = about.TryGetProperty("message", out var said) && said.ValueKind == JsonValueKind.String
            ? ToolResults.Hide(said.GetString()!, options.Hidden)
            : null,
    };

    private static double? Number(JsonElement about, string name) =>
        about.TryGetProperty(name, out var number) && number.ValueKind == JsonValueKind.Number
            && number.TryGetDouble(out var value) && double.IsFinite(value) ? value : null;
}

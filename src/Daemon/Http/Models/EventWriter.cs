using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Analemma.Daemon.Http.Models;

/// <summary>Writes JSON around a piece of text.</summary>
internal delegate void WriteText<in TState>(Utf8JsonWriter json, TState state, ReadOnlySpan<byte> piece);

/// <summary>
/// Writes server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) whose data are JSON.
/// </summary>
internal sealed class EventWriter : IDisposable
{
    private readonly IBufferWriter<byte> _output;
    private readonly Utf8JsonWriter _json;

    public EventWriter(IBufferWriter<byte> output)
    {
        _output = output;
        _json = new Utf8JsonWriter(output, JsonOptions);
    }

    /// <summary>Only what JSON itself wants is escaped: what is written goes to no page of HTML.</summary>
    public static JsonWriterOptions JsonOptions { get; } = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        // What is written is tested; checking each call again costs more than writing it.
        SkipValidation = true,
    };

    /// <summary>An event without a name.</summary>
    public void Data<TState>(TState state, Action<Utf8JsonWriter, TState> write) => Event([], state, write);

    /// <summary>An event with a name, in UTF-8.</summary>
    public void Event<TState>(ReadOnlySpan<byte> name, TState state, Action<Utf8JsonWriter, TState> write)
    {
        Open(name);
        Json(state, write);
        Raw("\n\n"u8);
    }

    /// <summary>An event that quotes a piece of text, in UTF-8.</summary>
    public void Text<TState>(
        ReadOnlySpan<byte> name, TState state, ReadOnlySpan<byte> piece, WriteText<TState> write)
    {
        Open(name);
        Json(state, piece, write);
        Raw("\n\n"u8);
    }

    /// <summary>JSON alone, around a piece of text.</summary>
    public void Json<TState>(TState state, ReadOnlySpan<byte> piece, WriteText<TState> write)
    {
        _json.Reset();
        write(_json, state, piece);
        _json.Flush();
    }

    /// <summary>JSON alone.</summary>
    public void Json<TState>(TState state, Action<Utf8JsonWriter, TState> write)
    {
        _json.Reset();
        write(_json, state);
        _json.Flush();
    }

    /// <summary>Bytes as they are.</summary>
    public void Raw(ReadOnlySpan<byte> bytes)
    {
        // Asking for no size, as Write does, gets none of a response that has not begun.
        bytes.CopyTo(_output.GetSpan(bytes.Length));
        _output.Advance(bytes.Length);
    }

    public void Dispose() => _json.Dispose();

    private void Open(ReadOnlySpan<byte> name)
    {
        if (name.Length > 0)
        {
            Raw("event: "u8);
            Raw(name);
            Raw("\n"u8);
        }

        Raw("data: "u8);
    }
}

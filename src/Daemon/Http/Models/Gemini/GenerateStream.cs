using Analemma.Abi.Syscalls;

namespace Analemma.Daemon.Http.Models.Gemini;

/// <summary>streamGenerateContent with <c>alt=sse</c>: each event is an answer with the next part.</summary>
internal sealed class GenerateStream(WireCall call, AnswerStamp stamp) : WireStream
{
    public override void Begin(EventWriter to)
    {
    }

    public override void Text(EventWriter to, ReadOnlySpan<byte> piece) =>
        to.Text([], (call, stamp), piece, static (json, of, piece) =>
            GenerateWords.Piece(json, piece, of.call.Think.Model!, of.stamp));

    public override void End(EventWriter to, ThinkReply reply) =>
        to.Data((reply, stamp), static (json, of) => GenerateWords.Last(json, of.reply, "", of.stamp));

    public override void Fail(EventWriter to, WireRefusal refusal) => to.Data(refusal, GenerateWords.Error);
}

/// <summary>streamGenerateContent without it: the same answers as the items of one list.</summary>
internal sealed class GenerateListStream(WireCall call, AnswerStamp stamp) : WireStream
{
    private bool _hasBegun;

    public override string ContentType => "application/json; charset=utf-8";

    public override void Begin(EventWriter to) => to.Raw("["u8);

    public override void Text(EventWriter to, ReadOnlySpan<byte> piece)
    {
        Next(to);
        to.Json((call, stamp), piece, static (json, of, piece) =>
            GenerateWords.Piece(json, piece, of.call.Think.Model!, of.stamp));
    }

    public override void End(EventWriter to, ThinkReply reply)
    {
        Next(to);
        to.Json((reply, stamp), static (json, of) => GenerateWords.Last(json, of.reply, "", of.stamp));
        to.Raw("]"u8);
    }

    public override void Fail(EventWriter to, WireRefusal refusal)
    {
        Next(to);
        to.Json(refusal, GenerateWords.Error);
        to.Raw("]"u8);
    }

    public override void KeepAlive(EventWriter to) => to.Raw("\n"u8);

    private void Next(EventWriter to)
    {
        if (_hasBegun)
        {
            to.Raw(",\r\n"u8);
        }

        _hasBegun = true;
    }
}

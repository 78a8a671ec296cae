using Analemma.Abi.Frames;

namespace Analemma.Fuzz;

/// <summary>One frame of the corpus, taken apart.</summary>
internal sealed record CorpusFrame(bool Native, ushort Opcode, FrameFlags Flags, FrameKind Kind, byte[] Payload);

/// <summary>What cases are made from: small files of hex, each a stream of frames, right or wrong.</summary>
internal sealed class Corpus
{
    private Corpus(List<byte[]> streams)
    {
        Streams = streams;
        foreach (var stream in streams)
        {
            FrameDecoder decoder = new();
            var at = 0;
            while (decoder.TryRead(stream.AsSpan(at), out var frame, out _, out _))
            {
                at += frame.Size;
                Frames.Add(decoder.Framing == Framing.Native
                    ? new CorpusFrame(
                        true, frame.Native.Opcode, frame.Native.Flags, frame.Native.Kind, frame.Payload.ToArray())
                    : new CorpusFrame(
                        false, frame.AgentOs.Opcode, FrameFlags.None, FrameKind.Request, frame.Payload.ToArray()));
            }
        }
    }

    public List<byte[]> Streams { get; }

    public List<CorpusFrame> Frames { get; } = [];

    public static Corpus Load()
    {
        var files = Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "corpus"), "*.hex");
        Array.Sort(files, StringComparer.Ordinal);
        return new Corpus([.. files.Select(file => Convert.FromHexString(
            string.Concat(File.ReadLines(file).Where(line => !line.StartsWith('#')))))]);
    }
}

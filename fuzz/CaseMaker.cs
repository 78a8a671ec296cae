using System.Buffers;
using Analemma.Abi;
using Analemma.Abi.Frames;

namespace Analemma.Fuzz;

/// <summary>
/// Makes streams of frames: payloads of the corpus, changed in the ways that break parsers, under their own opcode or
/// another; now and then a header that is wrong, after which a stream ends.
/// </summary>
internal sealed class CaseMaker(Corpus corpus, ulong seed) : ICases
{
    private static readonly byte[][] Tokens =
    [
        .. new[]
        {
            "null", "true", "-1", "0", "1e999", "-1e-999", "99999999999999999999999", "9223372036854775807",
            "18446744073709551615", "4294967296", "\"\"", "{}", "[]", "{\"id\":", "\"name\":", "[[[[[[[[[[[[[[[[",
            "\\u0000", "\\ud800", "\\udc00\\ud800", "\"", "\\", "}", "]", ",", ":", "\n", "/*", "NaN", "Infinity",
        }.Select(System.Text.Encoding.UTF8.GetBytes),
        [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0x00], [0xEF, 0xBB, 0xBF],
    ];

    // In the place of a whole string: what is no text, what is no string, what is too much for a record.
    private static readonly byte[][] Values =
    [
        .. new[]
        {
            "\"\\ud800\"", "\"a\\udfff\"", "\"\\ud800\\ud800\\udc00\"", "[\"\\ud800\"]", "{\"\\ud800\":1}",
            "null", "[null]", "{}", "[{}]", "[]", "0", "\"\"", "\"\\u0000\"",
        }.Select(System.Text.Encoding.UTF8.GetBytes),
    ];

    private static readonly byte[] LargeItems = System.Text.Encoding.UTF8.GetBytes(
        $"\"{new string('<', LargeItemChars)}\",\"{new string('<', LargeItemChars)}\"");

    private const int LargeItemChars = 90_000;

    private static readonly ushort[] Opcodes =
        [.. Enum.GetValues<SyscallNumber>().Select(number => (ushort)number), 0x80, 0x77, 0xFFFF];

    /// <summary>The case of that number, at most so many frames; the same every time.</summary>
    public byte[] Make(ulong number, int partsMax)
    {
        FuzzRandom random = new(seed, number);
        ArrayBufferWriter<byte> stream = new(256);
        if (random.OneIn(200))
        {
            stream.Write(random.Pick(corpus.Streams));
        }

        var native = random.OneIn(2);
        var frames = 1 + random.Below(partsMax);
        for (var i = 0; i < frames; i++)
        {
            Add(stream, ref random, native);
            if (random.OneIn(20 * partsMax))
            {
                Add(stream, ref random, !native);
            }
        }

        // Cut short somewhere, or changed anywhere: what the headers say is not what comes.
        var made = stream.WrittenSpan.ToArray();
        if (random.OneIn(8))
        {
            made = made[..random.Below(made.Length + 1)];
        }

        if (random.OneIn(8) && made.Length > 0)
        {
            made[random.Below(made.Length)] ^= (byte)(1 << random.Below(8));
        }

        return made;
    }

    private void Add(ArrayBufferWriter<byte> stream, ref FuzzRandom random, bool native)
    {
        var source = random.Pick(corpus.Frames);
        var payload = random.OneIn(2) ? source.Payload : Mutate(source.Payload, ref random);
        var opcode = random.OneIn(10) ? random.Pick(Opcodes) : source.Opcode;
        if (!native)
        {
            new AgentOsFrame((uint)random.Below(int.MaxValue), unchecked((byte)opcode), payload.Length)
                .WriteTo(stream.GetSpan(AgentOsFrame.HeaderSize));
            stream.Advance(AgentOsFrame.HeaderSize);
        }
        else
        {
            var kind = random.OneIn(30) ? FrameKind.Cancel : FrameKind.Request;
            var flags = random.OneIn(20) ? AnyFlags(ref random) : source.Flags;
            new NativeFrame(kind, flags, opcode, (ulong)random.Below(12), SysErrorCode.Ok, payload.Length)
                .WriteTo(stream.GetSpan(NativeFrame.HeaderSize));
            stream.Advance(NativeFrame.HeaderSize);
        }

        stream.Write(payload);
    }

    /// <summary>All but HANDLE: no descriptor comes with a case.</summary>
    private static FrameFlags AnyFlags(ref FuzzRandom random) => (FrameFlags)random.Below(4)
        | (random.OneIn(2) ? FrameFlags.Quiet : FrameFlags.None);

    private byte[] Mutate(byte[] payload, ref FuzzRandom random)
    {
        List<byte> bytes = [.. payload];
        for (var changes = 1 + random.Below(4); changes > 0; changes--)
        {
            var at = random.Below(bytes.Count + 1);
            switch (random.Below(9))
            {
                case 0 when at < bytes.Count:
                    bytes[at] ^= (byte)(1 << random.Below(8));
                    break;
                case 1 when at < bytes.Count:
                    bytes[at] = (byte)random.Below(256);
                    break;
                case 2:
                    bytes.RemoveRange(at, random.Below(Math.Min(16, bytes.Count - at) + 1));
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.Skip(random.Below(bytes.Count + 1)).Take(32).ToArray());
                    break;
                case 4:
                    bytes.InsertRange(at, random.Pick(corpus.Frames).Payload);
                    break;
                case 5 or 6 or 7:
                    ReplaceString(bytes, ref random);
                    break;
                default:
                    bytes.InsertRange(at, random.Pick(Tokens));
                    break;
            }
        }

        return [.. bytes];
    }

    /// <summary>Puts something in the place of one string of the JSON, or of the name of a field.</summary>
    private static void ReplaceString(List<byte> bytes, ref FuzzRandom random)
    {
        List<(int Start, int End)> strings = [];
        var start = -1;
        for (var i = 0; i < bytes.Count; i++)
        {
            if (bytes[i] == '\\')
            {
                i++;
            }
            else if (bytes[i] == '"')
            {
                if (start >= 0)
                {
                    strings.Add((start, i + 1));
                }

                start = start < 0 ? i : -1;
            }
        }

        if (strings.Count > 0)
        {
            var (from, to) = random.Pick<(int, int)>([.. strings]);
            bytes.RemoveRange(from, to - from);
            bytes.InsertRange(from, random.OneIn(100) ? LargeItems : random.Pick(Values));
        }
    }
}

using System.Globalization;
using Analemma.Abi;
using Analemma.Abi.Frames;
using FsCheck;
using FsCheck.Fluent;

namespace Analemma.Unit.Tests.Abi;

public sealed class FrameTests
{
    public static TheoryData<string> GoldenFiles() =>
        [.. Directory.EnumerateFiles(Path.Combine(RepositoryFolder.Tests(), "frames"))
            .Select(path => Path.GetFileName(path)).Order()];

    /// <summary>
    /// The bytes on the wire never change: a line says what they mean, and both directions must agree with it.
    /// </summary>
    [Theory]
    [MemberData(nameof(GoldenFiles))]
    public void A_golden_frame_means_what_it_meant(string file)
    {
        var lines = File.ReadAllLines(Path.Combine(RepositoryFolder.Tests(), "frames", file));
        var bytes = Hex(lines[1..]);

        Assert.True(new FrameDecoder().TryRead(bytes, out var frame, out _, out _));
        Assert.Equal(bytes.Length, frame.Size);
        Assert.Equal(lines[0], "# " + Describe(frame));
        Assert.Equal(bytes, Encode(frame));
    }

    [Fact]
    public void A_stream_cut_anywhere_gives_the_same_frames()
    {
        var payloads = ArbMap.Default.GeneratorFor<byte[]>();
        var frames = Gen.OneOf(
            payloads.Select(payload => (Native: true, Payload: payload)).ListOf(),
            payloads.Select(payload => (Native: false, Payload: payload)).ListOf());
        Prop.ForAll(frames.ToArbitrary(), list =>
        {
            var stream = list.SelectMany((frame, i) => Encode(frame.Native, (byte)i, frame.Payload)).ToArray();
            var whole = Cut(stream, stream.Length);
            return Enumerable.Range(1, stream.Length).All(step => Cut(stream, step).SequenceEqual(whole))
                && whole.Count == list.Count;
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Any_bytes_are_a_frame_an_error_or_a_wish_for_more()
    {
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), ArbMap.Default.ArbFor<bool>(), (tail, native) =>
        {
            byte[] bytes = [.. BitConverter.GetBytes(native ? NativeFrame.Magic : AgentOsFrame.Magic), .. tail];
            var read = new FrameDecoder().TryRead(bytes, out var frame, out var error, out var needed);
            return read
                ? error == FrameError.None && frame.Size <= bytes.Length
                : error != FrameError.None || needed > bytes.Length;
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData(AbiLimits.PayloadBytesMax, FrameError.None)]
    [InlineData(AbiLimits.PayloadBytesMax + 1, FrameError.TooLarge)]
    [InlineData(uint.MaxValue, FrameError.TooLarge)]
    [InlineData(ulong.MaxValue, FrameError.TooLarge)]
    public void A_length_over_the_limit_is_an_error_before_any_payload(ulong length, FrameError expected)
    {
        byte[] header = [.. BitConverter.GetBytes(AgentOsFrame.Magic), 0, 0, 0, 0, 0, .. BitConverter.GetBytes(length)];

        Assert.False(new FrameDecoder().TryRead(header, out _, out var error, out _));
        Assert.Equal(expected, error);
    }

    private static List<string> Cut(byte[] stream, int step)
    {
        List<string> found = [];
        FrameDecoder decoder = new();
        List<byte> buffer = [];
        for (var at = 0; at < stream.Length; at += step)
        {
            buffer.AddRange(stream.AsSpan(at, Math.Min(step, stream.Length - at)));
            while (decoder.TryRead(buffer.ToArray(), out var frame, out _, out _))
            {
                found.Add(Describe(frame) + Convert.ToHexString(frame.Payload));
                buffer.RemoveRange(0, frame.Size);
            }
        }

        return found;
    }

    private static string Describe(in DecodedFrame frame) => frame.Native.Kind != 0
        ? string.Create(
            CultureInfo.InvariantCulture,
            $"native kind={frame.Native.Kind} flags={frame.Native.Flags} opcode=0x{frame.Native.Opcode:X2} "
            + $"request={frame.Native.RequestId} status={(uint)frame.Native.Status} payload={frame.Payload.Length}")
        : string.Create(
            CultureInfo.InvariantCulture,
            $"agentos agent={frame.AgentOs.AgentId} opcode=0x{frame.AgentOs.Opcode:X2} payload={frame.Payload.Length}");

    private static byte[] Encode(in DecodedFrame frame)
    {
        var isNative = frame.Native.Kind != 0;
        var bytes = new byte[isNative ? NativeFrame.HeaderSize : AgentOsFrame.HeaderSize];
        if (isNative)
        {
            frame.Native.WriteTo(bytes);
        }
        else
        {
            frame.AgentOs.WriteTo(bytes);
        }

        return [.. bytes, .. frame.Payload];
    }

    private static byte[] Encode(bool native, byte opcode, byte[] payload)
    {
        var header = new byte[native ? NativeFrame.HeaderSize : AgentOsFrame.HeaderSize];
        if (native)
        {
            new NativeFrame(FrameKind.Request, FrameFlags.None, opcode, 1, 0, payload.Length).WriteTo(header);
        }
        else
        {
            new AgentOsFrame(0, opcode, payload.Length).WriteTo(header);
        }

        return [.. header, .. payload];
    }

    internal static byte[] Hex(IEnumerable<string> lines) =>
        Convert.FromHexString(string.Concat(lines).Replace(" ", "", StringComparison.Ordinal));
}

using Analemma.Abi;
using Analemma.Abi.AgentOs;
using Analemma.Abi.Frames;
using Analemma.Abi.Syscalls;

namespace Analemma.Fuzz;

/// <summary>
/// Decoder and codecs alone, and the kernel behind them: every frame decodes to a syscall or to an error, both give
/// valid JSON, the kernel takes or refuses it, and nothing throws.
/// </summary>
internal static class DecodeTarget
{
    /// <summary>Returns how many frames the stream had, a broken one at its end included.</summary>
    public static int Run(ReadOnlySpan<byte> stream)
    {
        FrameDecoder decoder = new();
        KernelTarget kernel = new();
        var frames = 0;
        while (decoder.TryRead(stream, out var frame, out var error, out var needed))
        {
            if (decoder.Framing == Framing.Native)
            {
                Native(frame, kernel);
            }
            else
            {
                AgentOs(frame, kernel);
            }

            stream = stream[frame.Size..];
            frames++;
            Demands.Hold(error == FrameError.None, "a frame with an error");
            Demands.Hold(needed == frame.Size, "a frame that needs other than its size");
        }

        return frames + (stream.IsEmpty ? 0 : 1);
    }

    private static void Native(in DecodedFrame frame, KernelTarget kernel)
    {
        if (SyscallJson.TryRead(frame.Native.Opcode, frame.Payload, out var syscall, out var error))
        {
            Demands.Hold((ushort)syscall.Number == frame.Native.Opcode, "a syscall of another number");
            kernel.Submit(syscall, isAgentOs: false);
        }
        else
        {
            Demands.Json(SyscallJson.Write(error));
        }
    }

    private static void AgentOs(in DecodedFrame frame, KernelTarget kernel)
    {
        var opcode = frame.AgentOs.Opcode;
        var request = AgentOsDecoder.Decode(opcode, frame.Payload);
        if (request.Syscall is { } syscall)
        {
            Demands.Hold((byte)syscall.Number == opcode, "a syscall of another number");
            kernel.Submit(syscall, isAgentOs: true);
            Reply? reply = syscall switch
            {
                Exec => new ExecReply(0),
                Read => new ReadReply(1, 1),
                _ => null,
            };
            if (reply is not null)
            {
                Demands.Json(AgentOsEncoder.Encode(syscall, reply, frame.Payload));
            }
        }
        else if (request.Error is { } error)
        {
            Demands.Json(AgentOsEncoder.EncodeError(opcode, error));
        }
        else if (request.Answer is { } answer)
        {
            Demands.Json(answer);
        }
        else
        {
            Demands.Hold(request.PollMax > 0, "a request that is nothing");
        }
    }
}

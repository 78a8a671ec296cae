using System.Diagnostics.CodeAnalysis;
using Analemma.Abi.Syscalls;

namespace Analemma.Abi;

/// <summary>
/// FUNCTIONNEXT, read the quick way: an environment makes one for each event. <see cref="QuickJsonWriter"/> has the
/// answer.
/// </summary>
internal static class FunctionJson
{
    /// <summary>False for what the serializer is to look at.</summary>
    public static bool TryRead(ReadOnlySpan<byte> json, [NotNullWhen(true)] out FunctionNext? next)
    {
        QuickJsonReader reader = new(json);
        FunctionAnswer? answer = null;
        bool? wait = null;
        bool? ahead = null;
        bool? recall = null;
        next = null;
        var plain = reader.Open((byte)'{');
        for (var first = true; plain && reader.NextName(first, out var name); first = false)
        {
            if (name.IsEmpty)
            {
                next = new FunctionNext { Answer = answer, Wait = wait, Ahead = ahead, Recall = recall };
                return reader.EndsHere();
            }

            plain = name switch
            {
                _ when name.SequenceEqual("answer"u8) => answer is null && ReadAnswer(ref reader, out answer),
                _ when name.SequenceEqual("ahead"u8) => reader.Read(ref ahead),
                _ when name.SequenceEqual("wait"u8) => reader.Read(ref wait),
                _ when name.SequenceEqual("recall"u8) => reader.Read(ref recall),
                _ => false,
            };
        }

        return false;
    }

    // Errors and results as text are full of escapes, which are the serializer's.
    private static bool ReadAnswer(ref QuickJsonReader reader, out FunctionAnswer? answer)
    {
        string? request = null;
        MailBody? value = null;
        bool? returned = null;
        answer = null;
        var plain = reader.Open((byte)'{');
        for (var first = true; plain && reader.NextName(first, out var name); first = false)
        {
            if (name.IsEmpty)
            {
                answer = new FunctionAnswer { RequestId = request, Value = value, Returned = returned };
                return true;
            }

            plain = name switch
            {
                _ when name.SequenceEqual("request_id"u8) => reader.Read(ref request),
                _ when name.SequenceEqual("value"u8) => reader.ReadBody(2, ref value),
                _ when name.SequenceEqual("returned"u8) => reader.Read(ref returned),
                _ => false,
            };
        }

        return false;
    }
}

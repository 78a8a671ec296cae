using System.Runtime.CompilerServices;

namespace Analemma.Models.Http;

/// <summary>
/// Whether the call that is being made has an answer yet. What a package throws before is about the request, after that
/// about the answer; its exceptions alone do not tell. It flows down to the handler with the call.
/// </summary>
internal static class CallTrace
{
    private static readonly AsyncLocal<StrongBox<bool>?> Current = new();

    public static void Begin(StrongBox<bool> hasAnswer) => Current.Value = hasAnswer;

    public static void Answered()
    {
        if (Current.Value is { } hasAnswer)
        {
            hasAnswer.Value = true;
        }
    }
}

using System.Text.Json;

namespace Analemma.Fuzz;

/// <summary>What must hold whatever was sent.</summary>
internal static class Demands
{
    public static void Hold(bool holds, string what)
    {
        if (!holds)
        {
            throw new FuzzFailureException(what);
        }
    }

    /// <summary>Whatever is sent must be JSON that others can read.</summary>
    public static void Json(ReadOnlySpan<byte> json)
    {
        Hold(System.Text.Unicode.Utf8.IsValid(json), "an answer that is not UTF-8");
        Utf8JsonReader reader = new(json);
        while (reader.Read())
        {
        }
    }
}

/// <summary>The code under test did something that it must never do.</summary>
internal sealed class FuzzFailureException(string what) : Exception(what);

using System.Text.Json;
using Analemma.Abi.Syscalls;

namespace Analemma.Daemon.Http.Models;

/// <summary>A request for embeddings, understood, and how its API writes what comes of it.</summary>
/// <param name="Embed">The syscall that it is.</param>
/// <param name="Write">Writes the answer.</param>
internal sealed record EmbeddingCall(Embed Embed, Action<Utf8JsonWriter, EmbedReply> Write)
{
    /// <summary>Writes one vector as a list of numbers.</summary>
    public static void Numbers(Utf8JsonWriter json, IReadOnlyList<float> vector)
    {
        json.WriteStartArray();
        for (var i = 0; i < vector.Count; i++)
        {
            json.WriteNumberValue(vector[i]);
        }

        json.WriteEndArray();
    }
}

using System.Text.Json;
using Analemma.Abi.Syscalls;
using Microsoft.AspNetCore.Http;

namespace Analemma.Daemon.Http.Models.Gemini;

/// <summary>Gemini's embedContent and batchEmbedContents: https://ai.google.dev/api/embeddings.</summary>
internal static class GeminiEmbeddings
{
    private const string One = ":embedContent";
    private const string Batch = ":batchEmbedContents";
    private const string Models = "/models/";

    public static bool Takes(HttpRequest request) => request.Path.Value is { } path
        && path.StartsWith("/v1", StringComparison.Ordinal) && path.Contains(Models, StringComparison.Ordinal)
        && (path.EndsWith(One, StringComparison.Ordinal) || path.EndsWith(Batch, StringComparison.Ordinal));

    public static EmbeddingCall Read(Field root, HttpRequest request)
    {
        var path = request.Path.Value!;
        var start = path.IndexOf(Models, StringComparison.Ordinal) + Models.Length;
        var model = path[start..path.LastIndexOf(':')];
        return path.EndsWith(One, StringComparison.Ordinal)
            ? new EmbeddingCall(Embed(model, [root]), (json, reply) => WriteOne(json, reply.Vectors[0]))
            : new EmbeddingCall(Embed(model, [.. root["requests"].Items()]), WriteAll);
    }

    // A batch has one model, which each of its requests names again, and here also one kind and one length of vectors.
    private static Embed Embed(string model, List<Field> requests)
    {
        if (requests.Count == 0)
        {
            throw new WireException("requests is missing: a list of what to embed", "requests");
        }

        var type = requests[0]["taskType", "task_type"].Text();
        var dimensions = requests[0]["outputDimensionality", "output_dimensionality"].Whole();
        foreach (var request in requests)
        {
            if (request["title"] is { IsThere: true } title)
            {
                throw new WireException($"{title.Path} cannot be handed on; write it into the text", title.Path);
            }

            if (request["taskType", "task_type"].Text() != type
                || request["outputDimensionality", "output_dimensionality"].Whole() != dimensions)
            {
                throw new WireException(
                    $"{request.Path} wants other vectors than the first of the batch",
                    request.Path,
                    "send two batches");
            }
        }

        return new Embed
        {
            Inputs = [.. requests.Select(Text)],
            Model = model,
            TaskType = type,
            Dimensions = dimensions,
        };
    }

    private static string Text(Field request)
    {
        var content = request["content"];
        var text = string.Concat(content["parts"].Items().Select(part => part["text"].RequiredText()));
        return text.Length > 0
            ? text : throw new WireException($"{content.Path} has no text to embed", content.Path);
    }

    private static void WriteOne(Utf8JsonWriter json, IReadOnlyList<float> vector)
    {
        json.WriteStartObject();
        json.WritePropertyName("embedding");
        WriteValues(json, vector);
        json.WriteEndObject();
    }

    private static void WriteAll(Utf8JsonWriter json, EmbedReply reply)
    {
        json.WriteStartObject();
        json.WriteStartArray("embeddings");
        foreach (var vector in reply.Vectors)
        {
            WriteValues(json, vector);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteValues(Utf8JsonWriter json, IReadOnlyList<float> vector)
    {
        json.WriteStartObject();
        json.WritePropertyName("values");
        EmbeddingCall.Numbers(json, vector);
        json.WriteEndObject();
    }
}

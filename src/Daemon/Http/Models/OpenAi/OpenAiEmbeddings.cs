using System.Buffers.Binary;
using System.Text.Json;
using Analemma.Abi.Syscalls;

namespace Analemma.Daemon.Http.Models.OpenAi;

/// <summary>OpenAI's embeddings: https://platform.openai.com/docs/api-reference/embeddings.</summary>
internal static class OpenAiEmbeddings
{
    public static EmbeddingCall Read(Field root)
    {
        var input = root["input"];
        Embed embed = new()
        {
            Inputs = input.IsText ? [input.RequiredText()] : Texts(input),
            Model = root["model"].RequiredText(),
            Dimensions = root["dimensions"].Whole(),
        };
        var isBase64 = root["encoding_format"].Text() switch
        {
            null or "float" => false,
            "base64" => true,
            _ => throw new WireException("encoding_format is \"float\" or \"base64\"", "encoding_format"),
        };
        return new EmbeddingCall(embed, (json, reply) => Write(json, reply, isBase64));
    }

    private static List<string> Texts(Field input)
    {
        List<string> texts = [];
        foreach (var item in input.Items())
        {
            texts.Add(item.IsText ? item.RequiredText() : throw new WireException(
                $"{item.Path} is not a text; tokens mean something to their own model only",
                item.Path,
                "send the text itself: LangChain does with checkEmbeddingCtxLength=False"));
        }

        return texts.Count > 0
            ? texts : throw new WireException("input is missing: a text or a list of texts", "input");
    }

    private static void Write(Utf8JsonWriter json, EmbedReply reply, bool isBase64)
    {
        json.WriteStartObject();
        json.WriteString("object", "list");
        json.WriteStartArray("data");
        for (var index = 0; index < reply.Vectors.Count; index++)
        {
            json.WriteStartObject();
            json.WriteString("object", "embedding");
            json.WriteNumber("index", index);
            json.WritePropertyName("embedding");
            if (isBase64)
            {
                json.WriteBase64StringValue(Bytes(reply.Vectors[index]));
            }
            else
            {
                EmbeddingCall.Numbers(json, reply.Vectors[index]);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("model", reply.Model);
        json.WriteStartObject("usage");
        json.WriteNumber("prompt_tokens", reply.Usage.InputTokens);
        json.WriteNumber("total_tokens", reply.Usage.InputTokens);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    // Little-endian 32-bit floats, as the package of OpenAI reads them.
    private static byte[] Bytes(IReadOnlyList<float> vector)
    {
        var bytes = new byte[vector.Count * sizeof(float)];
        for (var i = 0; i < vector.Count; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), vector[i]);
        }

        return bytes;
    }
}

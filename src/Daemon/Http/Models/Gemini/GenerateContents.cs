using System.Globalization;
using System.Text.Json;
using Analemma.Abi.Syscalls;

namespace Analemma.Daemon.Http.Models.Gemini;

/// <summary>
/// Reads contents. A call and its response may have ids; where they have none, a response belongs to the first call of
/// its function that has no response yet.
/// </summary>
internal sealed class GenerateContents
{
    private readonly List<ChatMessage> _messages = [];
    private readonly List<(string Id, string Name)> _open = [];
    private int _unnamed;

    public static List<ChatMessage> Read(Field contents)
    {
        GenerateContents read = new();
        // One content may stand for a list of one.
        if (contents.IsList)
        {
            foreach (var content in contents.Items())
            {
                read.Add(content);
            }
        }
        else if (contents.IsThere)
        {
            read.Add(contents);
        }

        return read._messages.Count > 0 ? read._messages : throw contents.Missing();
    }

    public static string? System(Field system)
    {
        if (system.IsText || !system.IsThere)
        {
            return system.Text();
        }

        var parts = system["parts"];
        return parts.IsList
            ? Wording.Join([.. parts.Items().Select(part => part["text"].Text() ?? throw part["text"].Missing())])
            : parts["text"].Text();
    }

    private void Add(Field content)
    {
        if (content["role"].Text() is { } role and not ("user" or "model" or "function" or "tool"))
        {
            throw content["role"].Unsupported($"'{role}' is none of user, model and function");
        }

        var parts = content["parts"];
        Field[] each = parts.IsList ? [.. parts.Items()] : parts.IsThere ? [parts] : throw parts.Missing();
        if (content["role"].Text() == "model")
        {
            AddModel(each);
        }
        else
        {
            AddUser(each);
        }
    }

    private void AddModel(Field[] parts)
    {
        List<string> texts = [];
        List<ToolCall> calls = [];
        foreach (var part in parts)
        {
            if (part["functionCall", "function_call"] is { IsThere: true } call)
            {
                calls.Add(Call(call, part["thoughtSignature", "thought_signature"].Text()));
            }
            else if (part["thought"].Flag() != true)
            {
                texts.Add(TextOf(part));
            }
        }

        _messages.Add(new ChatMessage(ChatRole.Assistant)
        {
            Content = texts.Count == 0 && calls.Count > 0 ? null : string.Concat(texts),
            ToolCalls = calls.Count == 0 ? null : calls,
        });
    }

    private void AddUser(Field[] parts)
    {
        List<string> texts = [];
        List<ImagePart> images = [];
        var hasResponse = false;
        foreach (var part in parts)
        {
            if (part["functionResponse", "function_response"] is { IsThere: true } response)
            {
                hasResponse = true;
                _messages.Add(Response(response));
            }
            else if (part["inlineData", "inline_data"] is { IsThere: true } data)
            {
                images.Add(new ImagePart(
                    data["mimeType", "mime_type"].RequiredText(), Standard(data["data"].RequiredText())));
            }
            else
            {
                texts.Add(TextOf(part));
            }
        }

        if (texts.Count + images.Count > 0 || !hasResponse)
        {
            _messages.Add(new ChatMessage(ChatRole.User) { Content = Wording.Join(texts) ?? "", Images = images });
        }
    }

    private ToolCall Call(Field call, string? signature)
    {
        var name = call["name"].RequiredText();
        var id = call["id"].Text() is { Length: > 0 } given
            ? given
            : string.Create(CultureInfo.InvariantCulture, $"call-{_unnamed++}");
        _open.Add((id, name));
        return new ToolCall(id, name) { Arguments = call["args"].Json(), Signature = signature };
    }

    private ChatMessage Response(Field response)
    {
        var name = response["name"].RequiredText();
        var at = response["id"].Text() is { Length: > 0 } id
            ? _open.FindIndex(open => open.Id == id)
            : _open.FindIndex(open => open.Name == name);
        if (at < 0)
        {
            throw response.Unsupported($"no call of {name} before it waits for a response");
        }

        var call = _open[at];
        _open.RemoveAt(at);
        var told = response["response"].Json() ?? throw response["response"].Missing();
        return new ChatMessage(ChatRole.Tool) { ToolCallId = call.Id, Content = Content(told) };
    }

    // The documented keys for what is no object; drivers wrap it again.
    private static string Content(JsonElement told) =>
        told.TryGetProperty("output", out var output) && output.ValueKind is JsonValueKind.String
            && told.EnumerateObject().Count() == 1
            ? output.GetString()!
            : told.GetRawText();

    private static string TextOf(Field part)
    {
        if (part["text"].Text() is { } text)
        {
            return text;
        }

        var kind = part.IsObject ? part.Value.EnumerateObject().Select(field => field.Name).FirstOrDefault() : null;
        throw part.Unsupported($"{kind ?? "an empty part"} is not supported here, only text, images and functions");
    }

    // Google's protocol writes bytes with either alphabet.
    private static string Standard(string base64) => base64.Replace('-', '+').Replace('_', '/');
}

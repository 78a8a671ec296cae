using Analemma.Abi.Syscalls;

namespace Analemma.Daemon.Http.Models.Anthropic;

/// <summary>Reads messages, whose content is a text or blocks of several kinds.</summary>
internal static class MessagesContent
{
    public static List<ChatMessage> Read(Field messages)
    {
        List<ChatMessage> read = [.. messages.Items().SelectMany(Message)];
        return read.Count > 0 ? read : throw messages.Missing();
    }

    /// <summary>A text, or blocks of text.</summary>
    public static string? System(Field system) => system.IsList
        ? Wording.Join([.. system.Items().Select(TextOf)])
        : system.Text();

    private static IEnumerable<ChatMessage> Message(Field message)
    {
        var content = message["content"];
        return (message["role"].RequiredText(), content.IsList) switch
        {
            ("user", true) => User(content),
            ("assistant", true) => [Assistant(content)],
            ("user", false) => [new ChatMessage(ChatRole.User) { Content = content.Text() ?? throw content.Missing() }],
            ("assistant", false) => [new ChatMessage(ChatRole.Assistant) { Content = content.Text() ?? "" }],
            _ => throw message["role"].Unsupported("it must be user or assistant"),
        };
    }

    // Results come among what the user says, and are messages of their own.
    private static List<ChatMessage> User(Field content)
    {
        List<ChatMessage> read = [];
        List<string> texts = [];
        List<ImagePart> images = [];
        foreach (var block in content.Items())
        {
            switch (block["type"].RequiredText())
            {
                case "tool_result":
                    read.Add(Result(block));
                    break;
                case "image":
                    images.Add(Image(block["source"]));
                    break;
                default:
                    texts.Add(TextOf(block));
                    break;
            }
        }

        if (texts.Count + images.Count > 0 || read.Count == 0)
        {
            read.Add(new ChatMessage(ChatRole.User) { Content = Wording.Join(texts) ?? "", Images = images });
        }

        return read;
    }

    private static ChatMessage Assistant(Field content)
    {
        List<string> texts = [];
        List<ToolCall> calls = [];
        foreach (var block in content.Items())
        {
            switch (block["type"].RequiredText())
            {
                case "tool_use":
                    calls.Add(new ToolCall(block["id"].RequiredText(), block["name"].RequiredText())
                    {
                        Arguments = block["input"].Json(),
                    });
                    break;
                // Signed by a model that may not be the one that is asked now, and of use to that one alone.
                case "thinking" or "redacted_thinking":
                    break;
                default:
                    texts.Add(TextOf(block));
                    break;
            }
        }

        return new ChatMessage(ChatRole.Assistant)
        {
            Content = Wording.Join(texts) ?? (calls.Count == 0 ? "" : null),
            ToolCalls = calls.Count == 0 ? null : calls,
        };
    }

    private static ChatMessage Result(Field block)
    {
        var text = System(block["content"]) ?? "";
        return new ChatMessage(ChatRole.Tool)
        {
            ToolCallId = block["tool_use_id"].RequiredText(),
            Content = block["is_error"].Flag() == true ? $"Error: {text}" : text,
        };
    }

    private static ImagePart Image(Field source) => source["type"].RequiredText() == "base64"
        ? new ImagePart(source["media_type"].RequiredText(), source["data"].RequiredText())
        : throw source["type"].Unsupported("an image must be in the request", "send it as base64");

    private static string TextOf(Field block) => block["type"].RequiredText() == "text"
        ? block["text"].Text() ?? ""
        : throw block["type"].Unsupported($"{block["type"].Text()} is not supported here");
}

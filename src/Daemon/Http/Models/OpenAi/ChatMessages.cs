using Analemma.Abi.Syscalls;

namespace Analemma.Daemon.Http.Models.OpenAi;

/// <summary>Reads the messages of a chat completion.</summary>
internal static class ChatMessages
{
    public static List<ChatMessage> Read(Field messages)
    {
        List<ChatMessage> read = [.. messages.Items().Select(Message)];
        return read.Count > 0 ? read : throw messages.Missing();
    }

    private static ChatMessage Message(Field message) => message["role"].RequiredText() switch
    {
        "system" or "developer" => new ChatMessage(ChatRole.System) { Content = Text(message["content"]) ?? "" },
        "user" => User(message["content"]),
        "assistant" => Assistant(message),
        "tool" => new ChatMessage(ChatRole.Tool)
        {
            Content = Text(message["content"]) ?? "",
            ToolCallId = message["tool_call_id"].RequiredText(),
        },
        _ => throw message["role"].Unsupported("it must be system, developer, user, assistant or tool"),
    };

    private static ChatMessage User(Field content)
    {
        if (!content.IsList)
        {
            return new ChatMessage(ChatRole.User) { Content = content.Text() ?? throw content.Missing() };
        }

        List<string> texts = [];
        List<ImagePart> images = [];
        foreach (var part in content.Items())
        {
            if (part["type"].RequiredText() == "image_url")
            {
                images.Add(Wording.Image(part["image_url"]["url"]));
            }
            else
            {
                texts.Add(TextOf(part));
            }
        }

        return new ChatMessage(ChatRole.User) { Content = Wording.Join(texts) ?? "", Images = images };
    }

    private static ChatMessage Assistant(Field message)
    {
        if (message["audio"].IsThere || message["function_call"].IsThere)
        {
            throw message.Unsupported("audio and function_call are not supported here", "use text and tool_calls");
        }

        List<ToolCall> calls = [.. message["tool_calls"].Items().Select(Call)];
        return new ChatMessage(ChatRole.Assistant)
        {
            Content = Text(message["content"]) ?? message["refusal"].Text() ?? (calls.Count == 0 ? "" : null),
            ToolCalls = calls.Count == 0 ? null : calls,
        };
    }

    private static ToolCall Call(Field call) => new(
        call["id"].RequiredText(), call["function"]["name"].RequiredText())
    {
        Arguments = call["function"]["arguments"].JsonText(),
        Signature = call["extra_content"]["google"]["thought_signature"].Text(),
    };

    private static string? Text(Field content) =>
        content.IsList ? Wording.Join([.. content.Items().Select(TextOf)]) : content.Text();

    private static string TextOf(Field part) => part["type"].RequiredText() switch
    {
        "text" => part["text"].Text() ?? "",
        "refusal" => part["refusal"].Text() ?? "",
        var type => throw part["type"].Unsupported($"{type} is not supported here, only text and images"),
    };
}

using Analemma.Abi.Syscalls;

namespace Analemma.Daemon.Http.Models.Responses;

/// <summary>Reads a response's input: a text, or items, of which calls that stand together are one message.</summary>
internal static class ResponsesInput
{
    public static List<ChatMessage> Read(Field input)
    {
        if (input.IsText)
        {
            return [new ChatMessage(ChatRole.User) { Content = input.Text() }];
        }

        List<ChatMessage> read = [];
        foreach (var item in input.Items())
        {
            Add(read, item);
        }

        return read.Count > 0 ? read : throw input.Missing();
    }

    private static void Add(List<ChatMessage> read, Field item)
    {
        switch (item["type"].Text())
        {
            case null or "message":
                read.Add(Message(item));
                break;
            case "function_call":
                AddCall(read, item);
                break;
            case "function_call_output":
                read.Add(new ChatMessage(ChatRole.Tool)
                {
                    ToolCallId = item["call_id"].RequiredText(),
                    Content = item["output"].IsList ? Texts(item["output"]) : item["output"].Text() ?? "",
                });
                break;
            // Of use to the model alone that made it, which may be another now.
            case "reasoning":
                break;
            case var type:
                throw item["type"].Unsupported($"{type} is not supported here");
        }
    }

    private static void AddCall(List<ChatMessage> read, Field item)
    {
        ToolCall call = new(item["call_id"].RequiredText(), item["name"].RequiredText())
        {
            Arguments = item["arguments"].JsonText(),
        };
        if (read is [.., { Role: ChatRole.Assistant } last])
        {
            read[^1] = last with { ToolCalls = [.. last.ToolCalls ?? [], call] };
        }
        else
        {
            read.Add(new ChatMessage(ChatRole.Assistant) { ToolCalls = [call] });
        }
    }

    private static ChatMessage Message(Field item)
    {
        var role = item["role"].RequiredText() switch
        {
            "user" => ChatRole.User,
            "assistant" => ChatRole.Assistant,
            "system" or "developer" => ChatRole.System,
            _ => throw item["role"].Unsupported("it must be user, assistant, system or developer"),
        };
        var content = item["content"];
        if (!content.IsList)
        {
            return new ChatMessage(role) { Content = content.Text() ?? throw content.Missing() };
        }

        var images = content.Items().Where(part => part["type"].Text() == "input_image").ToList();
        if (images.Count > 0 && role is not ChatRole.User)
        {
            throw images[0].Unsupported("images go with role user");
        }

        return new ChatMessage(role)
        {
            Content = Texts(content),
            Images = images.Count == 0 ? null : [.. images.Select(part => Wording.Image(part["image_url"]))],
        };
    }

    private static string Texts(Field content) =>
        Wording.Join([.. content.Items().Where(part => part["type"].Text() != "input_image").Select(TextOf)]) ?? "";

    private static string TextOf(Field part) => part["type"].RequiredText() switch
    {
        "input_text" or "output_text" or "text" => part["text"].Text() ?? "",
        "refusal" => part["refusal"].Text() ?? "",
        var type => throw part["type"].Unsupported($"{type} is not supported here, only text and images"),
    };
}

using Analemma.Abi.Syscalls;
using Analemma.Daemon.Http.Models;
using FsCheck;
using FsCheck.Fluent;

namespace Analemma.Unit.Tests.Daemon.Http.Models;

/// <summary>What is asked in an API's words becomes a THINK, or is refused by the name of the field.</summary>
public sealed class RequestTests
{
    [Fact]
    public void A_chat_completion()
    {
        var think = Wire.Read("chat", """
            {"model":"m","max_completion_tokens":9,"temperature":0.5,"top_p":0.9,"seed":3,"stop":"x","stream":true,
             "reasoning_effort":"xhigh","parallel_tool_calls":false,"n":1,"logprobs":null,"user":"u",
             "response_format":{"type":"json_schema","json_schema":{"name":"a","schema":{"type":"object"}}},
             "tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"}}}],
             "tool_choice":{"type":"function","function":{"name":"f"}},
             "messages":[
              {"role":"developer","content":"be"},
              {"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"},
               {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA","detail":"low"}}]},
              {"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function",
               "function":{"name":"f","arguments":"{\"x\":1}"},
               "extra_content":{"google":{"thought_signature":"s"}}}]},
              {"role":"tool","tool_call_id":"c","content":"4"}]}
            """).Think;
        Assert.Equal(
            ("m", 9L, 0.5, 0.9, 3L), (think.Model, think.MaxTokens, think.Temperature, think.TopP, think.Seed));
        Assert.Equal(["x"], think.Stop!);
        Assert.Equal(("high", "f", false, true),
            (think.ThinkingLevel, think.ToolChoice, think.ParallelToolCalls, think.Stream));
        Assert.Equal("""{"type":"object"}""", think.ResponseSchema!.Value.GetRawText());
        Assert.Equal(
            [ChatRole.System, ChatRole.User, ChatRole.Assistant, ChatRole.Tool],
            think.Messages!.Select(one => one.Role));
        Assert.Equal("a\nb", think.Messages![1].Content);
        Assert.Equal(new ImagePart("image/png", "AAAA"), Assert.Single(think.Messages[1].Images!));
        var call = Assert.Single(think.Messages[2].ToolCalls!);
        Assert.Equal(("c", "f", "s"), (call.Id, call.Name, call.Signature));
        Assert.Equal(1, call.Arguments!.Value.GetProperty("x").GetInt32());
        Assert.Equal(("c", "4"), (think.Messages[3].ToolCallId, think.Messages[3].Content));
    }

    [Fact]
    public void A_message_of_Anthropics()
    {
        var think = Wire.Read("messages", """
            {"model":"m","max_tokens":9,"system":[{"type":"text","text":"be","cache_control":{"type":"ephemeral"}}],
             "stop_sequences":["x"],"thinking":{"type":"enabled","budget_tokens":5000},"metadata":{"user_id":"u"},
             "tools":[{"name":"f","input_schema":{"type":"object"}}],
             "tool_choice":{"type":"any","disable_parallel_tool_use":true},
             "messages":[{"role":"user","content":"hi"},
              {"role":"assistant","content":[{"type":"thinking","thinking":"…","signature":"s"},
               {"type":"text","text":"so"},{"type":"tool_use","id":"c","name":"f","input":{"x":1}}]},
              {"role":"user","content":[{"type":"tool_result","tool_use_id":"c","is_error":true,"content":"no"},
               {"type":"text","text":"and now?"}]}]}
            """).Think;
        Assert.Equal(("be", "medium", "required", false),
            (think.SystemInstruction, think.ThinkingLevel, think.ToolChoice, think.ParallelToolCalls));
        Assert.Equal(
            ["User hi", "Assistant so", "Tool Error: no", "User and now?"],
            think.Messages!.Select(one => $"{one.Role} {one.Content}"));
    }

    [Fact]
    public void Contents_of_Geminis_whose_responses_belong_to_their_calls_with_or_without_ids()
    {
        var think = Wire.Read("generate", """
            {"system_instruction":{"parts":[{"text":"be"}]},
             "generationConfig":{"maxOutputTokens":9,"topP":0.5,"stopSequences":["x"],"candidateCount":1,
              "thinkingConfig":{"thinkingBudget":0},"responseMimeType":"application/json",
              "responseSchema":{"type":"OBJECT","properties":{"a":{"type":"STRING","nullable":true},
               "b":{"type":"ARRAY","items":{"type":"INTEGER"},"maxItems":"3"}},"propertyOrdering":["a","b"]}},
             "tools":[{"functionDeclarations":[{"name":"f"},{"name":"g"}]}],
             "toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["g"]}},
             "contents":[{"role":"user","parts":[{"text":"a"},{"inline_data":{"mime_type":"image/png","data":"AA-_"}}]},
              {"role":"model","parts":[{"text":"mm","thought":true},{"functionCall":{"name":"f","args":{}}},
               {"functionCall":{"name":"f","args":{},"id":"own"},"thoughtSignature":"s"}]},
              {"role":"user","parts":[{"functionResponse":{"name":"f","response":{"output":"1"}}},
               {"functionResponse":{"name":"f","id":"own","response":{"temperature":2}}}]}]}
            """).Think;
        Assert.Equal(("be", "none", "g"), (think.SystemInstruction, think.ThinkingLevel, think.ToolChoice));
        Assert.Equal("AA+/", think.Messages![0].Images![0].Data);
        var calls = think.Messages[1].ToolCalls!;
        Assert.Equal(["call-0", "own"], calls.Select(call => call.Id));
        Assert.Equal("s", calls[1].Signature);
        Assert.Equal(
            ["call-0 1", """own {"temperature":2}"""],
            think.Messages.Skip(2).Select(one => $"{one.ToolCallId} {one.Content}"));
        Assert.Equal(
            """
            {"type":"object","properties":{"a":{"type":["string","null"]},
            "b":{"type":"array","items":{"type":"integer"},"maxItems":3}}}
            """.ReplaceLineEndings(""),
            think.ResponseSchema!.Value.GetRawText());
    }

    [Fact]
    public void A_response_of_OpenAIs_whose_calls_are_one_message()
    {
        var think = Wire.Read("responses", """
            {"model":"m","instructions":"be","max_output_tokens":9,"store":true,"include":["x"],
             "text":{"format":{"type":"json_object"}},"tools":[{"type":"function","name":"f","strict":true}],
             "input":[{"role":"user","content":[{"type":"input_text","text":"a"}]},{"type":"reasoning","summary":[]},
              {"type":"function_call","call_id":"c","name":"f","arguments":"{}"},
              {"type":"function_call","call_id":"d","name":"f","arguments":""},
              {"type":"function_call_output","call_id":"c","output":"1"}]}
            """).Think;
        Assert.Equal(("be", 9L, true), (think.SystemInstruction, think.MaxTokens, think.Json));
        Assert.Equal(["c", "d"], think.Messages![1].ToolCalls!.Select(call => call.Id));
        Assert.Equal(3, think.Messages.Count);
    }

    [Theory]
    [InlineData("chat", """{"messages":[]}""", "messages")]
    [InlineData("chat", """{"messages":{}}""", "messages")]
    [InlineData("chat", """{"messages":[7]}""", "messages[0]")]
    [InlineData("chat", """{"messages":[{"role":"robot"}]}""", "messages[0].role")]
    [InlineData("chat", """{"messages":[{"role":"user"}]}""", "messages[0].content")]
    [InlineData(
        "chat",
        """{"messages":[{"role":"user","content":[{"type":"input_audio"}]}]}""",
        "messages[0].content[0].type")]
    [InlineData("chat", """{"messages":[{"role":"tool","content":"x"}]}""", "messages[0].tool_call_id")]
    [InlineData("chat", """{"messages":[{"role":"user","content":"\ud800"}]}""", "messages[0].content")]
    [InlineData("chat", """{"messages":[{"role":"user","content":"x"}],"temperature":"hot"}""", "temperature")]
    [InlineData("chat", """{"messages":[{"role":"user","content":"x"}],"max_tokens":1.5}""", "max_tokens")]
    [InlineData("chat", """{"messages":[{"role":"user","content":"x"}],"logit_bias":{"1":2}}""", "logit_bias")]
    [InlineData("chat", """{"messages":[{"role":"user","content":"x"}],"functions":[]}""", "functions")]
    [InlineData(
        "chat",
        """{"messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_schema"}}""",
        "response_format.json_schema.schema")]
    [InlineData(
        "chat",
        """{"messages":[{"role":"assistant","tool_calls":[{"id":"c","function":{"name":"f","arguments":"["}}]}]}""",
        "messages[0].tool_calls[0].function.arguments")]
    [InlineData("responses", """{"input":[{"type":"item_reference","id":"x"}]}""", "input[0].type")]
    [InlineData("responses", """{"input":"x","truncation":"auto"}""", "truncation")]
    [InlineData("messages", """{"model":"m","messages":[{"role":"user","content":"x"}]}""", "max_tokens")]
    [InlineData("messages", """{"max_tokens":1,"messages":[{"role":"user","content":"x"}]}""", "model")]
    [InlineData(
        "messages",
        """{"model":"m","max_tokens":1,"messages":[{"role":"user","content":[{"type":"document"}]}]}""",
        "messages[0].content[0].type")]
    [InlineData("generate", """{"contents":[]}""", "contents")]
    [InlineData("generate", """{"contents":[{"parts":[{"fileData":{}}]}]}""", "contents[0].parts[0]")]
    [InlineData(
        "generate",
        """{"contents":[{"parts":[{"functionResponse":{"name":"f","response":{}}}]}]}""",
        "contents[0].parts[0].functionResponse")]
    [InlineData("generate", """{"contents":"hi","cachedContent":"x"}""", "cachedContent")]
    [InlineData(
        "generate",
        """{"contents":[{"parts":{"text":"x"}}],"tools":[{"codeExecution":{}}]}""",
        "tools[0].codeExecution")]
    public void What_cannot_be_followed_is_refused_by_its_name(string api, string json, string field) =>
        Assert.Equal(field == "cachedContent" ? "cachedContent" : field, Wire.Refused(api, json).Field);

    [Fact]
    public void Whatever_JSON_comes_it_is_read_or_refused_and_nothing_else()
    {
        var values = Gen.Elements(
            "null", "true", "0", "-1", "1e400", "\"\"", "\"x\"", "[]", "{}", "[{}]", "[null]", "[[1]]",
            """[{"role":"user","content":"x"}]""", """{"type":"object"}""", """[{"type":"text","text":"x"}]""",
            """[{"parts":[{"text":"x"}]}]""");
        var names = Gen.Elements(
            "messages", "input", "contents", "model", "max_tokens", "stream", "tools", "tool_choice", "system",
            "response_format", "generationConfig", "text", "stop", "temperature", "n", "thinking", "toolConfig");
        var field = Gen.Zip(names, values).Select(pair => $"\"{pair.Item1}\":{pair.Item2}");
        Prop.ForAll(Arb.From(Gen.ListOf(field)), fields =>
        {
            var json = $"{{{string.Join(',', fields)}}}";
            foreach (var api in (string[])["chat", "responses", "messages", "generate"])
            {
                try
                {
                    Assert.NotNull(Wire.Read(api, json).Think);
                }
                catch (WireException refused)
                {
                    Assert.NotEmpty(refused.Error.Message);
                }
            }
        }).QuickCheckThrowOnFailure();
    }
}

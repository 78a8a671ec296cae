using System.Text;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Client;
using Analemma.Integration.Tests.Kernel;
using Analemma.Integration.Tests.Models;
using Analemma.Integration.Tests.Models.Wire;
using Analemma.Integration.Tests.Sockets;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Thinking;

/// <summary>What callers get wrong about THINK: they are told what, where, and the way out.</summary>
public sealed class BadInputTests(SharedKernel shared) : IClassFixture<SharedKernel>
{
    private const string Png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ"
        + "AAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

    private readonly RunningKernel _kernel = shared.Kernel;

    [Fact]
    public async Task An_unknown_model_is_named_with_those_that_there_are()
    {
        var error = await RefusedAsync(new Think { Prompt = "Hello?", Model = "nope" });
        Assert.Equal(SysErrorCode.NoSuchModel, error.Code);
        Assert.Equal("there is no model \"nope\"; there are sim", error.Message);
    }

    [Fact]
    public async Task A_mistyped_model_is_told_which_was_meant()
    {
        var error = await RefusedAsync(new Think { Prompt = "Hello?", Model = "sym" });
        Assert.Equal((SysErrorCode.NoSuchModel, "did you mean \"sim\"?"), (error.Code, error.Hint));
    }

    [Theory]
    [InlineData("gemini-3.8-flash", "GEMINI_API_KEY or GOOGLE_API_KEY")]
    [InlineData("gpt-5.4", "OPENAI_API_KEY")]
    [InlineData("claude-haiku-4-5", "ANTHROPIC_API_KEY")]
    public async Task A_model_of_a_provider_without_a_key_says_how_to_set_it(string model, string variable)
    {
        var error = await RefusedAsync(new Think { Prompt = "Hello?", Model = model });
        Assert.Equal(SysErrorCode.NotConfigured, error.Code);
        Assert.Contains(model, error.Message, StringComparison.Ordinal);
        Assert.Contains(variable, error.Hint, StringComparison.Ordinal);
        Assert.Contains("sim.any_model", error.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_simulated_model_answers_under_any_name_where_the_owner_wants_it()
    {
        await using var lenient = await RunningKernel.StartAsync(
            "--sim.any_model=true", "--pool.created=0", "--pool.preloaded=0");
        var reply = await lenient.Client.ThinkAsync(new Think { Prompt = "Hello?", Model = "gemini-3.8-flash" }, Token);
        Assert.True(reply.Simulated);
    }

    [Fact]
    public async Task An_AgentOS_program_that_names_a_model_without_a_key_reads_what_AgentOS_said()
    {
        using var client = new RawClient(_kernel.Socket);
        client.Send(RawClient.AgentOs(0x01, """{"prompt":"Hello?","model":"gemini-2.0-flash"}"""u8));
        Assert.Contains(
            "LLM not configured (set GEMINI_API_KEY)", client.ReadAgentOs().Text, StringComparison.Ordinal);
        client.Send(RawClient.AgentOs(0x01, "Hello?"u8));
        Assert.Contains("\"success\":true", client.ReadAgentOs().Text, StringComparison.Ordinal);
        await AnswersAsync();
    }

    [Theory]
    [InlineData("""{"prompt":"Hello?",""", "payload")]
    [InlineData("""{"prompt":42}""", "prompt")]
    [InlineData("""{"prompt":"Hello?","max_tokens":"many"}""", "max_tokens")]
    [InlineData("""{"messages":[{"role":"wizard","content":"x"}]}""", "messages[0].role")]
    [InlineData("""{"prompt":"Hello?","temperature":1e999}""", "temperature")]
    public async Task Malformed_JSON_is_told_by_its_field_and_the_connection_goes_on(string json, string field)
    {
        using var client = new RawClient(_kernel.Socket);
        client.Send(RawClient.Native(SyscallNumber.Think, 1, Encoding.UTF8.GetBytes(json)));
        var answer = client.ReadNative();
        Assert.Equal(SysErrorCode.InvalidArgument, answer.Header.Status);
        Assert.Contains(field, answer.Text, StringComparison.Ordinal);
        client.Send(RawClient.Native(SyscallNumber.Think, 2, """{"prompt":"Hello?"}"""u8));
        Assert.Equal(SysErrorCode.Ok, client.ReadNative().Header.Status);
        await AnswersAsync();
    }

    [Theory]
    [InlineData("image/tiff", Png, "images[0].mime_type must be one of image/png")]
    [InlineData("image/jpeg", Png, "images[0].mime_type is image/jpeg, and data is image/png")]
    [InlineData("image/png", "no base64!", "images[0].data is not base64")]
    public async Task An_image_that_is_none_is_told_by_its_field(string type, string data, string problem)
    {
        var error = await RefusedAsync(new Think { Prompt = "What is it?", Images = [new ImagePart(type, data)] });
        Assert.Equal(SysErrorCode.InvalidArgument, error.Code);
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
        var reply = await _kernel.Client.ThinkAsync(
            new Think { Prompt = "What is it?", Images = [new ImagePart("image/png", Png)] }, Token);
        Assert.True(reply.Simulated);
    }

    [Fact]
    public async Task An_image_beyond_the_limit_is_told_by_its_field_and_size()
    {
        var large = new ImagePart("image/png", Convert.ToBase64String(new byte[5_000_001]));
        var error = await RefusedAsync(new Think
        {
            Messages = [new ChatMessage(ChatRole.User) { Content = "What is it?", Images = [large] }],
        });
        Assert.Equal((SysErrorCode.TooLarge, "image_too_large"), (error.Code, error.Reason));
        Assert.Contains("messages[0].images[0] has 5000001 bytes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_prompt_beyond_the_window_is_refused_before_it_is_sent()
    {
        await using var stage = await LoopbackProvider.StartAsync("anthropic", new Scene.Answers("Yes."));
        var tooLong = new Think { Prompt = new string('a', 5_000_000) };
        var error = await RefusedAsync(tooLong, stage.Kernel);
        Assert.Equal(SysErrorCode.TooLarge, error.Code);
        Assert.Contains("test-model-1 reads at most", error.Message, StringComparison.Ordinal);
        Assert.Empty(stage.Server.Requests);
        await AnswersAsync(stage.Kernel);
    }

    [Theory]
    [InlineData(WireError.PromptTooLong, SysErrorCode.TooLarge, "prompt_too_long")]
    [InlineData(WireError.ImageTooLarge, SysErrorCode.TooLarge, "image_too_large")]
    [InlineData(WireError.KeyRejected, SysErrorCode.ModelFailed, "key_rejected")]
    [InlineData(WireError.Forbidden, SysErrorCode.ModelFailed, "key_rejected")]
    [InlineData(WireError.BadRequest, SysErrorCode.ModelFailed, "bad_request")]
    public async Task What_a_provider_refuses_is_told_by_its_cause(object what, SysErrorCode code, string reason)
    {
        foreach (var provider in new[] { "gemini", "openai", "anthropic" })
        {
            await using var stage = await LoopbackProvider.StartAsync(
                provider, new Scene.Fails((WireError)what), new Scene.Answers("Yes."));
            var agent = await stage.Kernel.SpawnPythonAsync(
                """
                import analemma
                with analemma.Kernel() as kernel:
                    try:
                        kernel.think("Hello?")
                    except analemma.SyscallError as refused:
                        print(refused.code, refused.details["reason"], bool(refused.hint))
                    print(kernel.think("Hello?"))
                """);
            Assert.Equal(0, (await stage.Kernel.WaitAsync(agent)).Exit!.Code);
            Assert.Equal(
                $"{SysErrorCodes.NameOf(code)} {reason} True\nYes.\n", await stage.Kernel.OutputAsync(agent));
            Assert.Equal(2, stage.Server.Requests.Count);
        }
    }

    [Fact]
    public async Task A_provider_that_is_not_there_is_told_as_unreachable()
    {
        var nobody = new LoopbackServer(_ => Task.CompletedTask);
        var url = nobody.Url.AbsoluteUri.TrimEnd('/');
        await nobody.DisposeAsync();
        await using var kernel = await RunningKernel.StartWithAsync(
            new Dictionary<string, string> { ["ANTHROPIC_API_KEY"] = "k", ["ANTHROPIC_BASE_URL"] = url },
            "--pool.created=0", "--pool.preloaded=0");
        var error = await RefusedAsync(new Think { Prompt = "Hello?" }, kernel);
        Assert.Equal((SysErrorCode.ModelFailed, "unreachable"), (error.Code, error.Reason));
        Assert.Contains("base URL", error.Hint, StringComparison.Ordinal);
        Assert.True((await kernel.Client.ThinkAsync(new Think { Prompt = "Hello?", Model = "sim" }, Token)).Simulated);
    }

    private async Task<SysError> RefusedAsync(Think think, RunningKernel? kernel = null) =>
        (await Assert.ThrowsAsync<SyscallException>(
            () => (kernel ?? _kernel).Client.ThinkAsync(think, Token))).Error;

    private async Task AnswersAsync(RunningKernel? kernel = null) =>
        Assert.NotEmpty((await (kernel ?? _kernel).Client.ThinkAsync(new Think { Prompt = "Hello?" }, Token)).Content);
}

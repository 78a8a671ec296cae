using System.Globalization;
using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Client;
using Analemma.Client.Tools;
using Analemma.Integration.Tests.Kernel;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Tools;

/// <summary>Tools of a server in a sandbox, as clients and agents call them.</summary>
public sealed class ToolSyscallTests(SharedToolKernel shared) : IClassFixture<SharedToolKernel>
{
    private readonly RunningKernel _kernel = shared.Kernel;

    [Fact]
    public async Task A_list_has_what_the_server_says_of_each_tool()
    {
        var offered = await _kernel.Client.ListToolsAsync(new ListTools { Server = "t" }, Token);
        var add = offered.Tools.Single(tool => tool.Name == "t/add");
        Assert.Equal((
            "t__add", "Adds two numbers.", "Addition", true), (add.Function, add.Description, add.Title, add.ReadOnly));
        Assert.Equal(
            "integer", add.Parameters.GetProperty("properties").GetProperty("a").GetProperty("type").GetString());
        Assert.Equal("object", add.Result!.Value.GetProperty("type").GetString());
        Assert.Null(offered.Unavailable);
        Assert.Equal("tests 1.0", (await _kernel.ServerAsync()).Says);
    }

    [Fact]
    public async Task A_result_has_its_text_its_json_and_its_other_parts()
    {
        var sum = await _kernel.CallToolAsync("t/add", """{"a":2,"b":3}""");
        Assert.Equal(("5", 5, false), (sum.Content, sum.Structured!.Value.GetProperty("sum").GetInt32(), sum.IsError));

        var picture = await _kernel.CallToolAsync("t/picture");
        Assert.Equal("a dot\ndot", picture.Content);
        Assert.Equal(["text", "image", "resource", "resource_link"], picture.Parts!.Select(part => part.Type));
        Assert.Equal("image/png", picture.Parts![1].MimeType);
        Assert.Equal(0x89, Convert.FromBase64String(picture.Parts[1].Data!)[0]);
        Assert.Equal("file:///dot.png", picture.Parts[3].Uri);
        Assert.Equal("""{"a":[[[[[1]]]]]}""", (
            await _kernel.CallToolAsync("t/deep")).Content.Replace(" ", "", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_a_tool_says_went_wrong_is_a_result_and_what_its_server_refuses_is_a_refusal()
    {
        var failed = await _kernel.CallToolAsync("t/fail");
        Assert.Equal((true, "the disk is on fire"), (failed.IsError, failed.Content));
        await RefusedAsync(SysErrorCode.ToolFailed, "I will not", "t/refuse");
        await RefusedAsync(SysErrorCode.NoSuchTool, "t has no tool \"none\"", "t/none");
        await RefusedAsync(SysErrorCode.NoSuchTool, "there are t, u", "nowhere/none");
        await RefusedAsync(
            SysErrorCode.InvalidArgument, "arguments.b is missing; it must be integer", "t/add", """{"a":1}""");
        // 10 MiB, and the part that they are in.
        await RefusedAsync(SysErrorCode.TooLarge, "its result has 10485792 bytes", "t/grow");
        await RefusedAsync(
            SysErrorCode.TimedOut, "did not come to a result in time", "t/late", """{"seconds":30}""", 300);
        Assert.Equal("5", (await _kernel.CallToolAsync("t/add", """{"a":2,"b":3}""")).Content);
    }

    [Fact]
    public async Task Garbage_between_messages_is_left_out_and_a_late_answer_harms_nobody()
    {
        Assert.Equal("after the garbage", (await _kernel.CallToolAsync("t/garbage")).Content);
        await RefusedAsync(SysErrorCode.TimedOut, "in time", "t/late", """{"seconds":0.4}""", 100);
        Assert.Equal("late, but there", (await _kernel.CallToolAsync("t/late", """{"seconds":0.6}""")).Content);
    }

    [Fact]
    public async Task Progress_comes_in_order_before_the_result()
    {
        var stream = _kernel.Client.CallTool(new CallTool { Name = "t/progress" });
        List<ToolProgress> steps = [];
        await foreach (var step in stream.WithCancellation(Token))
        {
            steps.Add(step);
        }

        Assert.Equal(
            [(1.0, 3.0, "step 1"), (2.0, 3.0, "step 2"), (3.0, 3.0, "step 3")],
            steps.Select(step => (step.Progress, step.Total!.Value, step.Message!)));
        Assert.Equal("done", stream.Reply.Content);
        Assert.Equal("nobody asked", (await _kernel.CallToolAsync("t/progress")).Content);
    }

    [Fact]
    public async Task A_call_that_is_taken_back_is_cancelled_at_its_server()
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var before = JsonSerializer.Deserialize<string[]>((await _kernel.CallToolAsync("u/cancelled")).Content)!;
        var hanging = _kernel.Client.CallToolAsync(new CallTool { Name = "u/hang" }, cancel.Token);
        await UntilAsync(async () => (await _kernel.ServerAsync("u")).Running == 1);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => hanging);
        await UntilAsync(async () => JsonSerializer.Deserialize<string[]>(
            (await _kernel.CallToolAsync("u/cancelled")).Content)!.Length > before.Length);
        Assert.Equal(0, (await _kernel.ServerAsync("u")).Running);
    }

    [Fact]
    public async Task Tools_that_a_server_adds_can_be_called_when_it_has_said_so()
    {
        await _kernel.CallToolAsync("u/write");
        await UntilAsync(async () => (await _kernel.Client.ListToolsAsync(new ListTools { Server = "u" }, Token))
            .Tools.Any(tool => tool.Name == "u/extra0"));
        Assert.Equal("I am extra0", (await _kernel.CallToolAsync("u/extra0")).Content);
    }

    [Fact]
    public async Task A_server_has_a_sandbox_of_its_own_and_no_way_to_the_kernel_or_the_network()
    {
        var said = JsonDocument.Parse((await _kernel.CallToolAsync("t/environment")).Content).RootElement;
        Assert.Equal(("noise", "/work", "/work"), (Text("MODE"), Text("HOME"), Text("cwd")));
        Assert.False(said.TryGetProperty("ANALEMMA_SOCKET", out _));
        Assert.NotEqual(0, said.GetProperty("uid").GetInt32());
        Assert.StartsWith("no: ", (await _kernel.CallToolAsync("t/connect")).Content, StringComparison.Ordinal);
        Assert.InRange(int.Parse((await _kernel.CallToolAsync("t/pid")).Content, CultureInfo.InvariantCulture), 1, 9);

        string Text(string name) => said.GetProperty(name).GetString()!;
    }

    [Fact]
    public async Task An_agent_calls_what_it_was_given_and_every_other_attempt_is_on_record()
    {
        var agent = await _kernel.SpawnPythonAsync(
            """
            import analemma
            with analemma.Kernel() as kernel:
                print("tools", sorted(tool.name for tool in kernel.list_tools()))
                print("sum", kernel.call_tool("t/add", {"a": 2, "b": 3}).structured["sum"])
                for name in ("t/die", "u/add", "nowhere/add"):
                    try:
                        kernel.call_tool(name)
                        print("ALLOWED", name)
                    except analemma.PermissionDenied as refused:
                        print("denied", name)
                try:
                    kernel.restart_tools("t")
                except analemma.PermissionDenied:
                    print("no restart")
                print("servers", [(server.name, server.pid, server.last_error) for server in kernel.tool_servers()])
            """,
            spawn => spawn with { Tools = ["t/add", "t/fail"] });
        var ended = await _kernel.WaitAsync(agent);
        var output = await _kernel.OutputAsync(agent);
        Assert.Equal(
            """
            tools ['t/add', 't/fail']
            sum 5
            denied t/die
            denied u/add
            denied nowhere/add
            no restart
            servers [('t', 0, None)]

            """.ReplaceLineEndings("\n"),
            output);
        Assert.Equal((4L, 1L), (ended.Denied, ended.ToolCalls));
        Assert.Equal(["t/add", "t/fail"], ended.Tools);
    }

    [Fact]
    public async Task A_tool_loop_has_tools_of_the_kernel_beside_those_of_the_agent()
    {
        var agent = await _kernel.SpawnPythonAsync(
            """
            import analemma

            def own() -> str:
                return "mine"

            with analemma.Kernel() as kernel:
                run = kernel.run_tools("Please call t__fail for me.", tools=[own, "t/*"], max_steps=3)
                print([(each.name, each.is_error, each.content) for each in run.results])
                print(run.answer)
            """,
            spawn => spawn with { Tools = ["t/fail"] });
        await _kernel.WaitAsync(agent);
        var output = await _kernel.OutputAsync(agent);
        Assert.Contains("[('t__fail', True, 'the disk is on fire')]", output, StringComparison.Ordinal);

        var tools = await _kernel.Client.OfferedToolsAsync(["t/fail", "t/add"], Token);
        var run = await _kernel.Client.RunToolsAsync(
            new Think { Prompt = "Please call t__fail." }, tools, cancellationToken: Token);
        Assert.Equal(("t__fail", true, "the disk is on fire"), run.Results.Select(
            each => (each.Name, each.IsError, each.Content)).Single());
        var refused = await Assert.ThrowsAsync<SyscallException>(
            () => _kernel.Client.OfferedToolsAsync(["t/none"], Token));
        Assert.Equal(SysErrorCode.NoSuchTool, refused.Code);
    }

    [Fact]
    public async Task Subscribers_hear_of_calls_and_servers()
    {
        await using var events = _kernel.Client
            .Events(new Subscribe { Types = ["tool-called"] }, Token).GetAsyncEnumerator(Token);
        var next = events.MoveNextAsync();
        await _kernel.Client.StatusAsync(Token);
        var agent = await _kernel.SpawnPythonAsync(
            "import analemma; analemma.Kernel().call_tool('t/fail')", spawn => spawn with { Tools = ["t/*"] });
        while (await next && events.Current.Process != agent.Id)
        {
            next = events.MoveNextAsync();
        }

        Assert.Equal(("t", "t/fail", "error"), (events.Current.Kind, events.Current.What, events.Current.Reason));
    }

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        while (!await holds())
        {
            await Task.Yield();
        }
    }

    private async Task RefusedAsync(
        SysErrorCode code, string words, string name, string arguments = "{}", long? timeoutMs = null)
    {
        var refused = await Assert.ThrowsAsync<SyscallException>(
            () => _kernel.CallToolAsync(name, arguments, timeoutMs));
        Assert.Equal(code, refused.Code);
        Assert.Contains(words, refused.Message, StringComparison.Ordinal);
    }
}

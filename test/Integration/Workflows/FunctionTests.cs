using System.Text;
using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Client;
using Analemma.Integration.Tests.Kernel;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Workflows;

/// <summary>Functions in environments that take one event after another, in real sandboxes.</summary>
public sealed class FunctionTests
{
    // Which environment it was, and how many events that has had.
    private const string Counter = """
        import os, uuid
        me, count = uuid.uuid4().hex, 0
        def handler(event, context):
            global count
            count += 1
            if event.get("exit") is not None:
                os._exit(event["exit"])
            if event.get("raise"):
                raise ValueError(event["raise"])
            while event.get("hang"):
                pass
            return {"me": me, "count": count, "request": context.aws_request_id,
                    "left": context.get_remaining_time_in_millis(), "arn": context.invoked_function_arn}
        """;

    private static readonly string[] Shell = ["/bin/sh"];

    [Fact]
    public async Task An_environment_takes_one_event_after_another()
    {
        await using var kernel = await StartKernelAsync();
        await kernel.CallAsync("PutFunction", new { name = "f", source = Counter });

        var first = (await kernel.InvokeAsync("f")).Output();
        var second = (await kernel.InvokeAsync("f")).Output();
        var third = (await kernel.InvokeAsync("f", """{"raise":"no"}""")).Failure();
        var fourth = (await kernel.InvokeAsync("f")).Output();

        Assert.Equal(1, first.GetProperty("count").GetInt32());
        Assert.Equal(2, second.GetProperty("count").GetInt32());
        // An error of the handler is its event's alone.
        Assert.Equal("ValueError", third.Error);
        Assert.Equal(4, fourth.GetProperty("count").GetInt32());
        Assert.NotEqual(first.GetProperty("request").GetString(), second.GetProperty("request").GetString());
        Assert.Equal(
            "arn:aws:lambda:us-east-1:000000000000:function:f", first.GetProperty("arn").GetString());
        Assert.InRange(first.GetProperty("left").GetInt32(), 1, 60_000);
    }

    [Theory]
    [InlineData("""{"exit":3}""", "Runtime.ExitError", "exit status 3")]
    [InlineData("""{"exit":0}""", "Runtime.ExitError", "Runtime exited without providing a reason")]
    [InlineData("""{"hang":true}""", "Sandbox.Timedout", "Task timed out after 1.00 seconds")]
    public async Task What_ends_an_environment_ends_that_one_alone(string input, string error, string cause)
    {
        await using var kernel = await StartKernelAsync();
        await kernel.CallAsync("PutFunction", new { name = "f", source = Counter, timeoutMs = 1000 });
        var before = (await kernel.InvokeAsync("f")).Output();

        var failure = (await kernel.InvokeAsync("f", input)).Failure();
        var after = (await kernel.InvokeAsync("f")).Output();

        Assert.Equal(error, failure.Error);
        Assert.Contains(cause, failure.Cause, StringComparison.Ordinal);
        Assert.NotEqual(before.GetProperty("me").GetString(), after.GetProperty("me").GetString());
        Assert.Equal(1, after.GetProperty("count").GetInt32());
    }

    [Fact]
    public async Task Many_executions_share_as_many_environments_as_there_may_be()
    {
        await using var kernel = await StartKernelAsync();
        await kernel.CallAsync("PutFunction", new { name = "f", source = Counter, concurrency = 2 });
        var machine = await kernel.MachineAsync("""
            {"StartAt":"M","States":{"M":{"Type":"Map","ItemsPath":"$.all","End":true,"ItemProcessor":{"StartAt":"A",
             "States":{"A":{"Type":"Task","End":true,
             "Resource":"arn:aws:lambda:us-east-1:000000000000:function:f"}}}}}}
            """);
        var input = JsonSerializer.Serialize(new { all = Enumerable.Range(0, 100).Select(_ => new { }) });

        var answers = (await kernel.EndAsync(await kernel.StartAsync(machine, input))).Output().EnumerateArray()
            .ToList();

        Assert.Equal(100, answers.Count);
        Assert.Equal(100, answers.Select(each => each.GetProperty("request").GetString()).Distinct().Count());
        var shares = answers.GroupBy(each => each.GetProperty("me").GetString()).ToList();
        Assert.InRange(shares.Count, 1, 2);
        // Each counted its own events, one at a time.
        Assert.All(shares, share => Assert.Equal(
            Enumerable.Range(1, share.Count()),
            share.Select(each => each.GetProperty("count").GetInt32()).Order()));
    }

    [Theory]
    [InlineData("python", """
        import time
        def handler(event, context):
            if event["slow"]:
                time.sleep(3)
            return {"n": event["n"], "at": time.time()}
        """)]
    [InlineData("node", """
        exports.handler = async (event) => {
          if (event.slow) await new Promise((done) => setTimeout(done, 3000));
          return { n: event.n, at: Date.now() / 1000 };
        };
        """)]
    public async Task What_lies_behind_a_slow_event_goes_to_another_environment(string runtime, string source)
    {
        const int Slow = 200;
        await using var kernel = await StartKernelAsync();
        await kernel.CallAsync("PutFunction", new { name = "f", runtime, source, concurrency = 2, timeoutMs = 20_000 });
        var machine = await kernel.MachineAsync("""
            {"StartAt":"M","States":{"M":{"Type":"Map","ItemsPath":"$.all","End":true,"ItemProcessor":{"StartAt":"A",
             "States":{"A":{"Type":"Task","End":true,
             "Resource":"arn:aws:lambda:us-east-1:000000000000:function:f"}}}}}}
            """);
        var input = JsonSerializer.Serialize(
            new { all = Enumerable.Range(0, 300).Select(n => new { n, slow = n == Slow }) });

        var answers = (await kernel.EndAsync(await kernel.StartAsync(machine, input))).Output().EnumerateArray()
            .ToList();

        Assert.Equal(Enumerable.Range(0, 300), answers.Select(each => each.GetProperty("n").GetInt32()));
        Assert.Equal(Slow, answers.MaxBy(each => each.GetProperty("at").GetDouble()).GetProperty("n").GetInt32());
    }

    [Fact]
    public async Task An_environment_ends_after_its_uses_its_idle_time_or_with_its_definition()
    {
        await using var kernel = await StartKernelAsync();
        await kernel.CallAsync("PutFunction", new { name = "f", source = Counter, maxUses = 2 });
        List<int> counts = [];
        for (var n = 0; n < 3; n++)
        {
            counts.Add((await kernel.InvokeAsync("f")).Output().GetProperty("count").GetInt32());
        }

        Assert.Equal([1, 2, 1], counts);
        var old = await EnvironmentAsync(kernel);
        await kernel.CallAsync("PutFunction", new { name = "f", source = Counter.Replace("\"me\": me", "\"me\": 7") });
        Assert.Equal(ExitCause.KilledByOperator, (await EndOfAsync(kernel, old)).Cause);
        Assert.Equal(7, (await kernel.InvokeAsync("f")).Output().GetProperty("me").GetInt32());

        await kernel.CallAsync("PutFunction", new { name = "f", source = Counter, idleMs = 50 });
        await kernel.InvokeAsync("f");
        var all = await kernel.Client.ListAsync(new List { All = true }, Token);
        var last = all.Where(each => each.Name.StartsWith("function.f.", StringComparison.Ordinal)).MaxBy(
            each => each.Id.Value)!;
        Assert.Equal(ExitCause.KilledByOperator, (await EndOfAsync(kernel, last.Id)).Cause);
    }

    [Theory]
    [InlineData("import nothing_of_that_name\n", "Runtime.ImportModuleError", "nothing_of_that_name")]
    [InlineData("def handler(event, context)\n", "Runtime.UserCodeSyntaxError", "Syntax error in module 'handler'")]
    [InlineData("def other(event, context): pass\n", "Runtime.HandlerNotFound", "Handler 'handler' missing")]
    [InlineData("raise KeyError('x')\n", "KeyError", "x")]
    [InlineData("import os; os._exit(4)\n", "Runtime.ExitError", "exit status 4")]
    [InlineData("def handler(e, c): return object()\n", "Runtime.MarshalError", "not JSON serializable")]
    [InlineData("def handler(e, c): return float('nan')\n", "Runtime.MarshalError", "not JSON compliant")]
    public async Task A_program_that_cannot_be_used_fails_by_name(string source, string error, string cause)
    {
        await using var kernel = await StartKernelAsync();
        await kernel.CallAsync("PutFunction", new { name = "f", source });

        var failure = (await kernel.InvokeAsync("f")).Failure();

        Assert.Equal(error, failure.Error);
        Assert.Contains(cause, failure.Cause, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("exports.handler = async (e) => { throw new RangeError('far') }", "RangeError", "far")]
    [InlineData("exports.handler = (e, c, done) => done(new TypeError('no'))", "TypeError", "no")]
    [InlineData(
        "exports.handler = () => { setTimeout(() => { throw new Error('late') }, 1); return new Promise(() => 0) }",
        "Error",
        "late")]
    [InlineData("exports.handler = (e, c, d) => { Promise.reject(new Error('lost')) }",
        "Runtime.UnhandledPromiseRejection", "lost")]
    [InlineData("exports.other = 1", "Runtime.HandlerNotFound", "index.handler is undefined or not exported")]
    [InlineData("require('nothing-of-that-name')", "Runtime.ImportModuleError", "nothing-of-that-name")]
    [InlineData("exports.handler = async () => { const a = {}; return a.a = a }", "Runtime.MarshalError", "circular")]
    public async Task What_goes_wrong_in_Node_fails_by_name(string source, string error, string cause)
    {
        await using var kernel = await StartKernelAsync();
        await kernel.CallAsync("PutFunction", new { name = "f", source, runtime = "node" });

        var failure = (await kernel.InvokeAsync("f")).Failure();

        Assert.Equal(error, failure.Error);
        Assert.Contains(cause, failure.Cause, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task What_an_invocation_prints_stands_between_its_marks()
    {
        await using var kernel = await StartKernelAsync();
        await kernel.CallAsync("PutFunction", new
        {
            name = "f",
            source = "def handler(event, context):\n    print('said', event['n'])\n    return context.aws_request_id\n",
        });

        var first = (await kernel.InvokeAsync("f", """{"n":1}""")).Output().GetString();
        var second = (await kernel.InvokeAsync("f", """{"n":2}""")).Output().GetString();

        var log = await LogAsync(kernel, await EnvironmentAsync(kernel));
        Assert.Equal(
            $"""
            START RequestId: {first} Version: $LATEST
            said 1
            END RequestId: {first}
            START RequestId: {second} Version: $LATEST
            said 2
            END RequestId: {second}

            """,
            log);
    }

    [Fact]
    public async Task A_command_is_run_for_each_event()
    {
        await using var kernel = await StartKernelAsync();
        await kernel.CallAsync("PutFunction", new
        {
            name = "f",
            runtime = "command",
            argv = Shell,
            source = "read event\necho talk >&2\n[ \"$event\" = '{\"bad\":1.5}' ] && exit 7\necho \"[$event]\"\n",
        });

        Assert.Equal("""[{"n":1.5}]""", (await kernel.InvokeAsync("f", """{"n":1.5}""")).Output().GetRawText());
        var failure = (await kernel.InvokeAsync("f", """{"bad":1.5}""")).Failure();
        Assert.Equal("Runtime.ExitError", failure.Error);
        Assert.Contains("exit status 7", failure.Cause, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reserved_environments_are_a_functions_own_and_none_means_none()
    {
        await using var kernel = await RunningKernel.StartAsync(
            "--pool.created=0", "--pool.preloaded=0", "--workflows.environments=2");
        await kernel.CallAsync("PutFunction", new { name = "off", source = Counter, reserved = 0 });
        await kernel.CallAsync("PutFunction", new { name = "own", source = Counter, reserved = 1 });
        await kernel.CallAsync("PutFunction", new { name = "a", source = Counter });
        await kernel.CallAsync("PutFunction", new { name = "b", source = Counter });

        Assert.Equal("Lambda.TooManyRequestsException", (await kernel.InvokeAsync("off")).Failure().Error);
        // One environment is left for both: it goes from one to the other.
        foreach (var name in (string[])["own", "a", "b", "a", "own"])
        {
            (await kernel.InvokeAsync(name)).Output();
        }

        var refused = await Assert.ThrowsAsync<SyscallException>(
            () => kernel.CallAsync("PutFunction", new { name = "more", source = Counter, reserved = 1 }));
        Assert.Equal("InvalidParameterValueException", refused.Error.Reason);
    }

    [Fact]
    public async Task Environments_of_a_killed_kernel_are_ended_and_the_event_comes_again_with_its_id()
    {
        await using var kernel = await StartKernelAsync();
        var folder = Directory.CreateDirectory(Path.Combine(kernel.Folder, "shared")).FullName;
        File.SetUnixFileMode(folder, (UnixFileMode)0x1FF);
        await kernel.CallAsync("PutFunction", new
        {
            name = "f",
            source = """
                import os
                def handler(event, context):
                    with open("/mnt/shared/ids", "a") as file:
                        file.write(context.aws_request_id + "\n")
                    while not os.path.exists("/mnt/shared/go"):
                        pass
                    return context.aws_request_id
                """,
            agent = new { mounts = new[] { new { source = folder, target = "/mnt/shared", writable = true } } },
        });
        var machine = await kernel.MachineAsync("""
            {"StartAt":"A","States":{"A":{"Type":"Task","End":true,
             "Resource":"arn:aws:lambda:us-east-1:000000000000:function:f"}}}
            """);
        var execution = await kernel.StartAsync(machine);
        var ids = Path.Combine(folder, "ids");
        await UntilAsync(() => File.Exists(ids) && File.ReadAllText(ids).EndsWith('\n'));
        var before = await EnvironmentAsync(kernel);

        await kernel.CrashAsync();
        await kernel.BeginAsync();
        Assert.NotNull(await EndOfAsync(kernel, before));
        await UntilAsync(() => File.ReadAllLines(ids).Length == 2);
        await File.WriteAllTextAsync(Path.Combine(folder, "go"), "", Token);

        var request = (await kernel.EndAsync(execution)).Output().GetString()!;
        Assert.Equal([request, request], await File.ReadAllLinesAsync(ids, Token));
    }

    [Theory]
    [InlineData("""{"name":"a.b","source":"x"}""", "name is 'a.b'")]
    [InlineData("""{"name":"f"}""", "give source, the program, or folder")]
    [InlineData("""{"name":"f","source":"x","timeout":5}""", "there is no member timeout")]
    [InlineData("""{"name":"f","source":"x","agent":{"argv":["x"]}}""", "the function's own to decide")]
    [InlineData("""{"name":"f","source":"x","agent":{"limits":{"memory":1}}}""", "limits.memory")]
    [InlineData("""{"name":"f","source":"x","reserved":1,"concurrency":1}""", "give reserved")]
    [InlineData("""{"name":"f","folder":"/no/such/folder"}""", "it must be a folder of the host")]
    public async Task A_function_that_is_not_right_is_not_registered(string input, string says)
    {
        await using var kernel = await StartKernelAsync();

        var refused = await Assert.ThrowsAsync<SyscallException>(() => kernel.Client.WorkflowCallAsync(
            "PutFunction", JsonSerializer.Deserialize<JsonElement>(input), Token));

        Assert.Contains(says, refused.Message, StringComparison.Ordinal);
        var listed = await kernel.CallAsync("ListFunctions", new { });
        Assert.Equal(0, listed.GetProperty("functions").GetArrayLength());
    }

    [Fact]
    public async Task Nobody_but_an_environment_takes_events()
    {
        await using var kernel = await StartKernelAsync();
        await kernel.CallAsync("PutFunction", new { name = "f", source = Counter });

        var host = await Assert.ThrowsAsync<SyscallException>(
            () => kernel.Client.FunctionNextAsync(cancellationToken: Token));
        Assert.Equal(SysErrorCode.WrongState, host.Error.Code);
        var agent = await kernel.Client.SpawnAsync(
            new Spawn
            {
                Argv = ["python3", "-c", "import analemma\ntry: analemma.Kernel().function_next()\n"
                    + "except analemma.WrongState: print('refused')"],
            },
            Token);
        await EndOfAsync(kernel, agent.Id);
        Assert.Equal("refused\n", await LogAsync(kernel, agent.Id));
    }

    private static Task<RunningKernel> StartKernelAsync() =>
        RunningKernel.StartAsync("--pool.created=0", "--pool.preloaded=0");

    private static async Task<ProcessId> EnvironmentAsync(RunningKernel kernel) =>
        (await kernel.Client.ListAsync(new List(), Token)).Single(
            each => each.Name.StartsWith("function.f.", StringComparison.Ordinal)).Id;

    private static async Task<ExitStatus> EndOfAsync(RunningKernel kernel, ProcessId process) =>
        (await kernel.Client.WaitAsync(new Wait { Id = process }, Token)).Exit!;

    private static async Task<string> LogAsync(RunningKernel kernel, ProcessId process)
    {
        StringBuilder text = new();
        var log = kernel.Client.Logs(new Logs { Id = process });
        await foreach (var piece in log.WithCancellation(Token))
        {
            text.Append(Encoding.UTF8.GetString(piece.Bytes.Span));
        }

        return text.ToString();
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        while (!holds())
        {
            await Task.Delay(20, Token);
        }
    }
}

using System.Text.Json;
using Analemma.Integration.Tests.Kernel;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Workflows;

/// <summary>The kernel as built, killed with SIGKILL while workflows run.</summary>
public sealed class WorkflowCrashTests
{
    private const string Definition = """
        {"StartAt":"A","States":{
          "A":{"Type":"Pass","Parameters":{"n.$":"States.MathAdd($.n, 1)"},"Next":"W"},
          "W":{"Type":"Wait","Seconds":1,"Next":"C"},
          "C":{"Type":"Choice","Choices":[{"Variable":"$.n","NumericLessThan":3,"Next":"A"}],"Default":"T"},
          "T":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:add","End":true}}}
        """;

    private const string Add = "def handler(event, context):\n    return event[\"n\"] + 100\n";

    [Fact]
    public async Task Executions_go_on_after_every_kill_and_none_is_lost()
    {
        await using var kernel = await RunningKernel.StartAsync("--pool.created=0", "--pool.preloaded=0");
        await CallAsync(kernel, "PutFunction", new { name = "add", source = Add });
        var machine = (await CallAsync(kernel, "CreateStateMachine", new
        {
            name = "m",
            definition = Definition,
            roleArn = "arn:aws:iam::000000000000:role/r",
        })).GetProperty("stateMachineArn").GetString();
        List<string> executions = [];
        for (var kill = 0; kill < 4; kill++)
        {
            for (var n = 0; n < 5; n++)
            {
                var started = await CallAsync(
                    kernel, "StartExecution", new { stateMachineArn = machine, input = """{"n":0}""" });
                executions.Add(started.GetProperty("executionArn").GetString()!);
            }

            await kernel.CrashAsync();
            await kernel.BeginAsync();
        }

        foreach (var execution in executions)
        {
            var end = await EndAsync(kernel, execution);
            Assert.Equal("SUCCEEDED", end.GetProperty("status").GetString());
            Assert.Equal("103", end.GetProperty("output").GetString());
            var history = await CallAsync(kernel, "GetExecutionHistory", new { executionArn = execution });
            var types = history.GetProperty("events").EnumerateArray()
                .Select(each => each.GetProperty("type").GetString());
            Assert.Equal(3, types.Count(type => type == "WaitStateExited"));
            Assert.Equal(1, types.Count(type => type == "LambdaFunctionSucceeded"));
        }
    }

    [Theory]
    [InlineData("py", "def handler(event, context):\n    return {'got': event, 'id': len(context.aws_request_id)}\n")]
    [InlineData("js", "exports.handler = async (event, context) => ({ got: event, id: context.awsRequestId.length });")]
    public async Task A_function_is_called_in_a_sandbox(string runtime, string source)
    {
        await using var kernel = await RunningKernel.StartAsync("--pool.created=0", "--pool.preloaded=0");
        await CallAsync(kernel, "PutFunction", new
        {
            name = "f",
            source,
            runtime = runtime == "js" ? "node" : "python",
        });
        var end = await RunTaskAsync(kernel, """{"text":"ü ☃ 😀","n":[1.5,null]}""");

        Assert.Equal("SUCCEEDED", end.GetProperty("status").GetString());
        using var output = JsonDocument.Parse(end.GetProperty("output").GetString()!);
        Assert.Equal("ü ☃ 😀", output.RootElement.GetProperty("got").GetProperty("text").GetString());
        Assert.Equal(36, output.RootElement.GetProperty("id").GetInt32());
    }

    [Theory]
    [InlineData("def handler(event, context):\n    raise ValueError('no')\n", "ValueError", "\"errorMessage\": \"no\"")]
    [InlineData("import os\ndef handler(event, context):\n    os._exit(3)\n", "Runtime.ExitError", "exit status 3")]
    [InlineData("import time\ndef handler(event, context):\n    time.sleep(60)\n", "Sandbox.Timedout", "timed out")]
    public async Task What_goes_wrong_in_a_function_is_its_tasks_error(string source, string error, string cause)
    {
        await using var kernel = await RunningKernel.StartAsync("--pool.created=0", "--pool.preloaded=0");
        await CallAsync(kernel, "PutFunction", new { name = "f", source, timeoutMs = 1500 });

        var end = await RunTaskAsync(kernel, "{}");

        Assert.Equal(("FAILED", error), (end.GetProperty("status").GetString(), end.GetProperty("error").GetString()));
        Assert.Contains(cause, end.GetProperty("cause").GetString(), StringComparison.Ordinal);
    }

    private static async Task<JsonElement> RunTaskAsync(RunningKernel kernel, string input)
    {
        var machine = (await CallAsync(kernel, "CreateStateMachine", new
        {
            name = "m",
            definition = """
                {"StartAt":"A","States":{"A":{"Type":"Task","End":true,
                 "Resource":"arn:aws:lambda:us-east-1:000000000000:function:f"}}}
                """,
            roleArn = "arn:aws:iam::000000000000:role/r",
        })).GetProperty("stateMachineArn").GetString();
        var started = await CallAsync(kernel, "StartExecution", new { stateMachineArn = machine, input });
        return await EndAsync(kernel, started.GetProperty("executionArn").GetString()!);
    }

    private static async Task<JsonElement> EndAsync(RunningKernel kernel, string execution)
    {
        while (true)
        {
            var described = await CallAsync(kernel, "DescribeExecution", new { executionArn = execution });
            if (described.GetProperty("status").GetString() != "RUNNING")
            {
                return described;
            }

            await Task.Delay(20, Token);
        }
    }

    private static Task<JsonElement> CallAsync(RunningKernel kernel, string operation, object input) =>
        kernel.Client.WorkflowCallAsync(operation, JsonSerializer.SerializeToElement(input), Token);
}

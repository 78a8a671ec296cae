using System.Text.Json;
using Analemma.Integration.Tests.Kernel;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Workflows;

/// <summary>What tests of workflows do to a kernel.</summary>
internal static class Flow
{
    private static int _latest;

    public static Task<JsonElement> CallAsync(this RunningKernel kernel, string operation, object input) =>
        kernel.Client.WorkflowCallAsync(operation, JsonSerializer.SerializeToElement(input), Token);

    /// <summary>Makes a state machine; its ARN.</summary>
    public static async Task<string> MachineAsync(this RunningKernel kernel, string definition) =>
        (await kernel.CallAsync("CreateStateMachine", new
        {
            name = $"m{Interlocked.Increment(ref _latest)}",
            definition,
            roleArn = "arn:aws:iam::000000000000:role/r",
        })).GetProperty("stateMachineArn").GetString()!;

    public static async Task<string> StartAsync(this RunningKernel kernel, string machine, string input = "{}") =>
        (await kernel.CallAsync("StartExecution", new { stateMachineArn = machine, input }))
            .GetProperty("executionArn").GetString()!;

    /// <summary>Waits for the end of an execution, and describes it.</summary>
    public static async Task<JsonElement> EndAsync(this RunningKernel kernel, string execution)
    {
        while (true)
        {
            var described = await kernel.CallAsync("DescribeExecution", new { executionArn = execution });
            if (described.GetProperty("status").GetString() != "RUNNING")
            {
                return described;
            }

            await Task.Delay(20, Token);
        }
    }

    /// <summary>Runs one task to its end.</summary>
    public static async Task<JsonElement> TaskAsync(
        this RunningKernel kernel, string resource, string input = "{}", string fields = "")
    {
        var machine = await kernel.MachineAsync(
            $$"""
            {"StartAt":"A","States":{"A":{"Type":"Task","End":true,{{fields}}
             "Resource":"{{resource}}"} } }
            """);
        return await kernel.EndAsync(await kernel.StartAsync(machine, input));
    }

    public static Task<JsonElement> InvokeAsync(this RunningKernel kernel, string function, string input = "{}") =>
        kernel.TaskAsync($"arn:aws:lambda:us-east-1:000000000000:function:{function}", input);

    /// <summary>The output of an execution that went well.</summary>
    public static JsonElement Output(this JsonElement end)
    {
        Assert.True(end.GetProperty("status").GetString() == "SUCCEEDED", end.ToString());
        using var output = JsonDocument.Parse(end.GetProperty("output").GetString()!);
        return output.RootElement.Clone();
    }

    /// <summary>The error of one that failed, and what is in its cause.</summary>
    public static (string? Error, string? Cause) Failure(this JsonElement end)
    {
        Assert.True(end.GetProperty("status").GetString() == "FAILED", end.ToString());
        return (
            end.TryGetProperty("error", out var error) ? error.GetString() : null,
            end.TryGetProperty("cause", out var cause) ? cause.GetString() : null);
    }
}

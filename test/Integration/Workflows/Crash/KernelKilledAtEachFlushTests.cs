using System.Text.Json;
using Analemma.Client;
using Analemma.Integration.Tests.Kernel;
using Analemma.Integration.Tests.Storage.Executions;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Workflows.Crash;

/// <summary>
/// The kernel as built, ended by SIGKILL at each flush of the log of workflows in turn, once before and once after it:
/// the kernel that is started next comes to the same end.
/// </summary>
public sealed class KernelKilledAtEachFlushTests
{
    private const string Parent = """
        {"StartAt":"P","States":{
          "P":{"Type":"Parallel","End":true,"Branches":[
            {"StartAt":"C","States":{"C":{"Type":"Task","Resource":"arn:aws:states:::states:startExecution.sync:2",
              "Parameters":{"StateMachineArn":"arn:aws:states:us-east-1:000000000000:stateMachine:child"},
              "OutputPath":"$.Output","End":true}}},
            {"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":0,"Next":"X"},
              "X":{"Type":"Pass","Result":2,"End":true}}}]}}}
        """;

    private const string Child = """
        {"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":0,"Next":"B"},"B":{"Type":"Pass","Result":1,"End":true}}}
        """;

    [Theory]
    [InlineData("before")]
    [InlineData("after")]
    public async Task The_next_kernel_comes_to_the_same_end(string when)
    {
        var folder = Directory.CreateTempSubdirectory("analemma-flush-");
        try
        {
            var plan = Path.Combine(folder.FullName, "plan");
            var variables = FlushShim.Variables(folder.FullName, plan);
            var kills = 0;
            while (await KillAsync(variables, plan, kills + 1, when))
            {
                kills++;
            }

            Assert.True(kills >= 4, $"the kernel was killed {kills} times");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Whether the kernel was killed at all.</summary>
    private static async Task<bool> KillAsync(
        IReadOnlyDictionary<string, string> variables, string plan, int flush, string when)
    {
        await using var kernel = await StartWithAsync(
            variables, "--pool.created=0", "--pool.preloaded=0");
        var child = await CreateAsync(kernel, "child", Child);
        var machine = await CreateAsync(kernel, "m", Parent);
        await File.WriteAllTextAsync(plan, $"{flush} {when}\n", Token);
        var isKilled = false;
        try
        {
            await StartAsync(kernel, machine);
            await EndAsync(kernel, machine);
        }
        catch (Exception lost) when (lost is KernelConnectionException or OperationCanceledException)
        {
            isKilled = true;
        }

        File.Delete(plan);
        if (isKilled)
        {
            await kernel.CrashAsync();
            await kernel.BeginAsync();
        }

        // Who had no answer asks again: the same name is the same execution.
        await StartAsync(kernel, machine);
        var end = await EndAsync(kernel, machine);
        Assert.Equal("SUCCEEDED", end.GetProperty("status").GetString());
        Assert.Equal("[1,2]", end.GetProperty("output").GetString());
        var children = await CallAsync(kernel, "ListExecutions", new { stateMachineArn = child });
        var only = Assert.Single(children.GetProperty("executions").EnumerateArray());
        Assert.Equal("SUCCEEDED", only.GetProperty("status").GetString());
        return isKilled;
    }

    private static async Task<string> CreateAsync(RunningKernel kernel, string name, string definition) =>
        (await CallAsync(kernel, "CreateStateMachine", new
        {
            name,
            definition,
            roleArn = "arn:aws:iam::000000000000:role/r",
        })).GetProperty("stateMachineArn").GetString()!;

    private static async Task StartAsync(RunningKernel kernel, string machine)
    {
        try
        {
            await CallAsync(
                kernel, "StartExecution", new { stateMachineArn = machine, name = "x", input = "{}" });
        }
        catch (SyscallException taken) when (taken.Message.Contains("Already Exists", StringComparison.Ordinal))
        {
            // It ended already.
        }
    }

    private static async Task<JsonElement> EndAsync(RunningKernel kernel, string machine)
    {
        var execution = machine.Replace(":stateMachine:", ":execution:", StringComparison.Ordinal) + ":x";
        while (true)
        {
            var described = await CallAsync(kernel, "DescribeExecution", new { executionArn = execution });
            if (described.GetProperty("status").GetString() != "RUNNING")
            {
                return described;
            }

            await Task.Delay(10, Token);
        }
    }

    private static Task<JsonElement> CallAsync(RunningKernel kernel, string operation, object input) =>
        kernel.Client.WorkflowCallAsync(operation, JsonSerializer.SerializeToElement(input), Token);
}

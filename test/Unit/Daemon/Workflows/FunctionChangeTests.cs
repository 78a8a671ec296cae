using Analemma.Daemon.Loop;
using Analemma.Daemon.Runners;
using Analemma.Daemon.Workflows;
using Analemma.Daemon.Workflows.Api;
using Analemma.Daemon.Workflows.Functions;
using Analemma.Daemon.Workflows.Tasks;
using Analemma.Storage.Sqlite;
using Analemma.Workflow.Json;
using Microsoft.Extensions.Logging.Abstractions;

namespace Analemma.Unit.Tests.Daemon.Workflows;

/// <summary>Functions are changed one after the other.</summary>
public sealed class FunctionChangeTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("analemma-functions-").FullName;

    [Fact]
    public async Task Two_functions_at_once_do_not_reserve_more_than_there_is()
    {
        using var inner = SqliteExecutionStore.Open(Path.Combine(_folder, "workflows.db"));
        var (store, hooks) = HookedStore.Make(inner);
        WorkflowOptions options = new()
        {
            Path = Path.Combine(_folder, "workflows.db"),
            FunctionsFolder = _folder,
            EnvironmentsMax = 4,
        };
        List<Exception> panics = [];
        await using BackgroundTasks background = new(panics.Add, NullLogger.Instance);
        using AgentFunctions functions = new(
            store, new KernelCalls(null!, null!), options, new CallTable(), background, TimeProvider.System);
        FunctionOperations operations = new(functions);
        using ManualResetEventSlim goesOn = new();
        TaskCompletionSource writes = new(TaskCreationOptions.RunContinuationsAsynchronously);
        hooks.Before = (method, _) =>
        {
            if (method == nameof(inner.Write))
            {
                writes.TrySetResult();
                goesOn.Wait(TimeSpan.FromSeconds(30));
            }
        };

        var first = Task.Run(() => operations.PutAsync(Function("a")), TestContext.Current.CancellationToken);
        await writes.Task;
        // The first has looked at what is reserved, and has not reserved yet: this one comes to its turn after that.
        var second = operations.PutAsync(Function("b"));
        goesOn.Set();

        await first;
        await Assert.ThrowsAsync<ApiRefusedException>(() => second);
        Assert.Equal(["a"], functions.All.Select(pool => pool.Function.Name));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static ApiRequest Function(string name) => new(
        "PutFunction",
        JsonObject.Of(("name", name), ("source", "def handler(event, context): pass"), ("reserved", 3)),
        WorkflowBench.Start);
}

using System.Diagnostics;
using Analemma.Journal;
using Analemma.Journal.Executions;
using Analemma.Storage.Sqlite;

namespace Analemma.Integration.Tests.Storage.Executions;

/// <summary>
/// The test program run again as a process that begins executions until its disk takes no more, and says each that is
/// durable, why the next is not, and what the store says of itself.
/// </summary>
internal static class ExecutionChild
{
    private const string Variable = "ANALEMMA_TEST_EXECUTION_CHILD";

    public static bool IsAsked => Environment.GetEnvironmentVariable(Variable) is not null;

    /// <summary>The lines that it said.</summary>
    public static async Task<string[]> RunAsync(
        string path,
        string program,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string>? variables = null)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true };
        start.Environment[Variable] = path;
        foreach (var (name, value) in variables ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        using var child = Process.Start(start)!;
        var output = await child.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await child.WaitForExitAsync(TestContext.Current.CancellationToken);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    public static async Task BeAsync()
    {
        var path = Environment.GetEnvironmentVariable(Variable)!;
        // Room that is made later, for a store that goes on.
        await File.WriteAllBytesAsync(path + ".ballast", new byte[128 * 1024]);
        using (var store = SqliteExecutionStore.Open(path))
        {
            var key = await BeginUntilRefusedAsync(store);
            Console.WriteLine($"health {store.Health.Refusal?.Failure}");
            File.Delete(path + ".ballast");
            try
            {
                await store.KeepAsync(Begin(key));
                Console.WriteLine(key);
            }
            catch (JournalStoreException refused)
            {
                Console.WriteLine($"still {refused.Failure}");
            }
        }

        Console.WriteLine("closed");
    }

    private static async Task<long> BeginUntilRefusedAsync(SqliteExecutionStore store)
    {
        for (var key = store.LastKey + 1; ; key++)
        {
            try
            {
                await store.KeepAsync(Begin(key));
                Console.WriteLine(key);
            }
            catch (JournalStoreException refused)
            {
                Console.WriteLine($"refused {refused.Failure} {refused.StoreIsUsable}");
                return key;
            }
        }
    }

    private static ExecutionStoreChange Begin(long key) => new()
    {
        Key = key,
        Begins = Chains.Execution(key, $"e{key}"),
        Records = Chains.Of(new byte[1000], new byte[500]),
    };
}

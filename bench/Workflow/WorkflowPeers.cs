using System.Globalization;
using Analemma.Bench.Kernel;

namespace Analemma.Bench.Workflow;

/// <summary>Steps a second, one execution at a time and a hundred.</summary>
internal sealed record Rates(double One, double Many);

/// <summary>
/// Other engines from npm, each as its maker runs it on one machine: Restate with its server and SDK, DBOS over a
/// PostgreSQL of its own, both durable, and an interpreter of the States Language that keeps nothing.
/// </summary>
internal sealed class WorkflowPeers(string repository, int steps, int atOnce, bool quick)
{
    private readonly string? _modules = NpmSet.TryInstall(repository, "workflow-engines");

    public Rates? Restate()
    {
        if (_modules is null)
        {
            return null;
        }

        var folder = Directory.CreateDirectory(Path.Combine(BenchKernel.Folder, "restate")).FullName;
        return Run("restate.cjs", quick ? 2 : 30, quick ? 1 : 5, folder, Steps);
    }

    public Rates? Dbos()
    {
        if (_modules is null || BenchPostgres.TryStart() is not { } postgres)
        {
            return null;
        }

        using (postgres)
        {
            return Run("dbos.cjs", quick ? 2 : 30, quick ? 1 : 3, postgres.Url, Steps);
        }
    }

    /// <summary>States a second.</summary>
    public Rates? Interpreter(string definition)
    {
        if (_modules is null)
        {
            return null;
        }

        var file = Path.Combine(BenchKernel.Folder, "definition.json");
        File.WriteAllText(file, definition);
        return Run("asl.cjs", 50, quick ? 2 : 20, file);
    }

    private string Steps => steps.ToString(CultureInfo.InvariantCulture);

    private Rates Run(string script, int one, int rounds, params string[] arguments)
    {
        HostLoad.WaitForQuiet();
        var lines = BenchProcess.Run(
            "node",
            [
                // The first round warms all up, as ours is: it is compiled as it runs.
                Path.Combine(repository, "bench/Workflow", script), _modules!, .. arguments,
                $"{atOnce}x{atOnce * 2}", $"1x{one}", $"{atOnce}x{atOnce * rounds}",
            ]).Split('\n');
        return new Rates(Number(lines[1]), Number(lines[2]));
    }

    private static double Number(string line) => double.Parse(line, CultureInfo.InvariantCulture);
}

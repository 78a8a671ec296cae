using System.Globalization;
using Analemma.Simulator;
using Analemma.Simulator.Workflows;

namespace Analemma.Simulation.Tests;

/// <summary><c>./analemma sim</c>: worlds from a seed on; ends with 1 at the first bad one.</summary>
internal static class SimCommand
{
    private const string Usage = "usage: ./analemma sim --seed N [--steps M] [--count K] [--workflows 1]\n";

    public static int Run(string[] args)
    {
        var options = new Dictionary<string, long>(StringComparer.Ordinal)
        {
            ["--seed"] = 1,
            ["--steps"] = SimulationRun.StepsDefault,
            ["--count"] = 1,
            ["--workflows"] = 0,
        };
        for (var i = 0; i < args.Length; i += 2)
        {
            if (i + 1 == args.Length || !options.ContainsKey(args[i])
                || !long.TryParse(
                    args[i + 1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value))
            {
                Console.Error.Write(Usage);
                return 2;
            }

            options[args[i]] = value;
        }

        if (options["--workflows"] != 0)
        {
            return RunWorkflows(options["--seed"], options["--steps"], options["--count"]);
        }

        var coverage = new TransitionCoverage();
        for (var seed = options["--seed"]; seed < options["--seed"] + options["--count"]; seed++)
        {
            var result = SimulationRun.Run(seed, options["--steps"]);
            coverage.Add(result.Coverage);
            Console.Out.Write(result.Report());
            if (result.Violation is not null)
            {
                return 1;
            }
        }

        foreach (var (state, @event) in coverage.NeverTaken)
        {
            Console.Out.WriteLine($"never taken: {state}, {@event}");
        }

        return 0;
    }

    private static int RunWorkflows(long first, long steps, long count)
    {
        for (var seed = first; seed < first + count; seed++)
        {
            var result = WorkflowSimulation.Run(seed, steps);
            Console.Out.WriteLine(result.Report());
            if (result.Violation is not null)
            {
                return 1;
            }
        }

        return 0;
    }
}

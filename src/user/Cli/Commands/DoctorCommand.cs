using System.CommandLine;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Host;
using Analemma.Client;

namespace Analemma.Cli.Commands;

/// <summary>Says what this host can enforce, and how to get the rest. Starts no kernel.</summary>
internal sealed class DoctorCommand : ICliCommand
{
    private static readonly TimeSpan ProbeMax = TimeSpan.FromSeconds(60);

    public Command Declare(CommandSet set) => set.Does(
        new Command(
            "doctor", "Show what this host can enforce, and how to get the rest. Exit code 1 if anything is missing."),
        RunAsync,
        """
          analemma doctor
          analemma doctor --json | jq -r '.guarantees[] | select(.enforced | not) | .name'
        """);

    private static async Task<int> RunAsync(Session session)
    {
        var (status, isRunning) = await AskAsync(session);
        var missing = status.Guarantees.Count(guarantee => !guarantee.Enforced);
        var code = missing == 0 && status.Guarantees.Count > 0 ? ExitCodes.Ok : ExitCodes.Failure;
        if (session.Json)
        {
            session.WriteJson(status, AbiJsonContext.Default.StatusReply);
            return code;
        }

        var output = session.Terminal.Output;
        output.WriteLine(isRunning
            ? $"the kernel at {status.Socket} runs agents with {status.Engine}, cgroups {status.Cgroups}"
            : $"no kernel runs; one would run agents with {status.Engine}, cgroups {status.Cgroups}");
        foreach (var guarantee in status.Guarantees)
        {
            output.WriteLine($"  {(guarantee.Enforced ? "yes" : "NO "),-5}{guarantee.Name,-16}{guarantee.How}");
            if (!guarantee.Enforced && guarantee.Remedy is { } remedy)
            {
                output.WriteLine($"       {"",-16}to get it: {remedy}");
            }
        }

        foreach (var provider in status.Providers ?? [])
        {
            output.WriteLine($"  model {provider.Name,-16}{Describe(provider, status.DefaultModel)}");
        }

        output.WriteLine(
            missing == 0 ? "everything is enforced"
            : $"{missing} of {status.Guarantees.Count} {(missing == 1 ? "is" : "are")} not enforced");
        return code;
    }

    private static string Describe(ModelProvider provider, string defaultModel)
    {
        var what = provider.Simulated ? "simulated, always there"
            : provider.HasKey ? "has a key" : "without a key";
        var where = provider.BaseUrl is { } url ? $", at {url}" : "";
        var isDefault = provider.Models.Contains(defaultModel) ? ", the default" : "";
        return $"{string.Join(", ", provider.Models)} ({what}{where}{isDefault})";
    }

    private static async Task<(StatusReply Status, bool IsRunning)> AskAsync(Session session)
    {
        try
        {
            await using var kernel = await session.ConnectAsync();
            return (await kernel.StatusAsync(session.CancellationToken), true);
        }
        catch (KernelConnectionException)
        {
            return (await ProbeAsync(session), false);
        }
    }

    private static Task<StatusReply> ProbeAsync(Session session) => KernelQuestion.AskAsync(
        session, ["--probe"], AbiJsonContext.Default.StatusReply, ProbeMax, "probe_failed");
}

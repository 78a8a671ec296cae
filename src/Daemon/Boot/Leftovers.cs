using Analemma.Abi.Syscalls;
using Analemma.Daemon.Runners;
using Analemma.Kernel.Events;
using Analemma.Kernel.Processes;
using Analemma.Sandbox;
using Microsoft.Extensions.Logging;

namespace Analemma.Daemon.Boot;

/// <summary>
/// Settles what an earlier kernel left. Every process that the journal calls alive is adopted or reaped; the output and
/// the files of the dead are found again; whatever has no record is killed and removed.
/// </summary>
internal sealed class Leftovers(
    SandboxStack sandboxes,
    LaunchRunner launches,
    LiveSandboxes live,
    Action<KernelEvent> post,
    Func<long> now,
    ILogger log)
{
    private const string Reaped = "the kernel was killed; its sandbox was ended at the next start";
    private const string Deaf =
        "the kernel was killed, and with it all that listened to this sandbox's filter; it was ended at the next start";

    private const string Gone = "the kernel was killed, and the sandbox had ended when the next one started";

    public async Task SettleAsync(
        IReadOnlyList<Process> living, IReadOnlyList<Process> dead, bool adopt, CancellationToken cancellationToken)
    {
        var known = living.Concat(dead).Select(process => process.Key).OfType<string>();
        var keys = known.ToHashSet(StringComparer.Ordinal);
        var found = (await sandboxes.AdoptAsync(keys, cancellationToken)).ToDictionary(sandbox => sandbox.Key);
        HashSet<string> adopted = new(StringComparer.Ordinal);
        foreach (var process in living)
        {
            if (process.Key is not { } key || !found.TryGetValue(key, out var sandbox))
            {
                post(new LeftoverReaped(process.Id, Gone) { At = now() });
            }
            else if (adopt && sandboxes.CanAdopt(sandbox))
            {
                adopted.Add(key);
                post(new LeftoverAdopted(process.Id, sandbox.HostPid) { At = now() });
                launches.Adopt(process, sandbox);
            }
            else
            {
                await EndAsync(process, sandbox, adopt ? Deaf : Reaped);
            }
        }

        Listen(living, found, adopted);

        foreach (var process in dead)
        {
            if (process.Key is { } key && found.TryGetValue(key, out var sandbox))
            {
                Keep(process, sandbox);
            }
        }

        if (living.Count > 0)
        {
            log.Leftovers(adopted.Count, living.Count - adopted.Count);
        }
    }

    private void Listen(
        IReadOnlyList<Process> living, Dictionary<string, ISandbox> found, HashSet<string> adopted)
    {
        sandboxes.ListenToAdopted(adopted);
        foreach (var process in living)
        {
            if (process.Key is { } key && adopted.Contains(key) && process.State is not ProcessState.Paused)
            {
                found[key].RestartCalls();
            }
        }
    }

    private async Task EndAsync(Process process, ISandbox sandbox, string why)
    {
        if (why == Deaf)
        {
            log.NotAdopted(process.Id, why);
        }

        sandbox.Kill();
        await sandbox.Exited;
        post(new LeftoverReaped(process.Id, why) { At = now() });
        Keep(process, sandbox);
    }

    private void Keep(Process process, ISandbox sandbox)
    {
        live.Add(process.Id, sandbox);
        live.Exited(process.Id);
    }
}

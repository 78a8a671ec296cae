using Analemma.Kernel.Events;
using Analemma.Kernel.Processes;
using Microsoft.Extensions.Logging;

namespace Analemma.Daemon.Boot;

/// <summary>Settles every process that the journal calls alive when a kernel starts: adopted, or reaped.</summary>
internal sealed class Leftovers(Action<KernelEvent> post, Func<long> now, ILogger log)
{
    public void Settle(IReadOnlyList<Process> living)
    {
        foreach (var process in living)
        {
            post(new LeftoverReaped(process.Id, "the kernel was killed; its sandbox was ended at the next start")
            {
                At = now(),
            });
        }

        if (living.Count > 0)
        {
            log.Leftovers(0, living.Count);
        }
    }
}

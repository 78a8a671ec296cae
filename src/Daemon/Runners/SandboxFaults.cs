using Analemma.Sandbox;
using Microsoft.Extensions.Logging;

namespace Analemma.Daemon.Runners;

/// <summary>
/// Signals and freezes race with a sandbox's own end, which is no fault; anything else is said, and the sandbox killed.
/// </summary>
internal sealed class SandboxFaults(ILogger log)
{
    public void Guard(ISandbox sandbox, Action act)
    {
        try
        {
            act();
        }
        catch (Exception fault) when (fault is SandboxException or IOException or Linux.LinuxException)
        {
            if (!sandbox.Exited.IsCompleted)
            {
                log.SandboxFault(sandbox.Key, fault.Message);
            }
        }
    }
}

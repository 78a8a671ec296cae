using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;

namespace Analemma.Kernel.Syscalls;

/// <summary>STATUS: what the kernel knows of itself; the daemon adds what only the host knows.</summary>
internal static class StatusSyscall
{
    public static void Handle(SyscallContext call)
    {
        var state = call.State;
        call.Effects.Add(new DescribeKernel(call.Call, new StatusReply(state.Version, 0, "")
        {
            Boot = state.Boot,
            Engine = state.Engine,
            UptimeMs = (state.Now - state.BootedAt) / TimeSpan.TicksPerMillisecond,
            Starting = state.Processes.Count(ProcessState.Starting),
            RunningProcesses = state.Processes.Count(ProcessState.Running),
            Paused = state.Processes.Count(ProcessState.Paused),
            Stopping = state.Processes.Count(ProcessState.Stopping),
            Exited = state.Processes.Count(ProcessState.Exited),
        }));
    }
}

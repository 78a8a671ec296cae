using Analemma.Linux;
using Analemma.Sandbox.Hosts;
using Analemma.Sandbox.Living;
using Analemma.Sandbox.Pool;
using Analemma.Sandbox.Seccomp;

namespace Analemma.Sandbox;

// HOW TO USE IT
//
//   Main:     HybridCgroups.Cover();                      first of all; may replace the process and not return
//             SandboxEngines.WarmUp();                    beside what else a start does, on a thread of its own
//   boot:     var engine = await SandboxEngines.OpenAsync(new SandboxEngineOptions { StateFolder = … }, …);
//             engine.Report goes to STATUS; a SandboxException here says why nothing works, and its Hint what to do
//   spawn:    var sandbox = await engine.CreateAsync(policy, …);
//             write files through sandbox.Work; listen on sandbox.RunFolder/agent.sock and make that socket 0666
//             (only the agent's uid can enter the folder); sandbox.StartAsync()
//   end:      await sandbox.Exited: everything inside is dead, counters are final, the log is complete
//   forget:   await sandbox.DisposeAsync(): its logs and files are gone too
//
// The process becomes a subreaper, so that the agents, which the runtime leaves to us, are our children.
/// <summary>Finds out, by trying, what can make sandboxes on this host.</summary>
public static class SandboxEngines
{
    private static readonly string[] Automatic = ["crun", "runc", "bwrap"];

    /// <summary>
    /// Makes ready, on the caller's thread, what the first sandbox needs and no option decides: in the order in which
    /// it is asked for.
    /// </summary>
    public static void WarmUp()
    {
        SeccompProfile.Agent.ToBpf(new SeccompOptions { ListenerPath = "" });
        _ = RecordText.Default.SandboxRecord;
        _ = RecordText.Default.SandboxTier;
    }

    public static async Task<ISandboxEngine> OpenAsync(
        SandboxEngineOptions options, CancellationToken cancellationToken)
    {
        HostProcess.AdoptOrphans();
        var maker = new EngineMaker(options);
        if (options.Engine == EngineMaker.Unsandboxed)
        {
            return maker.MakeUnsandboxed();
        }

        string[] names = options.Engine == "auto" ? Automatic : [options.Engine];
        return await EngineChoice.FirstThatWorksAsync(
            [.. names.SelectMany(maker.Candidates)],
            engine => EngineProbe.FailureAsync(engine, options, cancellationToken),
            maker.Settings,
            options.PassedOver);
    }

    /// <summary>
    /// Puts a warm pool in front of an engine, whose leftovers have been settled. Owns it from then on. Null when what
    /// the engine makes cannot wait to become an agent.
    /// </summary>
    public static WarmPool? AddPool(
        ISandboxEngine engine, PoolOptions options, ISlotSockets sockets, TimeProvider clock) =>
        engine is LauncherEngine { CanWait: true } able ? new WarmPool(able, options, sockets, clock) : null;
}

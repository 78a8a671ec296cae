using System.Globalization;
using Analemma.Linux;
using Analemma.Sandbox.Bundles;
using Analemma.Sandbox.Cgroups;
using Analemma.Sandbox.Hosts;
using Analemma.Sandbox.Living;
using Analemma.Sandbox.Logs;
using Analemma.Sandbox.Oci;
using Analemma.Sandbox.Pool;
using Analemma.Sandbox.Unsandboxed;

namespace Analemma.Sandbox;

// HOW TO USE IT
//
//   Main:     HybridCgroups.Cover();                      first of all; may replace the process and not return
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
    private const string Unsandboxed = "unsandboxed";

    private static readonly string[] Automatic = ["crun", "runc"];

    public static async Task<ISandboxEngine> OpenAsync(
        SandboxEngineOptions options, CancellationToken cancellationToken)
    {
        MakeFolders(options);
        HostProcess.AdoptOrphans();
        if (options.Engine == Unsandboxed)
        {
            return MakeUnsandboxed(options);
        }

        string[] candidates = options.Engine == "auto" ? Automatic : [options.Engine];
        List<string> reasons = [];
        foreach (var name in candidates)
        {
            if (OciRuntime.Locate(name) is not { } path)
            {
                reasons.Add($"{name} is not installed");
                continue;
            }

            foreach (var withUser in (bool[])[true, false])
            {
                if (!withUser && !HostProcess.IsRoot)
                {
                    continue;
                }

                var engine = Make(options, name, path, withUser);
                if (await EngineProbe.FailureAsync(engine, options, cancellationToken) is not { } reason)
                {
                    return engine;
                }

                reasons.Add(reason);
                await engine.DisposeAsync();
            }
        }

        throw new SandboxException(
            $"no sandbox engine works here: {string.Join("; ", reasons)}",
            "install crun (apt install crun), or set the engine to unsandboxed to run agents without isolation");
    }

    /// <summary>
    /// Puts a warm pool in front of an engine, whose leftovers have been settled. Owns it from then on.
    /// </summary>
    public static WarmPool AddPool(
        ISandboxEngine engine, PoolOptions options, ISlotSockets sockets, TimeProvider clock) =>
        new((LauncherEngine)engine, options, sockets, clock);

    private static LauncherEngine MakeUnsandboxed(SandboxEngineOptions options)
    {
        var watcher = options.Watcher ?? new Watcher("unsandboxed");
        var instance = options.Instance ?? InstanceOf(options.StateFolder);
        var cgroups = CgroupTrees.Open(instance, options.Cgroup);
        HostLauncher launcher = new(CopySdk(options), new CommandRun(watcher, options.Clock));
        UidSlots uids = new(options.UidBase, options.UidCount, instance);
        GuaranteeTable table = new(Unsandboxed, cgroups, [], HasListener: false, IsSingleUid: true);
        LogIntake intake = new(watcher);
        return new LauncherEngine(
            new SandboxHost(options, launcher, cgroups, watcher, intake, uids, table.Report(), instance));
    }

    private static LauncherEngine Make(SandboxEngineOptions options, string name, string path, bool withUser)
    {
        var watcher = options.Watcher ?? new Watcher("sandboxes");
        var instance = options.Instance ?? InstanceOf(options.StateFolder);
        var cgroups = CgroupTrees.Open(instance, options.Cgroup);
        var namespaces = Namespaces(withUser);
        BundleHost bundle = new()
        {
            RootFolder = options.RootFolder,
            SystemFolders = RootFolder.Ensure(options.RootFolder),
            SdkFolder = CopySdk(options),
            Namespaces = namespaces,
            TmpBytes = options.TmpBytes,
            Seccomp = new BundleSeccomp(options.Profile, options.NotifySocket, IsCompiled: name == "crun"),
        };
        var isSingleUid = !HostIdentity.HasManyUids();
        GuaranteeTable table = new(name, cgroups, namespaces, options.NotifySocket is not null, isSingleUid);
        OciRuntime runtime = new(name, path, options.RuntimeFolder, watcher);
        UidSlots uids = new(options.UidBase, options.UidCount, instance);
        OciLauncher launcher = new(runtime, bundle, new CommandRun(watcher, options.Clock), isSingleUid);
        LogIntake intake = new(watcher);
        return new LauncherEngine(
            new SandboxHost(options, launcher, cgroups, watcher, intake, uids, table.Report(), instance));
    }

    private static string[] Namespaces(bool withUser)
    {
        string[] all = ["pid", "network", "ipc", "uts", "mount", "cgroup"];
        return withUser ? ["user", .. all] : all;
    }

    private static string? CopySdk(SandboxEngineOptions options)
    {
        if (options.SdkFolder is not { } sdk)
        {
            return null;
        }

        var copy = Path.Combine(options.StateFolder, "sdk");
        Directory.CreateDirectory(copy);
        SdkCopy.Update(sdk, copy);
        return copy;
    }

    // Agents' uids pass through the state folder to what they may see; nobody but us can list it.
    private static void MakeFolders(SandboxEngineOptions options)
    {
        const UnixFileMode owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        const UnixFileMode passing = owner | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        Directory.CreateDirectory(options.StateFolder);
        File.SetUnixFileMode(options.StateFolder, passing);
        Directory.CreateDirectory(options.RunFolders, passing);
        Directory.CreateDirectory(options.SandboxesFolder, owner);
        Directory.CreateDirectory(options.RuntimeFolder, owner);
    }

    private static string InstanceOf(string stateFolder)
    {
        uint hash = 2166136261;
        foreach (var letter in Path.GetFullPath(stateFolder))
        {
            hash = unchecked((hash ^ letter) * 16777619);
        }

        return hash.ToString("x8", CultureInfo.InvariantCulture);
    }
}

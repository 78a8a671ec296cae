using System.Globalization;
using Analemma.Linux;
using Analemma.Sandbox.Bubblewrap;
using Analemma.Sandbox.Bundles;
using Analemma.Sandbox.Cgroups;
using Analemma.Sandbox.Living;
using Analemma.Sandbox.Logs;
using Analemma.Sandbox.Oci;
using Analemma.Sandbox.Unsandboxed;

namespace Analemma.Sandbox.Hosts;

/// <summary>Puts engines together by their names, not yet knowing whether they work.</summary>
internal sealed class EngineMaker(SandboxEngineOptions options)
{
    public const string Unsandboxed = "unsandboxed";

    private const string Bubblewrap = "bwrap";
    private const string Gvisor = "runsc";

    private readonly string _instance = options.Instance ?? InstanceOf(options.StateFolder);
    private readonly bool _isSingleUid = !HostIdentity.HasManyUids();

    /// <summary>The ways to make an engine of this name, the better first.</summary>
    public IReadOnlyList<EngineCandidate> Candidates(string name)
    {
        if (name == Bubblewrap)
        {
            var (tools, missing) = BubblewrapTools.Locate();
            return [new EngineCandidate(name, missing, () => MakeBubblewrap(tools!))];
        }

        var program = name == "kata" ? "kata-runtime" : name;
        if (OciRuntime.Locate(program) is not { } path)
        {
            return [EngineCandidate.Impossible(name, $"{program} is not installed")];
        }

        if (name == Gvisor)
        {
            return _isSingleUid
                ? [EngineCandidate.Impossible(name, "runsc needs root") with { Remedy = "run the kernel as root" }]
                : [new EngineCandidate(name, null, () => MakeGvisor(path))];
        }

        EngineCandidate withUser = new(name, null, () => MakeOci(name, path, withUser: true));
        EngineCandidate without = new(name, null, () => MakeOci(name, path, withUser: false));
        return HostProcess.IsRoot ? [withUser, without] : [withUser];
    }

    public LauncherEngine MakeUnsandboxed()
    {
        var watcher = NewWatcher(Unsandboxed);
        HostLauncher launcher = new(CopySdk(), new CommandRun(watcher, options.Clock));
        return Make(launcher, watcher, [], EngineLack.Unsandboxed);
    }

    private LauncherEngine MakeOci(string name, string path, bool withUser)
    {
        var bundle = Bundle(options.NotifySocket, Namespaces(withUser), isCompiled: name == "crun");
        return MakeOci(name, path, bundle, options.NotifySocket is null ? EngineLack.NoListener : EngineLack.None);
    }

    // In a user namespace its file server could not reach the folders that it is to share.
    private LauncherEngine MakeGvisor(string path) => MakeOci(
        Gvisor, path, Bundle(notifySocket: null, Namespaces(withUser: false), isCompiled: false), EngineLack.Gvisor);

    private LauncherEngine MakeOci(
        string name, string path, BundleHost bundle, IReadOnlyDictionary<string, EngineLack> lacks)
    {
        var watcher = NewWatcher("sandboxes");
        OciRuntime runtime = new(name, path, options.RuntimeFolder, watcher);
        OciLauncher launcher = new(runtime, bundle, new CommandRun(watcher, options.Clock), _isSingleUid);
        return Make(launcher, watcher, bundle.Namespaces, lacks);
    }

    private LauncherEngine MakeBubblewrap(BubblewrapTools tools)
    {
        var watcher = NewWatcher("sandboxes");
        var bundle = Bundle(notifySocket: null, Namespaces(withUser: true), isCompiled: true);
        BubblewrapCommand command = new(tools, bundle.Namespaces, _isSingleUid);
        BubblewrapLauncher launcher = new(command, bundle, options, watcher) { IsSingleUid = _isSingleUid };
        return Make(launcher, watcher, bundle.Namespaces, EngineLack.Bubblewrap);
    }

    private LauncherEngine Make(
        ILauncher launcher,
        Watcher watcher,
        IReadOnlyList<string> namespaces,
        IReadOnlyDictionary<string, EngineLack> lacks)
    {
        var cgroups = CgroupTrees.Open(_instance, options.Cgroup);
        var isSingleUid = _isSingleUid || namespaces.Count == 0;
        GuaranteeTable table = new(launcher.Name, cgroups, namespaces, isSingleUid) { Lacks = lacks };
        UidSlots uids = new(options.UidBase, options.UidCount, _instance);
        var report = table.Report() with { LoopbackLack = launcher.LoopbackLack };
        return new LauncherEngine(new SandboxHost(
            options, launcher, cgroups, watcher, new LogIntake(watcher), uids, report, _instance));
    }

    private BundleHost Bundle(string? notifySocket, string[] namespaces, bool isCompiled) => new()
    {
        RootFolder = options.RootFolder,
        SystemFolders = RootFolder.Ensure(options.RootFolder),
        SdkFolder = CopySdk(),
        Namespaces = namespaces,
        TmpBytes = options.TmpBytes,
        Seccomp = new BundleSeccomp(options.Profile, notifySocket, isCompiled),
    };

    private static string[] Namespaces(bool withUser)
    {
        string[] all = ["pid", "network", "ipc", "uts", "mount", "cgroup"];
        return withUser ? ["user", .. all] : all;
    }

    private Watcher NewWatcher(string name) => options.Watcher ?? new Watcher(name);

    private string? CopySdk()
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

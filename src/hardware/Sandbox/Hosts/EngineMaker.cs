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

    private readonly SandboxEngineOptions _options = options with { Passage = Passage.Find(options) };
    private readonly bool _isSingleUid = !HostIdentity.HasManyUids();

    /// <summary>What stands in the way of user namespaces here.</summary>
    public UserNamespaceSettings Settings => UserNamespaceSettings.Read() with { Blocked = _options.Passage.Blocked };

    /// <summary>The ways to make an engine of this name, the better first.</summary>
    public IReadOnlyList<EngineCandidate> Candidates(string name)
    {
        if (name == Bubblewrap)
        {
            var (tools, missing) = BubblewrapTools.Locate();
            return [new EngineCandidate(name, missing, passedOver => MakeBubblewrap(tools!, passedOver))];
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
                : [new EngineCandidate(name, null, _ => MakeGvisor(path))];
        }

        EngineCandidate withUser = new(name, null, _ => MakeOci(name, path, withUser: true));
        EngineCandidate without = new(name, null, _ => MakeOci(name, path, withUser: false));
        return HostProcess.IsRoot ? [withUser, without] : [withUser];
    }

    public LauncherEngine MakeUnsandboxed()
    {
        Passage.MakeFolders(_options);
        var watcher = NewWatcher(Unsandboxed);
        HostLauncher launcher = new(CopySdk(), new CommandRun(watcher, _options.Clock));
        return Make(launcher, watcher, [], EngineLack.Unsandboxed);
    }

    private LauncherEngine MakeOci(string name, string path, bool withUser)
    {
        var bundle = Bundle(_options.NotifySocket, Namespaces(withUser), isCompiled: name == "crun");
        return MakeOci(name, path, bundle, _options.NotifySocket is null ? EngineLack.NoListener : EngineLack.None);
    }

    // In a user namespace its file server could not reach the folders that it is to share.
    private LauncherEngine MakeGvisor(string path) => MakeOci(
        Gvisor,
        path,
        Bundle(notifySocket: null, Namespaces(withUser: false), isCompiled: false) with { HasInit = false },
        EngineLack.Gvisor);

    private LauncherEngine MakeOci(
        string name, string path, BundleHost bundle, IReadOnlyDictionary<string, EngineLack> lacks)
    {
        var watcher = NewWatcher("sandboxes");
        OciRuntime runtime = new(name, path, _options.RuntimeFolder, watcher);
        OciLauncher launcher = new(runtime, bundle, new CommandRun(watcher, _options.Clock), _isSingleUid);
        return Make(launcher, watcher, bundle.Namespaces, lacks);
    }

    private LauncherEngine MakeBubblewrap(BubblewrapTools tools, IReadOnlyList<string> passedOver)
    {
        var watcher = NewWatcher("sandboxes");
        var bundle = Bundle(notifySocket: null, Namespaces(withUser: true), isCompiled: true);
        BubblewrapCommand command = new(tools, bundle.Namespaces, _isSingleUid);
        BubblewrapLauncher launcher = new(command, bundle, _options, watcher) { IsSingleUid = _isSingleUid };
        var hasRuntime = (OciRuntime.Locate("crun") ?? OciRuntime.Locate("runc")) is not null;
        return Make(launcher, watcher, bundle.Namespaces, EngineLack.Bubblewrap(hasRuntime, passedOver, Settings));
    }

    private LauncherEngine Make(
        ILauncher launcher,
        Watcher watcher,
        IReadOnlyList<string> namespaces,
        IReadOnlyDictionary<string, EngineLack> lacks)
    {
        var cgroups = CgroupTrees.Open(_options.InstanceName, _options.Cgroup);
        var isSingleUid = _isSingleUid || namespaces.Count == 0;
        GuaranteeTable table = new(launcher.Name, cgroups, namespaces, isSingleUid)
        {
            Lacks = lacks,
            Blocked = _options.Passage.Blocked,
            HasInit = launcher.HasInit,
        };
        UidSlots uids = new(_options.UidBase, _options.UidCount, _options.InstanceName);
        var report = table.Report() with { LoopbackLack = launcher.LoopbackLack };
        return new LauncherEngine(new SandboxHost(
            _options, launcher, cgroups, watcher, new LogIntake(watcher), uids, report));
    }

    private BundleHost Bundle(string? notifySocket, string[] namespaces, bool isCompiled)
    {
        Passage.MakeFolders(_options);
        var folders = RootFolder.Ensure(_options.RootFolder);
        if (_options.InitFile is { } init)
        {
            RootFolder.PutInit(_options.RootFolder, init);
        }

        return new BundleHost
        {
            RootFolder = _options.RootFolder,
            SystemFolders = folders,
            HasInit = _options.InitFile is not null,
            SdkFolder = CopySdk(),
            Namespaces = namespaces,
            TmpBytes = _options.TmpBytes,
            Seccomp = new BundleSeccomp(_options.Profile, notifySocket, isCompiled),
        };
    }

    private static string[] Namespaces(bool withUser)
    {
        string[] all = ["pid", "network", "ipc", "uts", "mount", "cgroup"];
        return withUser ? ["user", .. all] : all;
    }

    private Watcher NewWatcher(string name) => _options.Watcher ?? new Watcher(name, _options.Failed);

    private string? CopySdk()
    {
        if (_options.SdkFolder is not { } sdk)
        {
            return null;
        }

        SdkCopy.Update(sdk, _options.SdkCopyFolder);
        return _options.SdkCopyFolder;
    }
}

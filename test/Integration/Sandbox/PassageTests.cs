using Analemma.Abi.Syscalls;
using Analemma.Integration.Tests.Kernel;
using Analemma.Linux;
using Analemma.Sandbox;
using Analemma.Sandbox.Hosts;

namespace Analemma.Integration.Tests.Sandbox;

/// <summary>A state folder below one that only root may pass, as mktemp(1) makes them.</summary>
public sealed class PassageTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const uint SomeAgent = 0x7000_0000;

    private readonly string _closed = EngineHome.NewFolder();

    public PassageTests()
    {
        Assert.SkipUnless(HostProcess.IsRoot, "an ordinary user's agents have its own uid and can pass where it can");
        Directory.CreateDirectory(_closed, OwnerOnly);
    }

    private string State => Path.Combine(_closed, "state");

    private string Base => $"{_closed}-passage";

    public void Dispose()
    {
        Directory.Delete(_closed, recursive: true);
        if (Directory.Exists(Base))
        {
            Directory.Delete(Base);
        }
    }

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    [InlineData("bwrap")]
    public async Task Agents_have_a_user_namespace_there_too_and_nothing_is_left_of_the_way_round(string engine)
    {
        await using (var home = await SandboxEngines.OpenAsync(Options(engine, Base), EngineHome.Token))
        {
            var guarantee = home.Report.Guarantees.Single(one => one.Name == GuaranteeNames.UserNamespace);
            Assert.True(guarantee.Enforced, guarantee.How);
            await using var sandbox = await home.CreateAsync(
                EngineHome.Shell("cat /proc/self/uid_map; cat /etc/passwd"), EngineHome.Token);
            Assert.StartsWith($"{Base}/", sandbox.RunFolder, StringComparison.Ordinal);
            await sandbox.StartAsync(EngineHome.Token);
            Assert.Equal(0, (await sandbox.Exited).Code);
            var output = await EngineHome.OutputAsync(sandbox);
            Assert.DoesNotContain("4294967295", output, StringComparison.Ordinal);
            Assert.Contains("agent:x:1000", output, StringComparison.Ordinal);
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(Base));
    }

    [Fact]
    public async Task Without_a_way_round_the_folder_and_the_remedy_are_named()
    {
        EngineHome.SkipUnlessInstalled("crun");
        var nowhere = Path.Combine(_closed, "passage");
        await using var home = await SandboxEngines.OpenAsync(Options("crun", nowhere), EngineHome.Token);
        var guarantee = home.Report.Guarantees.Single(one => one.Name == GuaranteeNames.UserNamespace);
        Assert.False(guarantee.Enforced);
        Assert.Equal($"agents' uids cannot pass {_closed}, in which the state folder is", guarantee.How);
        Assert.Contains($"chmod o+x {_closed}", guarantee.Remedy, StringComparison.Ordinal);

        await using var sandbox = await home.CreateAsync(EngineHome.Shell("exit 3"), EngineHome.Token);
        await sandbox.StartAsync(EngineHome.Token);
        Assert.Equal(3, (await sandbox.Exited).Code);
    }

    [Fact]
    public async Task Where_no_engine_works_without_it_the_refusal_names_the_folder()
    {
        EngineHome.SkipUnlessInstalled("bwrap");
        var nowhere = Path.Combine(_closed, "passage");
        var refused = await Assert.ThrowsAsync<SandboxException>(
            () => SandboxEngines.OpenAsync(Options("bwrap", nowhere), EngineHome.Token));
        Assert.Contains($"chmod o+x {_closed}", refused.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_ways_round_of_kernels_whose_state_is_gone_are_swept_and_no_others()
    {
        foreach (var (name, state, agent) in (ReadOnlySpan<(string, string, string?)>)
            [("gone", $"{_closed}/gone", null), ("alive", _closed, null), ("agents", $"{_closed}/gone", "a1")])
        {
            Directory.CreateDirectory($"{Base}/{name}/run/{agent}");
            Directory.CreateDirectory($"{Base}/{name}/root/etc");
            File.WriteAllText($"{Base}/{name}/state-folder", state);
        }

        await using (await SandboxEngines.OpenAsync(Options("crun", Base), EngineHome.Token))
        {
            Assert.Equal(
                ["agents", "alive"],
                Directory.EnumerateDirectories(Base).Select(path => Path.GetFileName(path)).Order().Where(
                    name => name is "gone" or "alive" or "agents"));
        }

        Directory.Delete($"{Base}/alive", recursive: true);
        Directory.Delete($"{Base}/agents", recursive: true);
    }

    [Fact]
    public void The_first_folder_that_stands_in_the_way_is_found_by_going_there()
    {
        var inner = Path.Combine(_closed, "a", "b");
        Assert.Equal(_closed, Passage.BlockedAbove(inner, SomeAgent));
        Directory.CreateDirectory(inner);
        Assert.Equal(_closed, Passage.BlockedAbove(inner, SomeAgent));

        File.SetUnixFileMode(_closed, OwnerOnly | UnixFileMode.OtherExecute);
        Assert.Null(Passage.BlockedAbove(inner, SomeAgent));
        Assert.Null(Passage.BlockedAbove(Path.Combine(inner, "to", "be", "made"), SomeAgent));

        // Of root's group are we, and not the agents.
        File.SetUnixFileMode(_closed, OwnerOnly | UnixFileMode.GroupExecute);
        Assert.Equal(_closed, Passage.BlockedAbove(inner, SomeAgent));
    }

    [Theory]
    [InlineData("reap")]
    [InlineData("adopt")]
    public async Task Agents_of_a_killed_kernel_are_found_even_when_the_mode_was_changed(string leftovers)
    {
        await using var kernel = await RunningKernel.StartAsync(OwnerOnly, $"--kernel.leftovers={leftovers}");
        var agent = await kernel.SpawnShellAsync("while test ! -e /work/go; do sleep 0.05; done; exit 6");
        var pid = (await kernel.Client.InspectAsync(new Inspect { Id = agent.Id }, RunningKernel.Token)).Pid;
        Assert.NotEmpty(Directory.EnumerateDirectories(Path.Combine(Detour(kernel), "run")));

        await kernel.CrashAsync();
        File.SetUnixFileMode(kernel.Folder, OwnerOnly | UnixFileMode.OtherExecute);
        await kernel.BeginAsync();
        if (leftovers == "reap")
        {
            Assert.True(ProcFiles.TryReadState(pid) is null or 'Z');
        }
        else
        {
            await kernel.ExecAsync(agent, "touch /work/go");
            Assert.Equal(6, (await kernel.WaitAsync(agent)).Exit!.Code);
        }

        Assert.Equal(0, await kernel.StopAsync());
        Assert.False(Directory.Exists(Detour(kernel)), "an empty folder was left");
        await kernel.BeginAsync();
    }

    private static string Detour(RunningKernel kernel) =>
        Passage.Detour(new SandboxEngineOptions { StateFolder = kernel.StateFolder });

    private SandboxEngineOptions Options(string engine, string passage)
    {
        EngineHome.SkipUnlessInstalled(engine);
        return new SandboxEngineOptions { StateFolder = State, Engine = engine, PassageBase = passage };
    }
}

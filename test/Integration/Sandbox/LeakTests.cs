namespace Analemma.Integration.Tests.Sandbox;

/// <summary>Alone, because it counts what belongs to the whole process.</summary>
[CollectionDefinition(nameof(LeakTests), DisableParallelization = true)]
[Collection(nameof(LeakTests))]
public sealed class LeakTests
{
    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    [InlineData("bwrap")]
    [InlineData("runsc")]
    [InlineData("unsandboxed")]
    public async Task Fifty_sandboxes_leave_nothing_behind(string engine)
    {
        await using var home = await EngineHome.OpenAsync(engine);
        await CycleAsync(home);
        var (files, mounts, children) = (Hygiene.OpenFiles(), Hygiene.Mounts(), Hygiene.Children());

        for (var round = 0; round < 10; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => CycleAsync(home)));
        }

        Assert.InRange(Hygiene.OpenFiles(), 0, files);
        Assert.Equal(mounts, Hygiene.Mounts());

        // Tests that ran before may have left zombies of kernels that they killed; those may go meanwhile.
        Assert.Empty(Hygiene.Children().Except(children));
        Assert.Empty(Hygiene.Cgroups(home.Engine));
        foreach (var name in (string[])["sandboxes", "run", "runtime"])
        {
            Assert.Empty(Directory.EnumerateFileSystemEntries($"{home.Folder}/{name}"));
        }
    }

    private static async Task CycleAsync(EngineHome home)
    {
        await using var sandbox = await home.StartAsync(
            EngineHome.Shell("echo x; sleep 600 & echo y >file; sleep 600"));
        await EngineHome.UntilAsync(sandbox, "x");
        var exec = await sandbox.ExecAsync(
            new Analemma.Sandbox.ExecRequest(["/bin/true"], new Dictionary<string, string>(), "/work"),
            (_, _) => default,
            EngineHome.Token);
        Assert.Equal(0, exec.ExitCode);
        sandbox.Kill();
        await sandbox.Exited;
    }
}

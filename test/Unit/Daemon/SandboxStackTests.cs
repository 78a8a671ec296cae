using Analemma.Daemon.Boot;
using Analemma.Sandbox;
using Analemma.Unit.Tests.Sandbox;

namespace Analemma.Unit.Tests.Daemon;

public sealed class SandboxStackTests
{
    private readonly List<string> _closed = [];

    [Fact]
    public async Task A_trial_is_waited_for_and_closed_when_the_other_engine_cannot_be_made()
    {
        TaskCompletionSource<ISandboxEngine> trial = new();
        var refused = Task.FromException<ISandboxEngine>(new SandboxException("no"));

        var both = SandboxStack.BothAsync(trial.Task, refused);
        Assert.False(both.IsCompleted);
        trial.SetResult(new FakeEngine("crun", works: true, _closed));

        Assert.Equal("no", (await Assert.ThrowsAsync<SandboxException>(() => both)).Message);
        Assert.Equal(["crun"], _closed);
    }

    [Fact]
    public async Task The_other_engine_is_closed_when_no_trial_succeeds()
    {
        var refused = Task.FromException<ISandboxEngine>(new SandboxException("none works"));
        var other = Task.FromResult<ISandboxEngine>(new FakeEngine("unsandboxed", works: true, _closed));

        await Assert.ThrowsAsync<SandboxException>(() => SandboxStack.BothAsync(refused, other));

        Assert.Equal(["unsandboxed"], _closed);
    }

    [Fact]
    public async Task Both_are_given_when_both_are_there()
    {
        var (cold, unsandboxed) = await SandboxStack.BothAsync(Made("crun"), Made("unsandboxed"));

        Assert.Equal(("crun", "unsandboxed"), (cold.Report.Engine, unsandboxed.Report.Engine));
        Assert.Empty(_closed);
    }

    private Task<ISandboxEngine> Made(string name) =>
        Task.FromResult<ISandboxEngine>(new FakeEngine(name, works: true, _closed));
}

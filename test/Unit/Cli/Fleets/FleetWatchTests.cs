using Analemma.Cli.Fleets;
using Analemma.Unit.Tests.Daemon.Workflows;

namespace Analemma.Unit.Tests.Cli.Fleets;

/// <summary>When `up --watch` reads a fleet's files again.</summary>
public sealed class FleetWatchTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly HandClock _time = new();
    private readonly string _file = Path.GetTempFileName();
    private readonly FleetWatch _watch;

    public FleetWatchTests() => _watch = new FleetWatch(_time);

    [Fact]
    public void What_changes_while_files_are_read_is_a_change()
    {
        _watch.Follow([_file]);
        File.WriteAllText(_file, "wrong");
        Assert.True(IsToldOfChange());

        File.WriteAllText(_file, "right again");
        _watch.Follow([_file]);
        Assert.True(IsToldOfChange());
    }

    [Fact]
    public void What_was_told_is_not_told_again()
    {
        _watch.Follow([_file]);
        File.WriteAllText(_file, "other");
        Assert.True(IsToldOfChange());

        using CancellationTokenSource ended = new();
        var changed = _watch.ChangedAsync(ended.Token);
        for (var i = 0; i < 10; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.False(changed.IsCompleted);
        ended.Cancel();
    }

    public void Dispose() => File.Delete(_file);

    private bool IsToldOfChange()
    {
        var changed = _watch.ChangedAsync(TestContext.Current.CancellationToken);
        return SpinWait.SpinUntil(
            () =>
            {
                _time.Advance(TimeSpan.FromSeconds(1));
                return changed.IsCompleted;
            },
            Patience);
    }
}

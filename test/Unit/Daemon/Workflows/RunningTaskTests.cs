using Analemma.Daemon.Workflows.Engine;

namespace Analemma.Unit.Tests.Daemon.Workflows;

public sealed class RunningTaskTests
{
    [Fact]
    public void A_task_that_nobody_wants_is_cancelled_and_told_from_one_whose_kernel_stops()
    {
        using CancellationTokenSource stopping = new();
        RunningTask unwanted = new(1, null);
        using var begun = unwanted.Begin(stopping.Token);
        RunningTask wanted = new(2, null);
        using var other = wanted.Begin(stopping.Token);
        var before = unwanted.Unwanted;

        unwanted.Cancel();
        Assert.True(begun.IsCancellationRequested && before.IsCancellationRequested);
        Assert.True(unwanted.Unwanted.IsCancellationRequested);
        Assert.False(other.IsCancellationRequested);

        stopping.Cancel();
        Assert.True(other.IsCancellationRequested);
        Assert.False(wanted.Unwanted.IsCancellationRequested);
    }

    [Fact]
    public void One_that_is_not_wanted_before_it_begins_or_after_its_end_is_cancelled_as_far_as_it_can_be()
    {
        RunningTask early = new(1, null);
        early.Cancel();
        using var begun = early.Begin(CancellationToken.None);
        Assert.True(begun.IsCancellationRequested);

        RunningTask late = new(2, null);
        using (late.Begin(CancellationToken.None))
        {
            late.End();
        }

        late.Cancel();
        Assert.True(late.Unwanted.IsCancellationRequested);
    }
}

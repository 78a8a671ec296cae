using Analemma.Daemon.Loop;

namespace Analemma.Unit.Tests.Daemon;

/// <summary>What effects leave is done once, outside of the turn, and holds no thread for ever.</summary>
public sealed class AfterTurnTests
{
    private readonly List<string> _done = [];

    [Fact]
    public void Who_offers_it_does_what_was_left_in_order_when_it_is_out()
    {
        AfterTurn.Offer(this, static test =>
        {
            AfterTurn.Do(new Work(() => test._done.Add("first")));
            AfterTurn.Do(new Work(() => test._done.Add("second")));
            test._done.Add("out");
        });

        Assert.Equal(["out", "first", "second"], _done);
    }

    [Fact]
    public void What_is_left_while_it_is_done_waits_for_its_turn()
    {
        AfterTurn.Offer(this, static test => AfterTurn.Do(new Work(() =>
        {
            AfterTurn.Offer(test, static again => AfterTurn.Do(new Work(() => again._done.Add("inner"))));
            test._done.Add("outer");
        })));

        Assert.Equal(["outer", "inner"], _done);
    }

    [Fact]
    public async Task Where_nobody_offers_it_is_done_on_the_pool()
    {
        TaskCompletionSource<bool> onPool = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await OnThreadOfItsOwnAsync(
            () => AfterTurn.Do(new Work(() => onPool.SetResult(Thread.CurrentThread.IsThreadPoolThread))));

        Assert.True(await onPool.Task);
    }

    [Fact]
    public async Task One_thread_does_not_do_what_never_ends()
    {
        TaskCompletionSource left = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await OnThreadOfItsOwnAsync(() => AfterTurn.Offer(left, static left => AfterTurn.Do(new Endless(left))));

        await left.Task;
    }

    [Fact]
    public async Task What_is_left_is_done_though_who_offered_went_wrong()
    {
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Assert.Throws<InvalidOperationException>(() => AfterTurn.Offer(done, static done =>
        {
            AfterTurn.Do(new Work(done.SetResult));
            throw new InvalidOperationException("the kernel");
        }));

        await done.Task;
    }

    private static Task OnThreadOfItsOwnAsync(Action what)
    {
        TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            what();
            ended.SetResult();
        }).Start();
        return ended.Task;
    }

    private sealed class Work(Action what) : IThreadPoolWorkItem
    {
        public void Execute() => what();
    }

    // Leaves itself again, until it is on another thread.
    private sealed class Endless(TaskCompletionSource left) : IThreadPoolWorkItem
    {
        public void Execute()
        {
            if (Thread.CurrentThread.IsThreadPoolThread)
            {
                left.SetResult();
                return;
            }

            AfterTurn.Do(this);
        }
    }
}

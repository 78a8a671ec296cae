using Analemma.Journal;
using Analemma.Journal.Executions;
using Analemma.Storage.Executions;

namespace Analemma.Unit.Tests.Daemon.Workflows;

/// <summary>Whoever writes is told, whatever the threads of the queue do just then.</summary>
public sealed class CommitQueueTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public void A_store_that_is_closed_refuses_every_write()
    {
        CommitQueue queue = new("test", _ => null, TimeProvider.System);
        queue.Dispose();
        List<JournalStoreFailure?> told = [];
        for (var n = 0; n < 3; n++)
        {
            queue.Write(new ExecutionStoreChange { Key = n }, failure => told.Add(failure?.Failure));
        }

        Assert.Equal([JournalStoreFailure.Closed, JournalStoreFailure.Closed, JournalStoreFailure.Closed], told);
        Assert.Equal(0, queue.Waiting);
    }

    [Fact]
    public async Task What_a_step_on_the_lent_thread_writes_is_committed_while_the_step_goes_on()
    {
        using CommitQueue queue = new("test", _ => null, TimeProvider.System);
        TaskCompletionSource<bool> seen = new(TaskCreationOptions.RunContinuationsAsynchronously);
        queue.Write(new ExecutionStoreChange { Key = 1 }, _ =>
        {
            Assert.True(queue.IsLent);
            using ManualResetEventSlim committed = new();
            queue.Write(new ExecutionStoreChange { Key = 1 }, _ => committed.Set());
            seen.SetResult(committed.Wait(Patience));
        });

        Assert.True(await seen.Task);
    }

    [Fact]
    public async Task What_comes_of_a_change_that_was_alone_stays_on_one_thread()
    {
        using CommitQueue queue = new("test", _ => null, TimeProvider.System);
        TaskCompletionSource<HashSet<int>> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        HashSet<int> threads = [];
        void Step(int left)
        {
            threads.Add(Environment.CurrentManagedThreadId);
            if (left == 0)
            {
                done.SetResult(threads);
            }
            else
            {
                queue.Write(new ExecutionStoreChange { Key = 1 }, _ => Step(left - 1));
            }
        }

        queue.Write(new ExecutionStoreChange { Key = 1 }, _ => Step(3));
        Assert.InRange((await done.Task.WaitAsync(Patience, TestContext.Current.CancellationToken)).Count, 1, 2);
    }
}

using Analemma.Journal;
using Analemma.Journal.Executions;

namespace Analemma.Integration.Tests.Storage.Executions;

/// <summary>What every store of executions does. Each kind of store runs these.</summary>
public abstract class ExecutionStoreContract
{
    /// <summary>The same store each time.</summary>
    protected abstract IExecutionStore Open(TimeProvider? time = null);

    /// <summary>Where nothing is yet.</summary>
    protected abstract IExecutionStore OpenAnother();

    [Fact]
    public async Task What_was_told_to_be_durable_is_there_when_it_is_opened_again()
    {
        StoredExecution begun;
        JournalRecord[] records = Chains.Of(3);
        using (var store = Open())
        {
            begun = Chains.Execution(store.LastKey + 1, "arn:x ☃");
            await store.KeepAsync(new ExecutionStoreChange
            {
                Key = begun.Key,
                Begins = begun,
                Records = records,
                Documents = [new StoredDocument("machine", "m", [1, 2])],
            });
        }

        using var again = Open();
        Assert.Equal(begun.Key, again.LastKey);
        var found = again.Find("arn:x ☃")!;
        Assert.Equal(records[^1].Position, found.Last);
        Assert.Equal(begun.Head, found.Head);
        Assert.Equal((begun.Machine, begun.StartedTicks), (found.Machine, found.StartedTicks));
        Assert.Equal(found.Arn, again.Find(begun.Key)!.Arn);
        Chains.AssertSame(records, again.Records(begun.Key));
        Assert.Equal([1, 2], Assert.Single(again.Documents("machine")).Body!);
        Assert.Single(again.Open());
    }

    [Fact]
    public async Task The_only_writer_goes_on_where_its_change_was_committed()
    {
        using var store = OpenAnother();
        var records = Chains.Of(new byte[20][]);
        TaskCompletionSource<(int Lent, int Threads)> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        HashSet<int> threads = [];
        var (written, lent) = (0, 0);
        void Write(JournalStoreException? failure)
        {
            Assert.Null(failure);
            threads.Add(Environment.CurrentManagedThreadId);
            lent += store.IsLent ? 1 : 0;
            if (written == records.Length)
            {
                done.SetResult((lent, threads.Count));
                return;
            }

            var record = records[written++];
            store.Write(new ExecutionStoreChange { Key = 1, Records = [record] }, Write);
        }

        await store.KeepAsync(new ExecutionStoreChange { Key = 1, Begins = Chains.Execution(1, "a") });
        store.Write(new ExecutionStoreChange { Documents = [new StoredDocument("k", "d", [1])] }, Write);

        var found = await done.Task;
        // The thread of the change before may not be back yet; from then on it is one.
        Assert.InRange(found.Lent, records.Length - 1, records.Length + 1);
        Assert.InRange(found.Threads, 1, 2);
        Assert.False(store.IsLent);
        Chains.AssertSame(records, store.Records(1));
    }

    [Fact]
    public async Task Whoever_comes_while_a_thread_is_lent_waits_for_nobodys_step()
    {
        using var store = OpenAnother();
        using ManualResetEventSlim go = new();
        TaskCompletionSource<bool> isLent = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        store.Write(new ExecutionStoreChange { Documents = [new StoredDocument("k", "a", [1])] }, _ =>
        {
            isLent.SetResult(store.IsLent);
            go.Wait();
            ended.SetResult();
        });
        Assert.True(await isLent.Task);

        // Both alone and together: the thread that is left is lent to nobody.
        await store.KeepAsync(new ExecutionStoreChange { Documents = [new StoredDocument("k", "b", [2])] });
        await Task.WhenAll(Enumerable.Range(0, 50).Select(i => store.KeepAsync(
            new ExecutionStoreChange { Documents = [new StoredDocument("k", $"c{i}", [3])] })));
        Assert.False(ended.Task.IsCompleted);
        go.Set();
        await ended.Task;
        Assert.Equal(52, store.Documents("k").Count);
    }

    [Fact]
    public async Task Records_are_read_from_where_one_asks_and_are_whole_at_every_size()
    {
        using var store = OpenAnother();
        var begun = Chains.Execution(1, "a");
        JournalRecord[] records = Chains.Of(
            new byte[JournalLimits.RecordBytesMax], [], [0, 255], new byte[70_000]);
        await store.KeepAsync(new ExecutionStoreChange { Key = 1, Begins = begun, Records = records });

        Chains.AssertSame(records, store.Records(1));
        Chains.AssertSame([.. records.Skip(2)], store.Records(1, 3));
        Assert.Empty(store.Records(1, 5));
        Assert.Empty(store.Records(2));
        Assert.Null(store.Find(2));
        Assert.Null(store.Find("b"));
    }

    [Fact]
    public async Task Executions_are_listed_newest_first_in_pages_and_by_what_they_are()
    {
        using var store = OpenAnother();
        for (var key = 1; key <= 9; key++)
        {
            var begun = Chains.Execution(key, $"e{key}") with
            {
                Machine = key % 2 == 0 ? "even" : "odd",
                Run = key % 3 == 0 ? "third" : null,
                Standing = key > 6 ? new ExecutionStanding(0, null, null) : Chains.Ended(1, key),
            };
            await store.KeepAsync(new ExecutionStoreChange { Key = key, Begins = begun });
        }

        long[] Keys(ExecutionQuery query) => [.. store.List(query).Select(each => each.Key)];
        Assert.Equal([9, 8, 7, 6], Keys(new ExecutionQuery { Max = 4 }));
        Assert.Equal([5, 4, 3, 2, 1], Keys(new ExecutionQuery { BeforeKey = 6 }));
        Assert.Equal([8, 6, 4, 2], Keys(new ExecutionQuery { Machine = "even" }));
        Assert.Equal([9, 6, 3], Keys(new ExecutionQuery { Run = "third" }));
        Assert.Equal([5, 3, 1], Keys(new ExecutionQuery { Machine = "odd", Status = 1 }));
        Assert.Equal([3], Keys(new ExecutionQuery { Run = "third", Status = 1, BeforeKey = 6 }));
        Assert.Equal([7, 8, 9], store.Open().Select(each => each.Key));
    }

    [Fact]
    public async Task Documents_are_replaced_and_forgotten_by_kind_and_key()
    {
        using var store = OpenAnother();
        await store.KeepAsync(new ExecutionStoreChange
        {
            Documents = [new("a", "1", [1]), new("a", "2", [2]), new("b", "1", [3])],
        });
        await store.KeepAsync(new ExecutionStoreChange { Documents = [new("a", "1", [9]), new("a", "2", null)] });

        Assert.Equal([9], Assert.Single(store.Documents("a")).Body!);
        Assert.Equal([3], Assert.Single(store.Documents("b")).Body!);
        Assert.Empty(store.Documents("c"));
    }

    [Fact]
    public async Task What_ended_is_found_by_when_and_forgotten_whole()
    {
        using var store = OpenAnother();
        foreach (var key in (long[])[1, 2, 3, 4])
        {
            await store.KeepAsync(new ExecutionStoreChange
            {
                Key = key,
                Begins = Chains.Execution(key, $"e{key}"),
                Records = Chains.Of(2),
            });
        }

        await store.KeepAsync(new ExecutionStoreChange { Key = 3, Standing = Chains.Ended(1, 50) });
        await store.KeepAsync(new ExecutionStoreChange
        {
            Key = 2,
            Standing = Chains.Ended(2, 70),
            Checkpoint = new Checkpoint(Chains.Of(2)[^1].Position, 1, new byte[] { 7 }),
        });
        await store.KeepAsync(new ExecutionStoreChange { Key = 4, Standing = Chains.Ended(1, 90) });

        Assert.Equal((2, 70), (store.Find(2)!.Standing.Status, store.Find(2)!.Standing.EndedTicks));
        Assert.Equal([3, 2], store.EndedBefore(90, 10));
        Assert.Equal([3], store.EndedBefore(90, 1));
        await store.KeepAsync(new ExecutionStoreChange { Forget = [3, 2] });
        Assert.Equal([4], store.EndedBefore(1000, 10));
        Assert.Null(store.Find(2));
        Assert.Empty(store.Records(2));
        Assert.Null(store.Checkpoint(2));
        Assert.Equal(2, store.Records(1).Count);
        Assert.Equal([1], store.Open().Select(each => each.Key));
    }

    [Fact]
    public async Task The_latest_checkpoint_is_kept()
    {
        using var store = OpenAnother();
        JournalRecord[] records = Chains.Of(4);
        Checkpoint first = new(records[1].Position, 1, new byte[] { 1, 2, 3 });
        Checkpoint second = new(records[3].Position, 2, new byte[100_000]);
        await store.KeepAsync(new ExecutionStoreChange
        {
            Key = 1,
            Begins = Chains.Execution(1, "a"),
            Records = [.. records.Take(2)],
            Checkpoint = first,
        });
        Assert.Null(store.Checkpoint(2));
        Assert.Equal([1, 2, 3], store.Checkpoint(1)!.State.ToArray());

        await store.KeepAsync(
            new ExecutionStoreChange { Key = 1, Records = [.. records.Skip(2)], Checkpoint = second });
        var found = store.Checkpoint(1)!;
        Assert.Equal((second.Position, 2, 100_000), (found.Position, found.FormatVersion, found.State.Length));
    }

    [Fact]
    public async Task Records_are_let_go_from_the_first_on_and_those_of_others_are_not()
    {
        using var store = OpenAnother();
        foreach (var key in (long[])[1, 2])
        {
            await store.KeepAsync(new ExecutionStoreChange
            {
                Key = key,
                Begins = Chains.Execution(key, $"e{key}"),
                Records = Chains.Of(6),
            });
        }

        var more = Chains.After(Chains.Of(6)[^1].Position, [7], [8]);
        await store.KeepAsync(new ExecutionStoreChange { Key = 1, Records = more, Prune = 4 });
        Chains.AssertSame([.. Chains.Of(6).Skip(3), .. more], store.Records(1));
        Assert.Equal(more[^1].Position, store.Find(1)!.Last);
        Chains.AssertSame(Chains.Of(6), store.Records(2));
        Chains.AssertSame([.. Chains.Of(6).Skip(4).Take(2)], store.Page(1, 5, 2));
        Chains.AssertSame([.. Chains.Of(6).Take(3)], store.Page(2, 1, 3));
    }

    [Fact]
    public async Task A_chain_may_be_longer_than_any_history_of_the_service()
    {
        const long Far = 1L << 24;
        using var store = OpenAnother();
        var far = Chains.After(new JournalPosition(Far - 3, ChainHash.Zero), [.. Enumerable.Repeat(new byte[5], 6)]);
        await store.KeepAsync(new ExecutionStoreChange
        {
            Key = 1,
            Begins = Chains.Execution(1, "a"),
            Records = far,
        });
        await store.KeepAsync(new ExecutionStoreChange
        {
            Key = 2,
            Begins = Chains.Execution(2, "b"),
            Records = Chains.Of(2),
        });

        Chains.AssertSame(far, store.Records(1));
        Chains.AssertSame([.. far.Skip(4)], store.Records(1, Far + 2));
        Chains.AssertSame([.. far.Skip(1).Take(3)], store.Page(1, Far - 1, 3));
        Chains.AssertSame(Chains.Of(2), store.Records(2));
        await store.KeepAsync(new ExecutionStoreChange { Key = 1, Prune = Far + 1 });
        Chains.AssertSame([.. far.Skip(3)], store.Records(1));
        await store.KeepAsync(new ExecutionStoreChange { Forget = [1] });
        Assert.Empty(store.Records(1));
        Chains.AssertSame(Chains.Of(2), store.Records(2));
    }

    [Fact]
    public async Task Many_executions_share_commits_and_each_is_told_in_order()
    {
        const int Executions = 200;
        using var store = OpenAnother();
        List<Task> kept = [];
        List<long> told = [];
        for (var key = 1L; key <= Executions; key++)
        {
            var number = key;
            kept.Add(store.KeepAsync(
                new ExecutionStoreChange
                {
                    Key = key,
                    Begins = Chains.Execution(key, $"e{key}"),
                    Records = Chains.Of(3),
                },
                () => told.Add(number)));
        }

        await Task.WhenAll(kept).WaitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(Enumerable.Range(1, Executions).Select(key => (long)key), told);
        Assert.InRange(store.Commits, 1, Executions / 2);
        Assert.Equal(Executions, store.Open().Count);
        Assert.Equal(new ExecutionStoreHealth(null, 0, TimeSpan.Zero), store.Health);
    }

    [Fact]
    public void It_has_one_owner()
    {
        using var store = Open();
        var refused = Assert.Throws<JournalStoreException>(() => Open());
        Assert.Equal(JournalStoreFailure.InUse, refused.Failure);
    }

    [Fact]
    public async Task After_its_end_it_refuses()
    {
        var store = OpenAnother();
        store.Dispose();
        var refused = await Assert.ThrowsAsync<JournalStoreException>(() => store.KeepAsync(new ExecutionStoreChange
        {
            Documents = [new StoredDocument("a", "b", [])],
        }));
        Assert.Equal(JournalStoreFailure.Closed, refused.Failure);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task It_holds_what_a_model_of_it_holds(int seed)
    {
        Random random = new(seed);
        ExecutionStoreModel model = new();
        var store = Open();
        try
        {
            for (var turn = 0; turn < 60; turn++)
            {
                var changes = Enumerable.Range(0, random.Next(1, 8)).Select(_ => model.Next(random)).ToArray();
                await Task.WhenAll(changes.Select(change => store.KeepAsync(change)));
                if (random.Next(10) == 0)
                {
                    store.Dispose();
                    store = Open();
                    Assert.Equal(model.LastKey, store.LastKey);
                }

                model.AssertSame(store);
            }
        }
        finally
        {
            store.Dispose();
        }
    }
}

using Analemma.Journal;
using Analemma.Journal.Executions;
using Analemma.Storage.Postgres;

namespace Analemma.Integration.Tests.Storage.Executions;

/// <summary>A server that crashes, hangs, is slow, is full, answers to nobody, or has gone to another kernel.</summary>
public sealed class PostgresFailureTests
{
    [Fact]
    public async Task What_goes_on_waits_for_a_server_that_crashed_and_what_would_begin_is_refused()
    {
        using var cluster = PostgresCluster.Create();
        using var store = PostgresExecutionStore.Open(cluster.NewStore());
        await store.KeepAsync(Begin(1));
        cluster.Crash();

        var goesOn = store.KeepAsync(Advance(1, 1));
        while (store.Health.Failure is null)
        {
            await Task.Yield();
        }

        var refused = await Assert.ThrowsAsync<JournalStoreException>(() => store.KeepAsync(Begin(2)));
        Assert.True(refused is { Failure: JournalStoreFailure.Gone, StoreIsUsable: true }, refused.ToString());
        Assert.Equal(JournalStoreFailure.Gone, store.Health.Refusal?.Failure);
        Assert.False(goesOn.IsCompleted);
        Assert.Equal(JournalStoreFailure.Gone, Assert.Throws<JournalStoreException>(() => store.Find(1)).Failure);

        cluster.Start();
        await goesOn.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Null(store.Health.Refusal);
        Chains.AssertSame(Chains.Of(2), store.Records(1));
        await store.KeepAsync(Begin(1000));
    }

    [Fact]
    public async Task A_commit_whose_answer_was_lost_is_not_made_twice()
    {
        var cluster = PostgresClusters.Shared;
        var direct = cluster.NewStore();
        using CutProxy proxy = new(Path.Combine(cluster.Sockets, ".s.PGSQL.5432"));
        using var store = PostgresExecutionStore.Open(direct.Replace(
            cluster.Sockets, proxy.Folder, StringComparison.Ordinal));
        await store.KeepAsync(Begin(1));
        for (var cut = 1; cut <= 5; cut++)
        {
            // The server gets it all and commits; its answer, and then the connection, is lost.
            proxy.SwallowAnswersOnce();
            await store.KeepAsync(Advance(1, cut)).WaitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(cut, proxy.Cuts);
            Chains.AssertSame(Chains.Of(cut + 1), store.Records(1));
        }

        Assert.Null(store.Health.Failure);
        Assert.Equal(6, store.Commits);
    }

    [Fact]
    public async Task Who_was_replaced_can_write_no_more()
    {
        var cluster = PostgresClusters.Shared;
        var where = cluster.NewStore();
        var schema = SchemaOf(where);
        using var first = PostgresExecutionStore.Open(where);
        await first.KeepAsync(Begin(1));
        // As a partition would: its session ends on the server, and another kernel comes before it is back.
        cluster.Ask("SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory' "
            + "AND objid = 'workflow_store'::regclass::oid", schema);
        using var second = PostgresExecutionStore.Open(where);

        var refused = await Assert.ThrowsAsync<JournalStoreException>(() => first.KeepAsync(Advance(1, 1)));
        Assert.Equal((JournalStoreFailure.Fenced, false), (refused.Failure, refused.StoreIsUsable));
        Assert.Equal(JournalStoreFailure.Fenced, first.Health.Refusal?.Failure);
        await second.KeepAsync(Advance(1, 1));
        Chains.AssertSame(Chains.Of(2), second.Records(1));
    }

    [Fact]
    public async Task A_server_without_room_takes_nothing_loses_nothing_and_goes_on_when_there_is_some()
    {
        var cluster = PostgresClusters.Shared;
        var where = cluster.NewStore();
        var schema = SchemaOf(where);
        using var store = PostgresExecutionStore.Open(where);
        await store.KeepAsync(Begin(1));
        // As the server itself fails when a file of a table cannot be made longer.
        cluster.Ask(
            """
            CREATE FUNCTION full_disk() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN
                RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100';
            END $$;
            CREATE TRIGGER full_disk BEFORE INSERT ON workflow_record EXECUTE FUNCTION full_disk();
            """,
            schema);

        foreach (var change in (ExecutionStoreChange[])[Advance(1, 1), Begin(2)])
        {
            var refused = await Assert.ThrowsAsync<JournalStoreException>(() => store.KeepAsync(change));
            Assert.True(refused is { Failure: JournalStoreFailure.Full, StoreIsUsable: true }, refused.ToString());
            Assert.Contains("53100", refused.Message);
        }

        Assert.Single(store.Records(1));
        Assert.Null(store.Find(2));
        Assert.Null(store.Health.Failure);

        cluster.Ask("DROP TRIGGER full_disk ON workflow_record", schema);
        await store.KeepAsync(Advance(1, 1));
        await store.KeepAsync(Begin(2));
        Chains.AssertSame(Chains.Of(2), store.Records(1));
    }

    [Fact]
    public async Task The_epoch_fences_also_a_session_that_lives()
    {
        var cluster = PostgresClusters.Shared;
        var where = cluster.NewStore();
        using var store = PostgresExecutionStore.Open(where);
        await store.KeepAsync(Begin(1));
        cluster.Ask("UPDATE workflow_store SET epoch = epoch + 1", SchemaOf(where));

        var refused = await Assert.ThrowsAsync<JournalStoreException>(() => store.KeepAsync(Advance(1, 1)));
        Assert.Equal(JournalStoreFailure.Fenced, refused.Failure);
        Assert.Single(store.Records(1));
    }

    [Fact]
    public async Task A_slow_server_takes_no_new_work_and_loses_nothing()
    {
        var cluster = PostgresClusters.Shared;
        var where = cluster.NewStore();
        HandClock clock = new();
        using var store = PostgresExecutionStore.Open(where, clock);
        await store.KeepAsync(Begin(1));
        using Npgsql.NpgsqlConnection other = new(where + ";Pooling=false");
        other.Open();
        var holding = await other.BeginTransactionAsync(TestContext.Current.CancellationToken);
        using (Npgsql.NpgsqlCommand hold = new("LOCK TABLE workflow_record IN EXCLUSIVE MODE", other))
        {
            await hold.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        var slow = store.KeepAsync(Advance(1, 1));
        Assert.Null(store.Health.Refusal);
        clock.Pass(ExecutionStoreHealth.SlowAfter + TimeSpan.FromSeconds(1));
        var refusal = store.Health.Refusal!;
        Assert.Equal((JournalStoreFailure.Busy, true), (refusal.Failure, refusal.StoreIsUsable));
        Assert.False(slow.IsCompleted);

        await holding.RollbackAsync(TestContext.Current.CancellationToken);
        await slow;
        Assert.Null(store.Health.Refusal);
        Chains.AssertSame(Chains.Of(2), store.Records(1));
    }

    [Theory]
    [InlineData("Host=/nowhere;Password=hunter2;Usrname=x")]
    [InlineData("Password=hunter2;Port=many")]
    public void A_connection_string_that_cannot_be_read_is_not_shown(string wrong)
    {
        var refused = Assert.Throws<JournalStoreException>(() => PostgresExecutionStore.Open(wrong));
        Assert.DoesNotContain("hunter2", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_server_that_is_not_there_is_gone_and_the_password_stays_out()
    {
        var refused = Assert.Throws<JournalStoreException>(() => PostgresExecutionStore.Open(
            "Host=/nowhere;Username=x;Password=hunter2"));
        Assert.Equal(JournalStoreFailure.Gone, refused.Failure);
        Assert.DoesNotContain("hunter2", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_store_of_a_newer_kernel_is_refused()
    {
        var cluster = PostgresClusters.Shared;
        var where = cluster.NewStore();
        PostgresExecutionStore.Open(where).Dispose();
        cluster.Ask("UPDATE workflow_store SET version = 99", SchemaOf(where));
        var refused = Assert.Throws<JournalStoreException>(() => PostgresExecutionStore.Open(where));
        Assert.Equal(JournalStoreFailure.NotAJournal, refused.Failure);
    }

    private static string SchemaOf(string where) => new Npgsql.NpgsqlConnectionStringBuilder(where).SearchPath!;

    private static ExecutionStoreChange Begin(long key) => new()
    {
        Key = key,
        Begins = Chains.Execution(key, $"e{key}"),
        Records = Chains.Of(1),
    };

    private static ExecutionStoreChange Advance(long key, int from) => new()
    {
        Key = key,
        Records = [Chains.Of(from + 1)[from]],
    };
}

/// <summary>Time that passes when it is told to.</summary>
internal sealed class HandClock : TimeProvider
{
    private long _passed;

    public override long GetTimestamp() => 1 + Interlocked.Read(ref _passed);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public void Pass(TimeSpan time) => Interlocked.Add(ref _passed, time.Ticks);
}

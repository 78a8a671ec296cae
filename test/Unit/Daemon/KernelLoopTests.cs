using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Loop;
using Analemma.Daemon.Sockets;
using Analemma.Journal;
using Analemma.Kernel;
using Analemma.Kernel.Effects;

namespace Analemma.Unit.Tests.Daemon;

public sealed class KernelLoopTests : IDisposable
{
    private readonly HeldJournal _journal = new();
    private readonly RecordedEffects _effects = new();
    private readonly CallTable _calls = new();
    private readonly List<Exception> _panics = [];
    private readonly KernelLoop _loop;

    public KernelLoopTests() => _loop = new KernelLoop(
        new KernelState(),
        JournalPosition.Beginning,
        new JournalWriter(_journal),
        _effects,
        _calls,
        TimeProvider.System,
        _panics.Add);

    public void Dispose() => _journal.Dispose();

    [Fact]
    public void No_effect_is_seen_before_its_event_is_durable()
    {
        _loop.Submit(new TestCall(1, new Spawn { Argv = ["true"] }));
        Assert.Equal(1, _journal.Held);
        Assert.Empty(_effects.Started);

        _journal.Release();
        Assert.IsType<Launch>(Assert.Single(_effects.Started));
    }

    [Fact]
    public void A_spawn_is_foreseen_before_its_commit_and_launched_after_it_as_it_was_foreseen()
    {
        _loop.Submit(new TestCall(1, new Spawn { Argv = ["true"], Name = "one" }));
        var foreseen = Assert.Single(_effects.Foreseen);
        Assert.Empty(_effects.Started);

        _journal.Release();
        var launched = Assert.IsType<Launch>(Assert.Single(_effects.Started));
        Assert.Equal((launched.Process, "one"), (foreseen.Process, foreseen.Plan.Name));
    }

    [Fact]
    public void A_spawn_that_will_be_refused_or_that_is_not_alone_is_not_foreseen()
    {
        _loop.Submit(new TestCall(1, new Spawn { Argv = ["true"], Name = "one" }));
        _journal.Release();
        _effects.Foreseen.Clear();

        _loop.Submit(new TestCall(2, new Spawn { Argv = ["true"], Name = "one" }));
        _loop.Submit(new TestCall(3, new Spawn { Argv = ["true"] }));
        _loop.Submit(new TestCall(4, new Spawn { Argv = ["true"] }));
        _journal.Release();
        Assert.IsType<Refuse>(_effects.Started[^1]);
        _journal.Release();
        Assert.Equal(2, _effects.Started.Skip(2).OfType<Launch>().Count());
        Assert.Empty(_effects.Foreseen);
    }

    [Fact]
    public void An_idle_kernel_is_entered_on_the_arriving_thread()
    {
        _loop.Submit(new TestCall(1, new List()));
        Assert.IsType<Answer>(Assert.Single(_effects.Started));
        Assert.Equal(Environment.CurrentManagedThreadId, _effects.Thread);
    }

    [Fact]
    public void What_arrives_during_a_commit_waits_its_turn_and_is_committed_together()
    {
        _loop.Submit(new TestCall(1, new Spawn { Argv = ["true"] }));
        _loop.Submit(new TestCall(2, new Spawn { Argv = ["true"] }));
        _loop.Submit(new TestCall(3, new List()));
        _loop.Submit(new TestCall(4, new Spawn { Argv = ["true"] }));
        Assert.Equal([1], _journal.Batches);

        _journal.Release();
        Assert.Equal([1, 2], _journal.Batches);
        Assert.Single(_effects.Started);

        _journal.Release();
        Assert.Equal(
            [typeof(Launch), typeof(Launch), typeof(Answer), typeof(Launch)],
            _effects.Started.Select(effect => effect.GetType()));
        var listed = (ListReply)_effects.Started.OfType<Answer>().Single().Reply;
        Assert.Equal([1, 2], listed.Processes.Select(process => process.Id.Value));
    }

    [Fact]
    public void Who_only_looks_waits_for_no_commit_and_sees_what_was_before_it()
    {
        _loop.Submit(new TestCall(1, new Spawn { Argv = ["true"] }));
        _loop.Submit(new TestCall(2, new List()) { Alone = true });
        Assert.Empty(((ListReply)Assert.IsType<Answer>(Assert.Single(_effects.Started)).Reply).Processes);
        Assert.Equal(Environment.CurrentManagedThreadId, _effects.Thread);

        _journal.Release();
        Assert.IsType<Launch>(_effects.Started[1]);
        _loop.Submit(new TestCall(3, new List()) { Alone = true });
        Assert.Single(((ListReply)Assert.IsType<Answer>(_effects.Started[2]).Reply).Processes);
    }

    [Fact]
    public void Who_looks_while_somebody_is_inside_does_not_wait_for_the_commit_that_one_begins()
    {
        _effects.Meanwhile = () =>
        {
            _loop.Submit(new TestCall(2, new Spawn { Argv = ["true"] }));
            _loop.Submit(new TestCall(3, new List()) { Alone = true });
            _loop.Submit(new TestCall(4, new List()));

            // As the answer to the first who looks leaves, and the turn goes on without waiting for more of them.
            _effects.Meanwhile = () => _loop.Submit(new TestCall(5, new List()) { Alone = true });
        };
        _loop.Submit(new TestCall(1, new Wait { Id = new ProcessId(999_999) }));
        Assert.Equal(1, _journal.Held);
        Assert.Equal([1, 3, 5], _effects.Started.Select(CallOf));

        _journal.Release();
        Assert.Equal([1, 3, 5, 0, 4], _effects.Started.Select(CallOf));
        Assert.Equal(0, _loop.WaitingCount);
    }

    [Fact]
    public void Who_has_something_else_under_way_or_changes_something_waits_for_the_commit()
    {
        _loop.Submit(new TestCall(1, new Spawn { Argv = ["true"] }));
        _loop.Submit(new TestCall(2, new List()));
        _loop.Submit(new TestCall(3, new Wait { Id = new ProcessId(999_999) }) { Alone = true });
        Assert.Empty(_effects.Started);

        _journal.Release();
        Assert.Equal(3, _effects.Started.Count);
    }

    [Fact]
    public void What_goes_wrong_while_somebody_looks_panics_and_the_commit_is_of_no_more_use()
    {
        _loop.Submit(new TestCall(1, new Spawn { Argv = ["true"] }));
        _effects.Throws = new InvalidOperationException("a bug");
        _loop.Submit(new TestCall(2, new List()) { Alone = true });
        Assert.Same(_effects.Throws, Assert.Single(_panics));

        _effects.Throws = null;
        _journal.Release();
        Assert.Empty(_effects.Started);
    }

    [Fact]
    public async Task Who_looks_and_the_journal_are_one_at_a_time()
    {
        const int callers = 3;
        const int rounds = 3_000;
        using var ended = new CancellationTokenSource();
        var committing = Task.Run(
            () =>
            {
                while (!ended.IsCancellationRequested)
                {
                    _journal.TryRelease();
                }
            },
            TestContext.Current.CancellationToken);
        await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(() =>
        {
            for (var i = 0; i < rounds; i++)
            {
                Syscall syscall = i % 50 == 0 ? new Spawn { Argv = ["true"] } : new List();
                _loop.Submit(new TestCall((caller * 10_000) + i + 1, syscall) { Alone = true });
            }
        })));
        Assert.True(SpinWait.SpinUntil(() => _loop.EventCount == callers * rounds, TimeSpan.FromSeconds(60)));
        await ended.CancelAsync();
        await committing;
        Assert.Empty(_panics);
        Assert.False(_effects.Overlapped);
        Assert.Equal(callers * rounds, _effects.Started.Count);
    }

    [Fact]
    public void A_journal_that_cannot_keep_a_batch_stops_the_kernel_and_nothing_of_it_happens()
    {
        _loop.Submit(new TestCall(1, new Spawn { Argv = ["true"] }));
        _journal.Release(new JournalStoreException(JournalStoreFailure.Busy, "disk full"));
        Assert.Single(_panics);
        _loop.Submit(new TestCall(2, new List()));
        Assert.Empty(_effects.Started);
    }

    [Fact]
    public void A_malformed_request_is_answered_at_the_edge_and_enters_nothing()
    {
        var call = new TestCall(1, new Spawn());
        _loop.Submit(call);
        Assert.Equal(SysErrorCode.InvalidArgument, call.Failure!.Code);
        Assert.Equal(0, _journal.Held);
        Assert.Equal(0, _calls.Count);
    }

    /// <summary>Whatever is thrown in a turn: the kernel ends, and not the process by its thread.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_effect_that_throws_panics_and_the_end_does_not_wait_for_it(bool isDurable)
    {
        _effects.Throws = new InvalidOperationException("a bug");
        _loop.Submit(new TestCall(1, isDurable ? new Spawn { Argv = ["true"] } : new List()));
        if (isDurable)
        {
            _journal.Release();
        }

        Assert.Same(_effects.Throws, Assert.Single(_panics));
        Assert.False(_loop.Stop());
        _loop.Submit(new TestCall(2, new List()));
        Assert.Single(_panics);
    }

    [Fact]
    public void A_loop_that_is_well_stops_whole_and_takes_no_more()
    {
        Assert.True(_loop.Stop());
        _loop.Submit(new TestCall(1, new List()));
        Assert.Empty(_effects.Started);
        Assert.Empty(_panics);
    }

    [Fact]
    public void A_message_that_waits_is_known_as_any_call_that_waits()
    {
        _loop.Submit(new TestCall(1, new Register { Name = "box" }));
        TestCall receive = new(2, new Recv { Mailbox = "box" });
        _loop.Submit(receive);
        Assert.Same(receive, _calls.Find(2));
        _loop.Cancelled(receive);
        Assert.Null(_calls.Find(2));
        _loop.Submit(new TestCall(3, new Send { To = "box" }));
        Assert.Equal([1, 3], _effects.Started.OfType<Answer>().Select(answer => answer.Call.Value));

        _loop.Submit(new TestCall(4, new Register { Name = "kept", Durable = true }));
        _journal.Release();
        TestCall send = new(5, new Send { To = "kept" });
        _loop.Submit(send);
        Assert.Equal(1, _journal.Held);
        Assert.Same(send, _calls.Find(5));
        _journal.Release();
        Assert.Equal(5, _effects.Started.OfType<Answer>().Last().Call.Value);
    }

    [Fact]
    public async Task Many_threads_are_one_writer()
    {
        using var store = new MemoryJournalStore();
        var effects = new RecordedEffects();
        var loop = new KernelLoop(
            new KernelState(),
            JournalPosition.Beginning,
            new JournalWriter(store),
            effects,
            new CallTable(),
            TimeProvider.System,
            _panics.Add);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Run(() =>
        {
            for (var i = 0; i < 2000; i++)
            {
                Syscall syscall = (i % 3) switch
                {
                    0 => new Spawn { Argv = ["true"] },
                    1 => new Send { To = "nobody" },
                    _ => new Wait { Id = new ProcessId(999_999) },
                };
                loop.Submit(new TestCall((thread * 10_000) + i + 1, syscall));
            }
        })));
        Assert.Empty(_panics);
        Assert.False(effects.Overlapped);
        Assert.Equal(8000, effects.Started.OfType<Launch>().Count() + effects.Started.OfType<Refuse>().Count());
        Assert.Equal(
            Enumerable.Range(1, 2668).Select(id => (long)id),
            effects.Started.OfType<Launch>().Select(launch => launch.Process.Value));
    }

    private static long CallOf(Effect effect) => effect switch
    {
        Answer answer => answer.Call.Value,
        Refuse refuse => refuse.Call.Value,
        _ => 0,
    };

    private sealed class TestCall(long id, Syscall syscall) : SyscallCall(id, new Peer(ProcessId.None, 0, 0), syscall)
    {
        public SysError? Failure { get; private set; }

        public bool Alone { get; init; }

        public override bool IsAlone => Alone;

        public override bool IsOver => Failure is not null;

        public override void Reply(Reply reply)
        {
        }

        public override void Fail(SysError error) => Failure = error;

        public override ValueTask<bool> SendRawAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
            ValueTask.FromResult(true);

        public override bool TrySendEvent(EventView piece) => true;
    }

    private sealed class RecordedEffects : IEffectRunner
    {
        private int _inside;

        public List<Effect> Started { get; } = [];

        public List<Launch> Foreseen { get; } = [];

        public Exception? Throws { get; set; }

        /// <summary>Done once, by the thread inside, as the next effect starts.</summary>
        public Action? Meanwhile { get; set; }

        public void Expect(Launch launch) => Foreseen.Add(launch);

        public int Thread { get; private set; }

        public bool Overlapped { get; private set; }

        public void Start(Effect effect)
        {
            if (Throws is not null)
            {
                throw Throws;
            }

            Overlapped |= Interlocked.Exchange(ref _inside, 1) == 1;
            Started.Add(effect);
            Thread = Environment.CurrentManagedThreadId;
            var meanwhile = Meanwhile;
            Meanwhile = null;
            meanwhile?.Invoke();
            Volatile.Write(ref _inside, 0);
        }
    }

    /// <summary>A store whose commits end when the test says so.</summary>
    private sealed class HeldJournal : IJournalStore
    {
        private volatile Action<JournalStoreException?>? _done;
        private JournalPosition _next;

        public List<int> Batches { get; } = [];

        public int Held => _done is null ? 0 : 1;

        public long Commits => 0;

        public JournalPosition Anchor => JournalPosition.Beginning;

        public JournalPosition Last { get; private set; }

        public bool TailCanTear => false;

        public void Append(IReadOnlyList<JournalRecord> batch, Action<JournalStoreException?> done)
        {
            Batches.Add(batch.Count);
            _next = batch[^1].Position;
            _done = done;
        }

        public void TryRelease()
        {
            if (_done is not null)
            {
                Release();
            }
        }

        public void Release(JournalStoreException? failure = null)
        {
            var done = _done!;
            _done = null;
            Last = failure is null ? _next : Last;
            done(failure);
        }

        public IEnumerable<JournalRecord> Read(long fromSequence) => [];

        public Checkpoint? ReadCheckpoint() => null;

        public Task WriteCheckpointAsync(Checkpoint checkpoint, CancellationToken cancellationToken) =>
            Task.CompletedTask;

        public Task<int> PruneAsync(long throughSequence, CancellationToken cancellationToken) => Task.FromResult(0);

        public void DropTail(long fromSequence)
        {
        }

        public void Dispose()
        {
        }
    }
}

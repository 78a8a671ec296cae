namespace Analemma.Models.Simulated;

// Continuous batching, as far as a scheduler above it can tell: so many slots, in order of arrival; a prompt is read
// at a fixed rate; then each token takes a step, whose time grows with what runs beside it. Steps are counted from one
// another's due time and not from when a timer came, so that late timers do not add up.

/// <summary>The simulated machine that all calls of one provider share.</summary>
internal sealed class SimulatedEngine(SimulatedEngineOptions options, TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim _slots = new(options.Slots);
    private readonly Lock _gate = new();

    // Under the gate.
    private int _running;
    private long _contextTokens;

    /// <summary>Waits for a slot and for the prompt to be read.</summary>
    public async Task<Run> StartAsync(int promptTokens, CancellationToken cancellationToken)
    {
        await _slots.WaitAsync(cancellationToken);
        var run = new Run(this, promptTokens);
        try
        {
            await run.WaitAsync(promptTokens * options.PrefillMsPerToken, cancellationToken);
            return run;
        }
        catch (OperationCanceledException)
        {
            run.Dispose();
            throw;
        }
    }

    public void Dispose() => _slots.Dispose();

    private double StepMs()
    {
        lock (_gate)
        {
            return options.DecodeStepMs + (options.DecodeMsPerCall * _running)
                + (options.DecodeMsPerContextToken * _contextTokens);
        }
    }

    private void Change(int calls, long tokens)
    {
        lock (_gate)
        {
            _running += calls;
            _contextTokens += tokens;
        }
    }

    /// <summary>One call that has a slot, until it is disposed.</summary>
    internal sealed class Run : IDisposable
    {
        private readonly SimulatedEngine _engine;
        private long _due;
        private long _tokens;
        private bool _isOver;

        public Run(SimulatedEngine engine, int promptTokens)
        {
            (_engine, _tokens, _due) = (engine, promptTokens, engine.Now());
            engine.Change(1, promptTokens);
        }

        /// <summary>The time of one more token.</summary>
        public Task StepAsync(CancellationToken cancellationToken)
        {
            _tokens++;
            _engine.Change(0, 1);
            return WaitAsync(_engine.StepMs(), cancellationToken);
        }

        public Task WaitAsync(double milliseconds, CancellationToken cancellationToken)
        {
            _due += (long)(milliseconds / _engine.Speed * TimeSpan.TicksPerMillisecond);
            var wait = TimeSpan.FromTicks(_due - _engine.Now());
            return wait > TimeSpan.Zero
                ? Task.Delay(wait, _engine.Time, cancellationToken)
                : cancellationToken.IsCancellationRequested ? Task.FromCanceled(cancellationToken) : Task.CompletedTask;
        }

        public void Dispose()
        {
            if (!_isOver)
            {
                _isOver = true;
                _engine.Change(-1, -_tokens);
                _engine._slots.Release();
            }
        }
    }

    private TimeProvider Time => time;

    private double Speed => options.Speed;

    /// <summary>In ticks of a TimeSpan, whatever the clock counts in.</summary>
    private long Now() => time.GetElapsedTime(0, time.GetTimestamp()).Ticks;
}

using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Analemma.Daemon;

/// <summary>
/// The daemon's log: a line each, in the form of .NET's own console logger on one line. That one
/// takes a tenth of a start to be put together. A thread writes, so that nobody waits for a reader who is slow; of
/// lines that it falls behind with, later ones are dropped and counted.
/// </summary>
internal sealed class ConsoleLog : ILogger, IDisposable
{
    private const int LinesMax = 2500;

    private readonly string _category;
    private readonly LogLevel _least;
    private readonly TextWriter _out;
    private readonly TimeProvider _time;
    private readonly BlockingCollection<string> _lines = new(LinesMax);
    private readonly Lazy<Thread> _writer;
    private int _dropped;

    public ConsoleLog(string category, LogLevel least, TextWriter @out, TimeProvider time)
    {
        (_category, _least, _out, _time) = (category, least, @out, time);
        _writer = new Lazy<Thread>(Start);
    }

    public bool IsEnabled(LogLevel logLevel) => logLevel >= _least && logLevel != LogLevel.None;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
        {
            return;
        }

        StringBuilder line = new();
        line.Append(_time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ ", CultureInfo.InvariantCulture))
            .Append(NameOf(logLevel)).Append(": ").Append(_category)
            .Append('[').Append(eventId.Id).Append("] ").Append(formatter(state, exception));
        if (exception is not null)
        {
            line.Append(' ').Append(exception);
        }

        // One line each, whoever's words are in it, and no commands to a terminal.
        Write(string.Concat(line.ToString().Select(each => char.IsControl(each) ? ' ' : each)));
    }

    /// <summary>Ends when all that was logged is written.</summary>
    public void Dispose()
    {
        _lines.CompleteAdding();
        if (_writer.IsValueCreated)
        {
            _writer.Value.Join();
        }

        _lines.Dispose();
    }

    private static string NameOf(LogLevel level) => level switch
    {
        LogLevel.Trace => "trce",
        LogLevel.Debug => "dbug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        LogLevel.Error => "fail",
        _ => "crit",
    };

    private void Write(string line)
    {
        _ = _writer.Value;
        try
        {
            if (!_lines.TryAdd(line))
            {
                Interlocked.Increment(ref _dropped);
            }
        }
        catch (InvalidOperationException)
        {
            // Logged after the end, or while it came.
        }
    }

    private Thread Start()
    {
        Thread thread = new(Run) { IsBackground = true, Name = "log" };
        thread.Start();
        return thread;
    }

    private void Run()
    {
        foreach (var line in _lines.GetConsumingEnumerable())
        {
            try
            {
                _out.WriteLine(line);
                if (Interlocked.Exchange(ref _dropped, 0) is > 0 and var dropped)
                {
                    _out.WriteLine($"… {dropped} lines were dropped: nobody took them, or not as fast");
                }

                _out.Flush();
            }
            catch (IOException)
            {
                // Nobody reads it any more, or there is no room for it.
                Interlocked.Increment(ref _dropped);
            }
        }
    }
}

using System.Diagnostics;
using System.Text.Json;

namespace Analemma.Fuzz;

/// <summary>
/// Runs cases from a number on until so many frames have been through, on a few threads; stops at a failure.
/// </summary>
internal sealed class FuzzRun(ICases cases, Func<byte[], int> target, int framesPerCase)
{
    private long _frames;
    private long _cases;
    private long _next;
    private long _started;
    private string? _failure;

    /// <summary>How long to run, whatever the number of frames; null to count those.</summary>
    public TimeSpan? TimeMax { get; set; }

    public long Frames => Interlocked.Read(ref _frames);

    public long Cases => Interlocked.Read(ref _cases);

    /// <summary>What went wrong and with which case, or null.</summary>
    public string? Failure => Volatile.Read(ref _failure);

    public static (byte[] Stream, int Frames) One(
        ICases cases, ulong number, int framesPerCase, Func<byte[], int> target)
    {
        var stream = cases.Make(number, framesPerCase);
        return (stream, target(stream));
    }

    public TimeSpan Run(long frames, int threads, ulong first = 0)
    {
        var start = _started = Stopwatch.GetTimestamp();
        _next = (long)first;
        var workers = Enumerable.Range(0, threads).Select(_ => new Thread(() => Work(frames)) { IsBackground = true });
        Thread[] started = [.. workers];
        Array.ForEach(started, thread => thread.Start());
        Array.ForEach(started, thread => thread.Join());
        return Stopwatch.GetElapsedTime(start);
    }

    private void Work(long frames)
    {
        while (Failure is null
            && (TimeMax is { } most ? Stopwatch.GetElapsedTime(_started) < most : Frames < frames))
        {
            var number = (ulong)Interlocked.Increment(ref _next) - 1;
            var stream = cases.Make(number, framesPerCase);
            try
            {
                Interlocked.Add(ref _frames, target(stream));
                Interlocked.Increment(ref _cases);
            }
            catch (Exception fault) when (fault is not OutOfMemoryException)
            {
                // Whatever it is, it is what the fuzzer looks for.
                Volatile.Write(
                    ref _failure,
                    $"case {number}: {(fault is FuzzFailureException or JsonException ? fault.Message : fault)}\n"
                    + Convert.ToHexString(stream));
            }
        }
    }
}

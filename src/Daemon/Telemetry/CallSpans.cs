using System.Diagnostics;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Sockets;
using Analemma.Daemon.Telemetry.Instruments;

namespace Analemma.Daemon.Telemetry;

/// <summary>
/// Spans of syscalls that go through the kernel, from the decoded request to the answer: <c>syscall think</c>. The
/// attempts of a THINK are their children. None is made unless somebody listens.
/// </summary>
internal static class CallSpans
{
    public static ActivitySource Source { get; } = new(KernelMeter.Name);

    /// <summary>Begins the call's span. The thread's own is left as it was: the I/O thread serves everybody.</summary>
    public static void Begin(SyscallCall call)
    {
        // A subscription is no operation that ends.
        if (!Source.HasListeners() || call.Syscall is Subscribe)
        {
            return;
        }

        var before = Activity.Current;
        Activity.Current = null;
        var span = Source.StartActivity($"syscall {Names.Of(call.Syscall.Number)}", ActivityKind.Server);
        Activity.Current = before;
        if (span is null)
        {
            return;
        }

        span.SetTag("analemma.syscall", Names.Of(call.Syscall.Number));
        span.SetTag("analemma.process", call.Peer.Process.Value);
        call.Span = span;
    }

    public static void End(SyscallCall call, SysErrorCode status)
    {
        if (call.Span is not { } span)
        {
            return;
        }

        span.SetTag("analemma.status", Names.Of(status));
        if (status is not SysErrorCode.Ok)
        {
            span.SetTag("error.type", Names.Of(status));
            span.SetStatus(ActivityStatusCode.Error);
        }

        span.Stop();
    }
}

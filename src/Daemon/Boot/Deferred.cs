using Analemma.Abi;
using Analemma.Daemon.Loop;
using Analemma.Daemon.Sockets;
using Analemma.Kernel.Effects;

namespace Analemma.Daemon.Boot;

/// <summary>
/// The server's sink until there is a kernel: the two need each other, and sandboxes need the server first.
/// </summary>
internal sealed class DeferredSink : ISyscallSink
{
    private volatile ISyscallSink? _target;

    public void Open(ISyscallSink target) => _target = target;

    public void Submit(SyscallCall call)
    {
        if (_target is { } target)
        {
            target.Submit(call);
        }
        else
        {
            call.Fail(new SysError(SysErrorCode.TryAgain, "the kernel is starting", "try again shortly"));
        }
    }

    public void Cancelled(SyscallCall call) => _target?.Cancelled(call);
}

/// <summary>The loop's runner until the runners, which need the loop, are made. No event comes before.</summary>
internal sealed class DeferredEffects : IEffectRunner
{
    private IEffectRunner? _target;

    public void Open(IEffectRunner target) => _target = target;

    public void Start(Effect effect) => _target!.Start(effect);

    public void Expect(Launch launch) => _target!.Expect(launch);
}

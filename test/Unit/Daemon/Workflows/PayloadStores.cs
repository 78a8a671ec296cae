using System.Reflection;
using Analemma.Journal.Executions;

namespace Analemma.Unit.Tests.Daemon.Workflows;

/// <summary>A store of payloads that has no room when the test says so.</summary>
internal sealed class FullStore(IPayloadStore inner) : IPayloadStore
{
    private readonly TaskCompletionSource _refused = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public volatile bool IsFull;

    public Task Refused => _refused.Task;

    public string Where => inner.Where;

    public Task PutAsync(string digest, long bytes, Action<PayloadPieces> write, CancellationToken cancelled)
    {
        if (!IsFull)
        {
            return inner.PutAsync(digest, bytes, write, cancelled);
        }

        _refused.TrySetResult();
        throw new PayloadException(PayloadFailure.Full, "no room");
    }

    public byte[] Get(string digest, long bytes) => inner.Get(digest, bytes);

    public byte[] GetPart(string digest, long offset, int bytes) => inner.GetPart(digest, offset, bytes);

    public long? LengthOf(string digest) => inner.LengthOf(digest);

    public IReadOnlyList<string> List() => inner.List();

    public void Delete(string digest) => inner.Delete(digest);

    public void Dispose() => inner.Dispose();
}

/// <summary>A store of payloads whose deletes wait until the test lets them go.</summary>
internal sealed class SlowDeletes(IPayloadStore inner) : IPayloadStore
{
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualResetEventSlim _released = new();

    /// <summary>Completes when a delete waits.</summary>
    public Task Begun => _begun.Task;

    public string Where => inner.Where;

    public void Release() => _released.Set();

    public Task PutAsync(string digest, long bytes, Action<PayloadPieces> write, CancellationToken cancelled) =>
        inner.PutAsync(digest, bytes, write, cancelled);

    public byte[] Get(string digest, long bytes) => inner.Get(digest, bytes);

    public byte[] GetPart(string digest, long offset, int bytes) => inner.GetPart(digest, offset, bytes);

    public long? LengthOf(string digest) => inner.LengthOf(digest);

    public IReadOnlyList<string> List() => inner.List();

    public void Delete(string digest)
    {
        _begun.TrySetResult();
        Assert.True(_released.Wait(TimeSpan.FromMinutes(1)), "nobody let it go");
        inner.Delete(digest);
    }

    public void Dispose()
    {
        inner.Dispose();
        _released.Dispose();
    }
}

/// <summary>A store of executions whose first commit of an execution is held until the test lets it go.</summary>
public class HeldStore : DispatchProxy
{
    private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IExecutionStore? _inner;
    private Action? _write;

    /// <summary>Completes when the commit is held.</summary>
    public Task Held => _held.Task;

    public static (IExecutionStore Store, HeldStore Control) Make(IExecutionStore inner)
    {
        var store = Create<IExecutionStore, HeldStore>();
        var control = (HeldStore)(object)store;
        control._inner = inner;
        return (store, control);
    }

    public void Release() => _write!();

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        if (targetMethod!.Name == nameof(IExecutionStore.Write)
            && args![0] is ExecutionStoreChange { Key: not 0 }
            && !_held.Task.IsCompleted)
        {
            _write = () => targetMethod.Invoke(_inner, args);
            _held.SetResult();
            return null;
        }

        return targetMethod.Invoke(_inner, args);
    }
}

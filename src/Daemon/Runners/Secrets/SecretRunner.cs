using System.Text;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Loop;
using Analemma.Daemon.Sockets;
using Analemma.Kernel;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Storage.Secrets;

namespace Analemma.Daemon.Runners.Secrets;

/// <summary>Has the store keep, list and forget secrets. No value leaves here.</summary>
internal sealed class SecretRunner(
    ISecretStore store, CallTable calls, BackgroundTasks tasks, TimeProvider time, Action<KernelEvent> post)
{
    public void Start(PerformSecret perform) => tasks.Run(_ =>
    {
        if (calls.Find(perform.Call.Value) is { } call)
        {
            Perform(call, perform);
        }

        return Task.CompletedTask;
    });

    /// <summary>What a failure of the store is to whoever asked.</summary>
    public static SysError Refusal(SecretStoreException failed) =>
        new(SysErrorCode.SecretsUnusable, failed.Message, failed.Hint);

    private void Perform(SyscallCall call, PerformSecret perform)
    {
        try
        {
            switch (perform.Syscall)
            {
                case SecretSet set:
                    var replaced = store.Set(set.Name, Encoding.UTF8.GetBytes(set.Value!), time.GetUtcNow());
                    Changed(perform, set.Name, replaced ? SecretChange.Replaced : SecretChange.Set);
                    break;
                case SecretRemove remove when store.Remove(remove.Name):
                    Changed(perform, remove.Name, SecretChange.Removed);
                    break;
                case SecretRemove remove:
                    calls.Remove(call.Id)?.Fail(new SysError(
                        SysErrorCode.NoSuchSecret, $"there is no secret {remove.Name}", "see `analemma secret list`"));
                    break;
                case SecretList:
                    var kept = store.List().Select(one => new SecretEntry(one.Name, one.CreatedAt, one.ChangedAt));
                    calls.Remove(call.Id)?.Reply(new SecretListReply([.. kept]));
                    break;
                default:
                    throw new KernelPanicException($"{perform.Syscall.Number} is not about secrets");
            }
        }
        catch (SecretStoreException failed)
        {
            calls.Remove(call.Id)?.Fail(Refusal(failed));
        }
    }

    private void Changed(PerformSecret perform, string name, SecretChange change) =>
        post(new SecretChanged(perform.Call, name, change) { At = time.GetUtcNow().UtcTicks });
}

using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;

namespace Analemma.Simulator;

/// <summary>
/// The store of secrets of a simulated world. It outlives kernels, fails now and then, and sees that no agent reaches
/// it, and that what is done was in the journal before.
/// </summary>
internal sealed class SimulatedSecrets(World world)
{
    /// <summary>In every value, so that it is noticed where it does not belong.</summary>
    public static ReadOnlySpan<byte> Canary => "canary-1f9a"u8;

    private readonly SortedDictionary<string, string> _kept = new(StringComparer.Ordinal);

    public int Changes { get; private set; }

    public void Perform(PerformSecret perform)
    {
        ViolationException.Unless(
            world.Calls.CallerOf(perform.Call) is not { IsHost: false },
            "secrets are the host's alone", perform.ToString());
        var boot = world.Kernel.Boot;
        world.Clock.After(world.Random.Delay(50, 20_000), () =>
        {
            if (world.Kernel.Boot == boot && world.Kernel.IsUp)
            {
                Do(perform);
            }
        });
    }

    private void Do(PerformSecret perform)
    {
        if (!world.IsCalm && world.Random.Chance(world.Options.DiskError))
        {
            world.Calls.Refused(perform.Call, new SysError(SysErrorCode.SecretsUnusable, "the disk failed"));
            return;
        }

        switch (perform.Syscall)
        {
            case SecretSet set:
                var isThere = _kept.ContainsKey(set.Name);
                _kept[set.Name] = set.Value!;
                Changed(perform.Call, set.Name, isThere ? SecretChange.Replaced : SecretChange.Set);
                break;
            case SecretRemove remove when _kept.Remove(remove.Name):
                Changed(perform.Call, remove.Name, SecretChange.Removed);
                break;
            case SecretRemove remove:
                world.Calls.Refused(perform.Call, new SysError(SysErrorCode.NoSuchSecret, $"no {remove.Name}"));
                break;
            default:
                world.Calls.Answered(perform.Call, new SecretListReply(
                    [.. _kept.Keys.Select(name => new SecretEntry(name, default, default))]));
                break;
        }
    }

    private void Changed(CallId call, string name, SecretChange change)
    {
        Changes++;
        world.Kernel.Arrive(new SecretChanged(call, name, change) { At = world.Clock.Ticks });
    }
}

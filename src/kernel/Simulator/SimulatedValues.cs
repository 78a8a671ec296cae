using System.Text;
using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Values;

namespace Analemma.Simulator;

/// <summary>
/// The bodies of a simulated world's larger values. They outlive kernels, take their time to be kept, and fail now and
/// then. Here it is seen that whoever was told that a value is stored finds that value, whatever happened between.
/// </summary>
internal sealed class SimulatedValues(World world)
{
    private readonly Dictionary<long, byte[]> _kept = [];

    /// <summary>By version: what the kernel said that it has stored.</summary>
    private readonly Dictionary<long, string> _told = [];

    private int _working;

    public void Run(Effect effect)
    {
        switch (effect)
        {
            case KeepValue keep:
                Keep(keep);
                break;
            case DropValues drop:
                _working++;
                Later(() =>
                {
                    _working--;
                    drop.Bodies.ToList().ForEach(body => _kept.Remove(body));
                });
                break;
            case SweepValues sweep:
                _kept.Keys.Where(body => !sweep.Used.Contains(body)).ToList().ForEach(body => _kept.Remove(body));
                break;
            case ReadValue read:
                // The store takes its work in order, so what is dropped later is there now.
                var found = JsonElement.Parse(Require(read.Value));
                Later(() => world.Calls.Answered(read.Call, read.Known with { Value = found }));
                break;
        }
    }

    /// <summary>A version is told to one STORE, and FETCH gives what that one stored.</summary>
    public void Answered(Syscall request, Reply reply)
    {
        if (request is Store store && reply is StoreReply stored)
        {
            var (key, value) = (store.Key, store.Value.GetRawText());
            ViolationException.Unless(
                _told.TryAdd(stored.Version, $"{key}={value}"),
                "a version is given once", $"{stored.Version} for {key}, which was given for {Told(stored.Version)}");
        }

        if (request is Fetch fetch && reply is FetchReply { Exists: true } fetched
            && _told.TryGetValue(fetched.Version, out var told))
        {
            ViolationException.Unless(
                told == $"{fetch.Key}={fetched.Value?.GetRawText() ?? "null"}",
                "FETCH gives what was stored", $"version {fetched.Version} was {told}, and is {fetched}");
        }
    }

    public void Check(KernelState state)
    {
        var all = state.Values.All.ToList();
        foreach (var value in all)
        {
            ViolationException.Unless(
                value.Version < state.Values.NextVersion, "a version is given once", value.ToString());
            if (value.Body is not null)
            {
                Require(value);
            }
        }

        CheckAccounts(state, all);
        ViolationException.Unless(
            all.Select(value => value.Version).Distinct().Count() == all.Count,
            "a version is given once",
            "in the table");
        if (_working == 0 && state.ValueWork.Count == 0)
        {
            ViolationException.Unless(
                _kept.Count == state.Values.Bodies.Count(),
                "no body outlives its value", $"{_kept.Count} are kept, {state.Values.Bodies.Count()} are used");
        }
    }

    /// <summary>The kernel is gone; the disk is not.</summary>
    public void Clear() => _working = 0;

    /// <summary>What is counted twice is the same twice.</summary>
    private static void CheckAccounts(KernelState state, List<StoredValue> all)
    {
        var table = state.Values;
        ViolationException.Unless(
            table.Total == new ValueAccount(all.Count, all.Sum(value => value.Weight)),
            "accounts of the store are right", table.Total.ToString());
        var payers = all.GroupBy(value => value.Payer, StringComparer.Ordinal).ToList();
        ViolationException.Unless(
            payers.Count == table.Accounts.Count && payers.All(payer => table.AccountOf(payer.Key)
                == new ValueAccount(payer.Count(), payer.Sum(value => value.Weight))),
            "accounts of the store are right", string.Join(", ", table.Accounts));
        foreach (var (payer, account) in table.Accounts.Where(pair => pair.Key.Length > 0))
        {
            ViolationException.Unless(
                account.Keys <= state.Options.Store.KeysPerAgent && account.Bytes <= state.Options.Store.BytesPerAgent,
                "quotas of the store hold", $"{payer} has {account}");
        }
    }

    private void Keep(KeepValue keep)
    {
        _working++;
        Later(() =>
        {
            _working--;
            if (!world.IsCalm && world.Random.Chance(world.Options.BodyError))
            {
                var error = new SysError(SysErrorCode.IoFailed, "the disk failed");
                world.Kernel.Arrive(new ValueNotKept(keep.Call, error) { At = world.Clock.Ticks });
                return;
            }

            _kept[keep.Body] = keep.Value;
            world.Kernel.Arrive(new ValueKept(keep.Call, HashOf(keep.Value)) { At = world.Clock.Ticks });
        });
    }

    private byte[] Require(StoredValue value)
    {
        ViolationException.Unless(
            _kept.TryGetValue(value.Body!.Value, out var body) && HashOf(body) == value.Hash,
            "every body that the kernel names is there", value.ToString());
        return body!;
    }

    private string Told(long version) => _told.GetValueOrDefault(version, "nobody");

    private static string HashOf(byte[] value) => $"{value.Length}:{Encoding.UTF8.GetString(value.AsSpan(0, 8))}";

    private void Later(Action act)
    {
        var boot = world.Kernel.Boot;
        world.Clock.After(world.Random.Delay(50, 20_000), () =>
        {
            if (world.Kernel.Boot == boot && world.Kernel.IsUp)
            {
                act();
            }
        });
    }
}

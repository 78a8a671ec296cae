using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Network;

namespace Analemma.Simulator;

/// <summary>
/// The network of a simulated world: hosts answer, fail, stall, or turn out to have addresses that no rule allows. It
/// sees every request that leaves, and holds it against what its agent was spawned with.
/// </summary>
internal sealed class SimulatedHttp(World world)
{
    private readonly Dictionary<CallId, SendHttp> _running = [];

    /// <summary>Requests over all kernel starts.</summary>
    public int Requests { get; private set; }

    /// <summary>Of them, those whose host had an address that the rule does not allow.</summary>
    public int Denials { get; private set; }

    public int Running => _running.Count;

    public void Start(SendHttp send)
    {
        Requests++;
        CheckRule(send);
        ViolationException.Unless(
            _running.TryAdd(send.Call, send), "a request is sent once", send.ToString());
        var boot = world.Kernel.Boot;
        world.Clock.After(world.Random.Delay(100, 500_000), () =>
        {
            if (world.Kernel.Boot == boot && world.Kernel.IsUp)
            {
                End(send);
            }
        });
    }

    /// <summary>The kernel is gone, and with it every connection to a host.</summary>
    public void Clear() => _running.Clear();

    private void End(SendHttp send)
    {
        _running.Remove(send.Call);
        NetworkDenial? denial = null;
        switch (world.IsCalm ? 3 : world.Random.Below(6))
        {
            case 0:
                Denials++;
                denial = new NetworkDenial($"{send.Method} {send.Target.Shown}", "its address is private");
                world.Calls.Refused(send.Call, SysError.PermissionDenied(denial.Reason));
                break;
            case 1:
                world.Calls.Refused(send.Call, new SysError(SysErrorCode.HttpFailed, "connection refused"));
                break;
            case 2:
                world.Calls.Refused(send.Call, new SysError(SysErrorCode.TimedOut, "no answer in time"));
                break;
            default:
                world.Calls.Answered(send.Call, new HttpReply(200, []));
                break;
        }

        world.Kernel.Arrive(new HttpEnded(send.Call, send.Process) { Denial = denial, At = world.Clock.Ticks });
    }

    // Not by the judge, which might be wrong: by the rule's own words.
    private void CheckRule(SendHttp send)
    {
        ViolationException.Unless(
            world.Host.TryFind(send.Process, out var child)
            && (child.Plan.Network || !child.Plan.Sandboxed
                ? send.Rule == RulePlan.Everything
                : child.Plan.NetworkRules.Contains(send.Rule)),
            "requests go by the rules of their agent", send.ToString());
        var (rule, target) = (send.Rule, send.Target);
        var host = target.Host.Text;
        ViolationException.Unless(
            rule.Host == "*" || rule.Host == host
            || (rule.Host.StartsWith("*.", StringComparison.Ordinal)
                && host.EndsWith(rule.Host[1..], StringComparison.Ordinal)),
            "requests keep to their rule", $"{send} goes to {host}, the rule is for {rule.Host}");
        ViolationException.Unless(
            (rule.Scheme ?? target.Scheme) == target.Scheme
            && (rule.Ports.Count == 0 || rule.Ports.Contains(target.Port))
            && (rule.Methods.Count == 0 || rule.Methods.Contains(send.Method))
            && (rule.Paths.Count == 0
                || rule.Paths.Any(path => target.Path.StartsWith(path, StringComparison.Ordinal)))
            && !target.Path.Contains("..", StringComparison.Ordinal),
            "requests keep to their rule", $"{send} is beyond {rule}");
    }
}

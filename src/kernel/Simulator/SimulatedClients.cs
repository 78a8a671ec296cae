using Analemma.Abi;
using Analemma.Kernel.Events;
using Analemma.Kernel.Policy;

namespace Analemma.Simulator;

/// <summary>Everybody who speaks to the kernel: clients on the host, and the agents in their sandboxes.</summary>
internal sealed class SimulatedClients(World world)
{
    private const int OpenCallsMax = 40;

    private readonly List<SimulatedConnection> _host = [];
    private readonly RequestMaker _requests = new(world);

    public bool AreQuiet { get; set; }

    public void Start() => world.Clock.After(world.Random.Delay(10, world.Options.PauseUsMax), Turn);

    /// <summary>Says something on a connection of the host, past all chance.</summary>
    public SimulatedCall SayFromHost(Abi.Syscalls.Syscall syscall)
    {
        var connection = new SimulatedConnection(new Caller(ProcessId.None, 0));
        return Say(connection, syscall);
    }

    public void Close(SimulatedConnection connection)
    {
        if (!connection.IsOpen)
        {
            return;
        }

        connection.IsOpen = false;
        foreach (var call in connection.Calls.ToArray())
        {
            Cancel(call);
        }
    }

    private void Turn()
    {
        Start();
        if (!world.Kernel.IsUp || AreQuiet)
        {
            return;
        }

        var connection = Choose();
        if (connection is not { IsOpen: true })
        {
            return;
        }

        if (connection.Caller.IsHost && world.Random.Chance(world.Options.Disconnects))
        {
            Close(connection);
        }
        else if (connection.Calls.Count > 0 && world.Random.Chance(500))
        {
            Cancel(world.Random.Pick(connection.Calls));
        }
        else if (connection.Calls.Count < OpenCallsMax && _requests.Next(connection.Caller) is { } syscall
            && SyscallRules.Check(syscall) is null)
        {
            Say(connection, syscall);
        }
    }

    private SimulatedConnection? Choose()
    {
        _host.RemoveAll(connection => !connection.IsOpen);
        while (_host.Count < world.Options.HostClients)
        {
            _host.Add(new SimulatedConnection(new Caller(ProcessId.None, 1000)));
        }

        var agents = world.Host.Living
            .Where(child => child is { State: ChildState.Running, IsFrozen: false, Connection.IsOpen: true })
            .Select(child => child.Connection!).ToArray();
        return agents.Length > 0 && world.Random.Chance(5_000)
            ? world.Random.Pick(agents)
            : world.Random.Pick(_host);
    }

    private SimulatedCall Say(SimulatedConnection connection, Abi.Syscalls.Syscall syscall)
    {
        var call = world.Calls.Issue(connection, syscall);
        Deliver(connection, () => world.Kernel.Arrive(
            new SyscallArrived(call.Id, connection.Caller, syscall) { At = world.Clock.Ticks }));
        return call;
    }

    private void Cancel(SimulatedCall call)
    {
        call.IsOver = true;
        call.Connection.Calls.Remove(call);
        Deliver(call.Connection, () => world.Kernel.Arrive(new CallCancelled(call.Id) { At = world.Clock.Ticks }));
    }

    private void Deliver(SimulatedConnection connection, Action arrive)
    {
        var boot = world.Kernel.Boot;
        var at = world.Clock.Ticks + world.Random.Delay(0, 3_000).Ticks;
        connection.ArrivesAt = Math.Max(connection.ArrivesAt, at);
        world.Clock.At(connection.ArrivesAt, () =>
        {
            if (world.Kernel.Boot == boot && world.Kernel.IsUp)
            {
                arrive();
            }
        });
    }
}

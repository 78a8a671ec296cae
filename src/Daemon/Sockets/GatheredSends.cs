namespace Analemma.Daemon.Sockets;

// Answers of one turn go to few connections: those who sent many requests, or wait for them. A send(2) for each answer
// costs more than all else that is done for it, and wakes the client each time.

/// <summary>
/// What one thread answers between Begin and End leaves with one send for each connection, in the order of its answers.
/// </summary>
internal static class GatheredSends
{
    [ThreadStatic]
    private static List<ConnectionOutput>? _outputs;

    /// <summary>This thread gathers.</summary>
    [field: ThreadStatic]
    public static bool IsOpen { get; private set; }

    public static void Begin()
    {
        _outputs ??= [];
        IsOpen = true;
    }

    public static void End()
    {
        IsOpen = false;
        foreach (var output in _outputs!)
        {
            output.SendGathered();
        }

        _outputs.Clear();
    }

    /// <summary>The output will be told to send.</summary>
    public static void Add(ConnectionOutput output) => _outputs!.Add(output);
}

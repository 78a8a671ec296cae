using Analemma.Abi;
using Analemma.Kernel;
using Microsoft.Extensions.Logging;

namespace Analemma.Daemon.Configuration.Sections;

/// <summary>What becomes of sandboxes that a kernel left behind when it was killed.</summary>
internal enum Leftovers
{
    Reap,
    Adopt,
}

/// <summary>The <c>[kernel]</c> section of the machine file.</summary>
internal sealed record KernelSection
{
    private const long LogBytesMin = 64L << 10;

    [Setting("The socket for clients on the host, made with mode 0600.",
        DefaultText = "$ANALEMMA_SOCKET, else /run/analemma/kernel.sock as root, else "
            + "$XDG_RUNTIME_DIR/analemma/kernel.sock")]
    public string Socket { get; init; } = "";

    [Setting("The folder of all that survives the kernel: journal, workspaces, logs.",
        DefaultText = "/var/lib/analemma as root, else $XDG_STATE_HOME/analemma or ~/.local/state/analemma")]
    public string StateFolder { get; init; } = "";

    [Setting("What to do at start with sandboxes of a kernel that was killed: end them, or take them over.")]
    public Leftovers Leftovers { get; init; } = Leftovers.Reap;

    [Setting("The least important log entries that are written.")]
    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    [Setting("Log of a kernel in the background that is kept: kernel.log and three files before it.", IsBytes = true)]
    public long LogBytes { get; init; } = 64L << 20;

    internal bool Adopts => Leftovers is Leftovers.Adopt;

    public IEnumerable<string> Problems()
    {
        if (LogBytes is < LogBytesMin or > Limits.LogBytesMax)
        {
            yield return $"kernel.log_bytes is {LogBytes}; it must be {LogBytesMin} to {Limits.LogBytesMax}";
        }

        if (!Socket.StartsWith('/'))
        {
            yield return $"kernel.socket is '{Socket}'; it must be an absolute path";
        }

        if (System.Text.Encoding.UTF8.GetByteCount(Socket) > AbiLimits.SocketPathBytesMax)
        {
            yield return
                $"kernel.socket is longer than {AbiLimits.SocketPathBytesMax} bytes, the most that Linux takes";
        }

        if (!StateFolder.StartsWith('/'))
        {
            yield return $"kernel.state_folder is '{StateFolder}'; it must be an absolute path";
        }
    }
}

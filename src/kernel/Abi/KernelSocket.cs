namespace Analemma.Abi;

/// <summary>
/// Where the kernel listens for clients on the host, unless told otherwise. Kernel and clients agree on it here.
/// </summary>
public static class KernelSocket
{
    /// <summary>The environment variable that names the socket.</summary>
    public const string Variable = "ANALEMMA_SOCKET";

    /// <summary>
    /// <c>$ANALEMMA_SOCKET</c>; else as root <c>/run/analemma/kernel.sock</c>; else below <c>$XDG_RUNTIME_DIR</c>; else
    /// in the user's state folder.
    /// </summary>
    public static string DefaultPath(Func<string, string?> environment, bool root)
    {
        if (environment(Variable) is { Length: > 0 } path)
        {
            return path;
        }

        if (root)
        {
            return "/run/analemma/kernel.sock";
        }

        return environment("XDG_RUNTIME_DIR") is { Length: > 0 } folder
            ? Path.Combine(folder, "analemma", "kernel.sock")
            : Path.Combine(StateFolder.DefaultPath(environment, root), "kernel.sock");
    }

    /// <summary>The same for this process.</summary>
    public static string DefaultPath() =>
        DefaultPath(Environment.GetEnvironmentVariable, Environment.IsPrivilegedProcess);
}

/// <summary>Where the kernel keeps what must survive it, unless told otherwise.</summary>
public static class StateFolder
{
    /// <summary>
    /// <c>/var/lib/analemma</c> as root; else <c>$XDG_STATE_HOME/analemma</c>; else <c>~/.local/state/analemma</c>.
    /// </summary>
    public static string DefaultPath(Func<string, string?> environment, bool root)
    {
        if (root)
        {
            return "/var/lib/analemma";
        }

        return environment("XDG_STATE_HOME") is { Length: > 0 } folder
            ? Path.Combine(folder, "analemma")
            : Path.Combine(environment("HOME") ?? "/", ".local", "state", "analemma");
    }
}

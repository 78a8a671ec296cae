using Analemma.Sandbox.Bundles;
using Microsoft.Win32.SafeHandles;

namespace Analemma.Sandbox.Living;

/// <summary>
/// One way to make a confined first process: an OCI runtime, or none. Everything around it, the cgroups,
/// the log, the folders, the end, is the same for all and is not its business.
/// </summary>
internal interface ILauncher
{
    string Name { get; }

    /// <summary>The agent is the first process of a pid namespace, whose end is the end of all in it.</summary>
    bool HasPidNamespace { get; }

    /// <summary>The first process is our init, and the agent its child.</summary>
    bool HasInit => false;

    /// <summary>
    /// The agent is a host process, whose limits and host name can be set from outside; a warm one must be.
    /// </summary>
    bool IsHostProcess => true;

    /// <summary>Processes and threads that it adds to the agent's own, in the agent's cgroup.</summary>
    int OwnProcesses => 0;

    /// <summary>
    /// Why nobody can listen for an agent on a loopback address of its own; null when somebody can.
    /// </summary>
    string? LoopbackLack => null;

    /// <summary>Who the agent is, given a pair of host uids of its own.</summary>
    AgentIdentity Identity(uint uid);

    /// <summary>Makes the first process inside the cgroup, holding it before the agent's first instruction.</summary>
    Task<int> CreateAsync(Launching launching);

    /// <summary>Lets it go.</summary>
    Task StartAsync(SandboxRecord record, SandboxFolders folders);

    /// <summary>Whether it is still held, so that a kernel that finds it knows that its agent never began.</summary>
    bool IsHeld(SandboxRecord record, SandboxFolders folders);

    Task<ExecResult> ExecAsync(Executing executing, ExecOutput output, CancellationToken cancellationToken);

    /// <summary>Forgets the container. Who knows that all in it are dead says so, and spares it the look.</summary>
    Task DeleteAsync(string key, bool areDead = false);

    /// <summary>Where the host finds the agent's /work while it lives.</summary>
    string WorkPath(int pid, SandboxFolders folders);

    /// <summary>Where the host finds the agent's /tmp while it lives; null when that is the host's own.</summary>
    string? TmpPath(int pid);
}

/// <summary>What a first process is made from. The streams become its standard streams.</summary>
internal sealed record Launching(
    SandboxPolicy Policy,
    AgentIdentity Identity,
    SandboxFolders Folders,
    Cgroups.ICgroup Cgroup,
    SafeFileHandle Stdin,
    SafeFileHandle Stdout,
    SafeFileHandle Stderr);

/// <summary>What a command inside is made from. Its files begin with <paramref name="File"/>.</summary>
internal sealed record Executing(
    SandboxRecord Record, SandboxFolders Folders, ExecRequest Request, string File, IReadOnlyList<string> JoinFiles);

using System.Runtime.InteropServices;

namespace Analemma.Linux;

/// <summary>What to run. A null stream is /dev/null; nothing else of ours is inherited.</summary>
public sealed record ChildStart(string Path, IReadOnlyList<string> Argv)
{
    public IReadOnlyDictionary<string, string> Env { get; init; } = new Dictionary<string, string>();

    public SafeHandle? Stdin { get; init; }

    public SafeHandle? Stdout { get; init; }

    public SafeHandle? Stderr { get; init; }

    public string? Cwd { get; init; }

    public bool NewSession { get; init; }

    /// <summary>
    /// A seccomp filter (struct sock_filter[]) that the child is born with, and no_new_privs with it.
    /// </summary>
    public byte[]? Filter { get; init; }
}

/// <summary>
/// A child by posix_spawn(3): no fork of a many-threaded runtime, and its end is awaited on a pidfd, so that a waiting
/// child costs no thread.
/// </summary>
public sealed class ChildProcess : IDisposable
{
    private readonly IDisposable _awaited;

    private ChildProcess(int pid, PidFd handle)
    {
        _awaited = HostProcess.Await(pid);
        Pid = pid;
        Handle = handle;
    }

    public int Pid { get; }

    public PidFd Handle { get; }

    public static unsafe ChildProcess Start(ChildStart start)
    {
        var attributes = stackalloc byte[LibC.SpawnAttributesSize];
        var actions = stackalloc byte[LibC.SpawnActionsSize];
        Check(LibC.posix_spawnattr_init(attributes), "posix_spawnattr_init");
        Check(LibC.posix_spawn_file_actions_init(actions), "posix_spawn_file_actions_init");
        try
        {
            // The .NET runtime ignores SIGPIPE and would hand that on.
            var signals = stackalloc byte[LibC.SignalSetSize];
            Check(LibC.sigfillset(signals), "sigfillset");
            Check(LibC.posix_spawnattr_setsigdefault(attributes, signals), "posix_spawnattr_setsigdefault");
            Check(LibC.sigemptyset(signals), "sigemptyset");
            Check(LibC.posix_spawnattr_setsigmask(attributes, signals), "posix_spawnattr_setsigmask");
            var flags = LibC.POSIX_SPAWN_SETSIGDEF | LibC.POSIX_SPAWN_SETSIGMASK;
            flags |= start.NewSession ? LibC.POSIX_SPAWN_SETSID : 0;
            Check(LibC.posix_spawnattr_setflags(attributes, (short)flags), "posix_spawnattr_setflags");

            Connect(actions, 0, start.Stdin, LibC.O_RDONLY);
            Connect(actions, 1, start.Stdout, LibC.O_WRONLY);
            Connect(actions, 2, start.Stderr, LibC.O_WRONLY);
            if (start.Cwd is { } cwd)
            {
                Check(LibC.posix_spawn_file_actions_addchdir_np(actions, cwd), "posix_spawn_file_actions_addchdir_np");
            }

            using NativeStrings argv = new(start.Argv);
            using NativeStrings env = new([.. start.Env.Select(pair => $"{pair.Key}={pair.Value}")]);
            lock (HostProcess.Births)
            {
                var pid = stackalloc int[1];
                byte** arguments = argv.Pointer;
                byte** variables = env.Pointer;
                Func<int> spawn =
                    () => LibC.posix_spawn(pid, start.Path, actions, attributes, arguments, variables);
                var errno = start.Filter is { } filter ? FilteredThread.Run(filter, spawn) : spawn();
                Check(errno, $"posix_spawn {start.Path}");

                // Nobody else reaps our children, so the pid is still this one's.
                return new ChildProcess(
                    *pid, PidFd.TryOpen(*pid) ?? throw new LinuxException(Errno.ESRCH, "pidfd_open"));
            }
        }
        finally
        {
            _ = LibC.posix_spawn_file_actions_destroy(actions);
            _ = LibC.posix_spawnattr_destroy(attributes);
        }
    }

    /// <summary>Waits for its end and takes its status.</summary>
    public async Task<WaitStatus> WaitAsync(Watcher watcher)
    {
        await watcher.WhenReadable(Handle.Number);
        return Handle.TryReap() ?? default;
    }

    public void Dispose()
    {
        _awaited.Dispose();
        Handle.Dispose();
    }

    private static unsafe void Connect(byte* actions, int target, SafeHandle? stream, int flags)
    {
        var result = stream is null
            ? LibC.posix_spawn_file_actions_addopen(actions, target, "/dev/null", flags, 0)
            : LibC.posix_spawn_file_actions_adddup2(actions, (int)stream.DangerousGetHandle(), target);
        Check(result, "posix_spawn_file_actions");
    }

    private static void Check(int errno, string call)
    {
        if (errno != 0)
        {
            throw new LinuxException(errno, call);
        }
    }
}

namespace Analemma.Linux;

/// <summary>
/// Does something as another user, on a thread of its own that ends there: unlike libc's function, the system call
/// changes the thread alone.
/// </summary>
internal static class EffectiveUser
{
    private const nint Unchanged = -1;

    /// <summary>False when we may not be that user, or when the call says so.</summary>
    public static bool Run(uint uid, Func<bool> call)
    {
        var isDone = false;
        Thread visitor = new(
            () => isDone = LibC.syscall4(LibC.SYS_setresuid, Unchanged, (nint)uid, Unchanged, 0) == 0 && call(),
            maxStackSize: 128 * 1024);
        visitor.Start();
        visitor.Join();
        return isDone;
    }

    /// <summary>The same in no group but the user's own.</summary>
    public static bool RunWithoutGroups(uint uid, Func<bool> call)
    {
        var isDone = false;
        Thread visitor = new(() => isDone = BecomeWithoutGroups(uid) && call(), maxStackSize: 128 * 1024);
        visitor.Start();
        visitor.Join();
        return isDone;
    }

    private static bool BecomeWithoutGroups(uint uid) =>
        LibC.syscall4(LibC.SYS_setgroups, 0, 0, 0, 0) == 0
        && LibC.syscall4(LibC.SYS_setresgid, Unchanged, (nint)uid, Unchanged, 0) == 0
        && LibC.syscall4(LibC.SYS_setresuid, Unchanged, (nint)uid, Unchanged, 0) == 0;
}

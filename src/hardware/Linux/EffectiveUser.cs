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
}

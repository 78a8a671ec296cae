using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Analemma.Linux;

/// <summary>
/// The listener's end of a seccomp filter: seccomp_unotify(2). One thread may receive. Closing it makes every notified
/// syscall under the filter fail with ENOSYS.
/// </summary>
public sealed unsafe class SeccompNotifyFd : SafeHandleMinusOneIsInvalid
{
    public SeccompNotifyFd(SafeFileHandle descriptor)
        : base(ownsHandle: true)
    {
        SetHandle(descriptor.DangerousGetHandle());
        descriptor.SetHandleAsInvalid();

        // The caller and we take turns, so that one processor does for both. Linux 6.6; older ones just go on without.
        Control(LibC.SECCOMP_IOCTL_NOTIF_SET_FLAGS, (void*)LibC.SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
    }

    /// <summary>The descriptor's number, for tables indexed by it while it is open.</summary>
    public int Number => (int)handle;

    /// <summary>Whether the last process under the filter has ended.</summary>
    public bool HasEnded
    {
        get
        {
            LibC.poll_fd ended = new() { fd = Number };
            return LibC.poll(&ended, 1, timeout: 0) > 0 && (ended.revents & LibC.POLLHUP) != 0;
        }
    }

    /// <summary>
    /// Takes a waiting syscall. 0, or the errno: ENOENT when there is none or its caller has gone, anything else when
    /// this is no filter to listen to.
    /// </summary>
    public int Receive(out SeccompNotification notification)
    {
        notification = default;

        // The ioctl knows no O_NONBLOCK, and an event may be about an earlier filter of the same number: one thread
        // serves all sandboxes, and must never wait for one. What is readable stays so: a caller that dies before it
        // is received gives ENOENT, not a wait.
        LibC.poll_fd waiting = new() { fd = Number, events = LibC.POLLIN };
        if (LibC.poll(&waiting, 1, timeout: 0) == 0 || (waiting.revents & LibC.POLLIN) == 0)
        {
            return waiting.revents == 0 ? Errno.ENOENT : Errno.EBADF;
        }

        fixed (SeccompNotification* at = &notification)
        {
            return Control(LibC.SECCOMP_IOCTL_NOTIF_RECV, at);
        }
    }

    /// <summary>Whether the caller still waits, so that what was read of it by its number was its own.</summary>
    public bool IsWaiting(ulong id) => Control(LibC.SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;

    /// <summary>
    /// Lets the syscall run. The caller may have changed its memory since: this is never a permission.
    /// </summary>
    public void Continue(ulong id) => Send(id, error: 0, LibC.SECCOMP_USER_NOTIF_FLAG_CONTINUE);

    public void Refuse(ulong id, int errno) => Send(id, -errno, flags: 0);

    protected override bool ReleaseHandle() => LibC.close((int)handle) == 0;

    // A caller that has gone (ENOENT) needs no answer.
    private void Send(ulong id, int error, uint flags)
    {
        LibC.seccomp_notif_resp response = new() { id = id, error = error, flags = flags };
        Control(LibC.SECCOMP_IOCTL_NOTIF_SEND, &response);
    }

    private int Control(nuint request, void* argument)
    {
        int result;
        do
        {
            result = LibC.ioctl(Number, request, argument) == 0 ? 0 : Marshal.GetLastPInvokeError();
        }
        while (result == Errno.EINTR);
        return result;
    }
}

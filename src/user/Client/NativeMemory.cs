using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Analemma.Client;

// What .NET has no call for: memfd_create(2), its seals in fcntl(2), and descriptors over a socket, cmsg(3). Names and
// types are libc's. Buffers are pinned arrays, so that no pointer is needed.
internal static class NativeMemory
{
    private const int SolSocket = 1;
    private const int ScmRights = 1;
    /// <summary>Descriptors were lost: this process may not have so many.</summary>
    private const int MsgCtrunc = 8;
    private const short PollIn = 1;
    private const int MsgNoSignal = 0x4000;
    private const int MsgCmsgCloexec = 0x4000_0000;
    private const int AddSeals = 1033;
    private const int AllSeals = 0xF;
    private const uint CloexecAndSealing = 3;
    private const int HeaderBytes = 16;

    /// <summary>A descriptor needs one byte to go with; the others follow as always.</summary>
    private const int FirstBytes = 256;

    /// <summary>For as many descriptors as one message may carry: SCM_MAX_FD of unix(7), 253.</summary>
    private const int ControlBytes = 1040;

    public static SafeFileHandle Create(long bytes)
    {
        SafeFileHandle made = new(Check(memfd_create("analemma", CloexecAndSealing), "memfd_create"), ownsHandle: true);
        RandomAccess.SetLength(made, bytes);
        return made;
    }

    public static void Seal(SafeFileHandle memory) =>
        Check(fcntl(memory, AddSeals, AllSeals), "fcntl(F_ADD_SEALS)");

    /// <summary>Sends the first bytes with a descriptor; how many went.</summary>
    public static int Send(Socket socket, ReadOnlySpan<byte> bytes, SafeFileHandle descriptor)
    {
        var first = GC.AllocateUninitializedArray<byte>(Math.Min(bytes.Length, FirstBytes), pinned: true);
        bytes[..first.Length].CopyTo(first);
        var control = GC.AllocateArray<byte>(HeaderBytes + 8, pinned: true);
        MemoryMarshal.Write(control, (ulong)(HeaderBytes + sizeof(int)));
        MemoryMarshal.Write(control.AsSpan(8), SolSocket);
        MemoryMarshal.Write(control.AsSpan(12), ScmRights);
        var added = false;
        try
        {
            descriptor.DangerousAddRef(ref added);
            MemoryMarshal.Write(control.AsSpan(HeaderBytes), (int)descriptor.DangerousGetHandle());
            var part = GC.AllocateArray<byte>(16, pinned: true);
            Aim(part, first, 0, first.Length);
            var message = Message(part, control, control.Length);
            var sent = (int)sendmsg(socket.SafeHandle, ref message, MsgNoSignal);
            GC.KeepAlive(part);
            return sent >= 0 ? sent : throw new SocketException(Marshal.GetLastPInvokeError());
        }
        finally
        {
            if (added)
            {
                descriptor.DangerousRelease();
            }
        }
    }

    /// <summary>Receives bytes and adds the descriptors that came with them.</summary>
    public static int Receive(Socket socket, byte[] pinned, int at, Receiver into)
    {
        var message = Message(into.Aim(pinned, at), into.Control, ControlBytes);
        int count;
        do
        {
            // Who sleeps in recvmsg(2) is woken when the kernel takes its request, for nothing, and keeps others from a
            // processor: Linux looks at what a sleeper waits for only with poll(2).
            PollEntry wanted = new() { Descriptor = (int)socket.SafeHandle.DangerousGetHandle(), Events = PollIn };
            _ = poll(ref wanted, 1, -1);
            count = (int)recvmsg(socket.SafeHandle, ref message, MsgCmsgCloexec);
        }
        while (count < 0 && Marshal.GetLastPInvokeError() == 4);
        if (count < 0)
        {
            throw new SocketException(Marshal.GetLastPInvokeError());
        }

        into.Collect((int)message.ControlLength);
        return (message.Flags & MsgCtrunc) == 0
            ? count : throw new SocketException((int)SocketError.TooManyOpenSockets);
    }

    private static void Aim(byte[] part, byte[] pinned, int at, int length)
    {
        MemoryMarshal.Write(part, (long)Marshal.UnsafeAddrOfPinnedArrayElement(pinned, at));
        MemoryMarshal.Write(part.AsSpan(8), (long)length);
    }

    private static MessageHeader Message(byte[] part, byte[] control, int controlBytes) => new()
    {
        Parts = Marshal.UnsafeAddrOfPinnedArrayElement(part, 0),
        PartCount = 1,
        Control = Marshal.UnsafeAddrOfPinnedArrayElement(control, 0),
        ControlLength = (nuint)controlBytes,
    };

    private static int Check(int result, string call) =>
        result >= 0 ? result : throw new IOException($"{call}: {Marshal.GetLastPInvokeErrorMessage()}");

    [DllImport("libc", SetLastError = true)]
    private static extern int memfd_create([MarshalAs(UnmanagedType.LPUTF8Str)] string name, uint flags);

    [DllImport("libc", SetLastError = true)]
    private static extern int fcntl(SafeFileHandle fd, int cmd, int arg);

    [DllImport("libc", SetLastError = true)]
    private static extern nint sendmsg(SafeSocketHandle sockfd, ref MessageHeader message, int flags);

    [DllImport("libc", SetLastError = true)]
    private static extern nint recvmsg(SafeSocketHandle sockfd, ref MessageHeader message, int flags);

    [DllImport("libc", SetLastError = true)]
    private static extern int poll(ref PollEntry fds, nuint nfds, int timeout);

    /// <summary>struct pollfd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

    /// <summary>struct msghdr.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct MessageHeader
    {
        public nint Name;
        public uint NameLength;
        public nint Parts;
        public nuint PartCount;
        public nint Control;
        public nuint ControlLength;
        public int Flags;
    }

    /// <summary>What one connection receives into beside its bytes.</summary>
    public sealed class Receiver
    {
        // recv(2) stops after what descriptors came with: what one call brings belongs to one frame.
        private readonly Queue<SafeFileHandle[]> _frames = new();
        private readonly byte[] _part = GC.AllocateArray<byte>(16, pinned: true);

        public byte[] Control { get; } = GC.AllocateArray<byte>(ControlBytes, pinned: true);

        /// <summary>Those of the next frame that has some.</summary>
        public SafeFileHandle[] Take() => _frames.TryDequeue(out var next) ? next : [];

        public byte[] Aim(byte[] pinned, int at)
        {
            NativeMemory.Aim(_part, pinned, at, pinned.Length - at);
            return _part;
        }

        public void Collect(int length)
        {
            ReadOnlySpan<byte> control = Control.AsSpan(0, length);
            List<SafeFileHandle> came = [];
            while (control.Length >= HeaderBytes)
            {
                var size = (int)Math.Min(MemoryMarshal.Read<ulong>(control), (ulong)control.Length);
                if (size < HeaderBytes)
                {
                    break;
                }

                if (MemoryMarshal.Read<int>(control[8..]) == SolSocket
                    && MemoryMarshal.Read<int>(control[12..]) == ScmRights)
                {
                    foreach (var number in MemoryMarshal.Cast<byte, int>(control[HeaderBytes..size]))
                    {
                        came.Add(new SafeFileHandle(number, ownsHandle: true));
                    }
                }

                control = control[Math.Min(control.Length, (size + 7) & ~7)..];
            }

            if (came.Count > 0)
            {
                _frames.Enqueue([.. came]);
            }
        }
    }
}

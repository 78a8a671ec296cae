using System.Runtime.InteropServices;

namespace Analemma.Linux;

// <netinet/in.h> and <net/if.h>. Names and types are libc's, so that the man page is the documentation.
internal static partial class LibC
{
    public const int AF_INET = 2;
    public const int AF_INET6 = 10;
    public const int SO_REUSEADDR = 2;
    public const int IPPROTO_IPV6 = 41;
    public const int IPV6_V6ONLY = 26;
    public const nuint SIOCGIFFLAGS = 0x8913;
    public const nuint SIOCSIFFLAGS = 0x8914;
    public const short IFF_UP = 1;

    /// <summary>Addresses and ports are in network order.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct sockaddr_in6
    {
        public ushort sin6_family;
        public ushort sin6_port;
        public uint sin6_flowinfo;
        public unsafe fixed byte sin6_addr[16];
        public uint sin6_scope_id;
    }

    [StructLayout(LayoutKind.Sequential)]
    public unsafe struct sockaddr_in
    {
        public ushort sin_family;
        public ushort sin_port;
        public fixed byte sin_addr[4];
        public fixed byte sin_zero[8];
    }

    /// <summary>struct ifreq, whose union is 24 bytes long; of that the flags alone.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 40)]
    public unsafe struct ifreq_flags
    {
        public fixed byte ifr_name[16];
        public short ifr_flags;
    }
}

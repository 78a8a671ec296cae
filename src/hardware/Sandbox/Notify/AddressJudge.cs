using System.Buffers.Binary;
using System.Net;
using Analemma.Linux;

namespace Analemma.Sandbox.Notify;

/// <summary>
/// Finds out whether a socket address is one that the empty network namespace, or the mounts, refuse. A struct
/// sockaddr: the family in host order, then for internet families the port in network order and the address.
/// </summary>
internal static class AddressJudge
{
    private const ushort Unix = 1;
    private const ushort Inet = 2;
    private const ushort Inet6 = 10;
    private const int Inet4Size = 8;
    private const int Inet6Size = 24;
    private const int NamePort = 53;
    private const int ListBytesMax = 256 * 1024;

    private static ReadOnlySpan<byte> MappedPrefix => [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

    public static bool IsDenied(ReadOnlySpan<byte> address, int pid, ProcessRoot root)
    {
        if (address.Length < sizeof(ushort))
        {
            return false;
        }

        return BinaryPrimitives.ReadUInt16LittleEndian(address) switch
        {
            Unix => IsForeign(address[2..], pid, root),
            Inet when address.Length >= Inet4Size => !IsLoopback4(address.Slice(4, 4)) || IsNamePort(address),
            Inet6 when address.Length >= Inet6Size => !IsLoopback6(address.Slice(8, 16)) || IsNamePort(address),
            _ => false,
        };
    }

    public static string Describe(ReadOnlySpan<byte> address, bool sends)
    {
        var verb = sends ? "send to" : "connect to";
        if (EndPoint(address) is not { } to)
        {
            return address is [_, _, 0, ..]
                ? $"{verb} the abstract unix socket {Attempt.Show(UnixName(address[3..]))}"
                : $"{verb} the unix socket {Attempt.Show(UnixName(address[2..]))}";
        }

        return to.Port == NamePort ? $"look up a name at {to}" : $"{verb} {to}";
    }

    private static IPEndPoint? EndPoint(ReadOnlySpan<byte> address)
    {
        var family = BinaryPrimitives.ReadUInt16LittleEndian(address);
        if (family == Inet && address.Length >= Inet4Size)
        {
            return new IPEndPoint(
                new IPAddress(address.Slice(4, 4)), BinaryPrimitives.ReadUInt16BigEndian(address[2..]));
        }

        if (family == Inet6 && address.Length >= Inet6Size)
        {
            return new IPEndPoint(
                new IPAddress(address.Slice(8, 16)), BinaryPrimitives.ReadUInt16BigEndian(address[2..]));
        }

        return null;
    }

    private static bool IsNamePort(ReadOnlySpan<byte> address) =>
        BinaryPrimitives.ReadUInt16BigEndian(address[2..]) == NamePort;

    // The unspecified address means this host to connect(2).
    private static bool IsLoopback4(ReadOnlySpan<byte> address) =>
        address[0] == 127 || !address.ContainsAnyExcept((byte)0);

    private static bool IsLoopback6(ReadOnlySpan<byte> address) => address.StartsWith(MappedPrefix)
        ? IsLoopback4(address[12..])
        : !address[..15].ContainsAnyExcept((byte)0) && address[15] <= 1;

    /// <summary>Not one that a process of the same sandbox listens on.</summary>
    private static bool IsForeign(ReadOnlySpan<byte> name, int pid, ProcessRoot root)
    {
        if (name.IsEmpty)
        {
            return false;
        }

        if (name[0] == 0)
        {
            return name.Length > 1 && !IsListed(name[1..], pid);
        }

        Span<byte> path = stackalloc byte[name.Length + 1];
        path.Clear();
        UnixName(name).CopyTo(path);
        var length = path.IndexOf((byte)0);

        // Every C library asks the name service cache, which hardly any machine runs, before it reads the files.
        if (path[0] != (byte)'/' || path[..length].SequenceEqual("/var/run/nscd/socket"u8))
        {
            return false;
        }

        var inside = path.StartsWith("/tmp/"u8) || path.StartsWith("/work/"u8) || path.StartsWith("/dev/shm/"u8);
        return !inside && root.Look(path[..(length + 1)], out _) != 0;
    }

    private static ReadOnlySpan<byte> UnixName(ReadOnlySpan<byte> name) =>
        name.IndexOf((byte)0) is var end and >= 0 ? name[..end] : name;

    /// <summary>
    /// Whether the network namespace has this abstract socket. Rare, so that a file's text will do; of one with more
    /// sockets than any program needs nothing is said.
    /// </summary>
    private static bool IsListed(ReadOnlySpan<byte> name, int pid) =>
        ProcFiles.TryRead($"/proc/{pid}/net/unix", ListBytesMax)?.Contains(
            $" @{System.Text.Encoding.UTF8.GetString(name).TrimEnd('\0')}\n", StringComparison.Ordinal) ?? true;
}

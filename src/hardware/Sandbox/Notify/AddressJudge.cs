using System.Buffers.Binary;
using System.Net;
using Analemma.Linux;

namespace Analemma.Sandbox.Notify;

/// <summary>
/// Finds out whether a socket address is one that the empty network namespace, or the mounts, refuse. A struct sockaddr:
/// the family in host order, then for internet families the port in network order and the address.
/// </summary>
internal static class AddressJudge
{
    private const ushort Unix = 1;
    private const ushort Inet = 2;
    private const ushort Inet6 = 10;
    private const int Inet4Size = 8;
    private const int Inet6Size = 24;
    private const int NamePort = 53;

    public static bool IsDenied(ReadOnlySpan<byte> address, int pid, ProcessRoot root)
    {
        if (address.Length < sizeof(ushort))
        {
            return false;
        }

        return BinaryPrimitives.ReadUInt16LittleEndian(address) switch
        {
            Unix => IsForeign(address[2..], pid, root),
            Inet or Inet6 => EndPoint(address) is { } to && (!IsLoopback(to.Address) || to.Port == NamePort),
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

    private static bool IsLoopback(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return IPAddress.IsLoopback(plain) || plain.Equals(IPAddress.Any) || plain.Equals(IPAddress.IPv6Any);
    }

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

    /// <summary>Whether the network namespace has this abstract socket. Rare, so that a file's text will do.</summary>
    private static bool IsListed(ReadOnlySpan<byte> name, int pid) =>
        ProcFiles.TryRead($"/proc/{pid}/net/unix")?.Contains(
            $" @{System.Text.Encoding.UTF8.GetString(name).TrimEnd('\0')}\n", StringComparison.Ordinal) ?? true;
}

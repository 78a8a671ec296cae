namespace Analemma.Kernel.Network;

/// <summary>What kind of address a host turned out to have.</summary>
public enum AddressClass
{
    /// <summary>Somewhere on the internet.</summary>
    Public,

    /// <summary>This machine.</summary>
    Loopback,

    /// <summary>Of a network that is somebody's own.</summary>
    Private,

    /// <summary>Of the cable or radio that the host is on.</summary>
    LinkLocal,

    /// <summary>A cloud's service that gives machines their credentials.</summary>
    Metadata,

    /// <summary>Nobody's: unspecified, multicast, reserved, for documentation, or of a transition mechanism.</summary>
    Unusable,
}

/// <summary>One line of the registries, with where it is laid down.</summary>
internal sealed record AddressRange(string Network, AddressClass Class, string What, string Source)
{
    private readonly (NetAddress Address, int Prefix) _network = Cidr.Parse(Network);

    public bool Has(NetAddress address) => address.IsIn(_network.Address, _network.Prefix);
}

/// <summary>
/// The special addresses of https://www.iana.org/assignments/iana-ipv4-special-registry and
/// https://www.iana.org/assignments/iana-ipv6-special-registry, and those that clouds serve credentials from.
/// </summary>
public static class AddressClasses
{
    private static readonly AddressRange[] V4 =
    [
        new("169.254.169.254/32", AddressClass.Metadata, "a cloud's metadata service", "AWS, Azure, GCP"),
        new("169.254.170.2/32", AddressClass.Metadata, "the credentials of a container", "AWS ECS"),
        new("169.254.170.23/32", AddressClass.Metadata, "the credentials of a pod", "AWS EKS"),
        new("100.100.100.200/32", AddressClass.Metadata, "a cloud's metadata service", "Alibaba Cloud"),
        new("192.0.0.192/32", AddressClass.Metadata, "a cloud's metadata service", "Oracle Cloud"),
        new("168.63.129.16/32", AddressClass.Metadata, "a cloud's own service", "Azure WireServer"),
        new("0.0.0.0/8", AddressClass.Unusable, "this network", "RFC 791, section 3.2"),
        new("10.0.0.0/8", AddressClass.Private, "a private network", "RFC 1918"),
        new("100.64.0.0/10", AddressClass.Private, "shared address space", "RFC 6598"),
        new("127.0.0.0/8", AddressClass.Loopback, "loopback", "RFC 1122, section 3.2.1.3"),
        new("169.254.0.0/16", AddressClass.LinkLocal, "link-local", "RFC 3927"),
        new("172.16.0.0/12", AddressClass.Private, "a private network", "RFC 1918"),
        new("192.0.0.0/24", AddressClass.Unusable, "protocol assignments", "RFC 6890, section 2.1"),
        new("192.0.2.0/24", AddressClass.Unusable, "for documentation", "RFC 5737"),
        new("192.88.99.0/24", AddressClass.Unusable, "6to4 relays", "RFC 7526"),
        new("192.168.0.0/16", AddressClass.Private, "a private network", "RFC 1918"),
        new("198.18.0.0/15", AddressClass.Private, "for benchmarks of networks", "RFC 2544"),
        new("198.51.100.0/24", AddressClass.Unusable, "for documentation", "RFC 5737"),
        new("203.0.113.0/24", AddressClass.Unusable, "for documentation", "RFC 5737"),
        new("224.0.0.0/4", AddressClass.Unusable, "multicast", "RFC 5771"),
        new("240.0.0.0/4", AddressClass.Unusable, "reserved, and broadcast", "RFC 1112, RFC 919"),
    ];

    private static readonly AddressRange[] V6 =
    [
        new("fd00:ec2::254/128", AddressClass.Metadata, "a cloud's metadata service", "AWS"),
        new("fd00:ec2::23/128", AddressClass.Metadata, "the credentials of a pod", "AWS EKS"),
        new("fd20:ce::254/128", AddressClass.Metadata, "a cloud's metadata service", "GCP"),
        new("::1/128", AddressClass.Loopback, "loopback", "RFC 4291, section 2.5.3"),
        new("64:ff9b:1::/48", AddressClass.Unusable, "translation to IPv4 of a network", "RFC 8215"),
        new("fc00::/7", AddressClass.Private, "a unique local address", "RFC 4193"),
        new("fe80::/10", AddressClass.LinkLocal, "link-local", "RFC 4291, section 2.5.6"),
        new("fec0::/10", AddressClass.Private, "site-local, which is no more", "RFC 3879"),
        new("ff00::/8", AddressClass.Unusable, "multicast", "RFC 4291, section 2.7"),
        new("2001::/32", AddressClass.Unusable, "Teredo, which hides an IPv4 address", "RFC 4380"),
        new("2001:20::/28", AddressClass.Unusable, "ORCHIDv2", "RFC 7343"),
        new("2001::/23", AddressClass.Unusable, "protocol assignments", "RFC 2928"),
        new("2001:db8::/32", AddressClass.Unusable, "for documentation", "RFC 3849"),
        new("2002::/16", AddressClass.Unusable, "6to4, which hides an IPv4 address", "RFC 3056"),
        new("3fff::/20", AddressClass.Unusable, "for documentation", "RFC 9637"),
    ];

    private static readonly (NetAddress Address, int Prefix) Mapped = Cidr.Parse("::ffff:0:0/96");
    private static readonly (NetAddress Address, int Prefix) Translated = Cidr.Parse("64:ff9b::/96");
    private static readonly (NetAddress Address, int Prefix) GlobalUnicast = Cidr.Parse("2000::/3");

    /// <summary>
    /// The address that is really meant: IPv4-mapped ones (RFC 4291 section 2.5.5.2) and those of NAT64's well-known
    /// prefix (RFC 6052) stand for the IPv4 address in them.
    /// </summary>
    public static NetAddress Unwrap(NetAddress address) => address.IsV6
        && (address.IsIn(Mapped.Address, Mapped.Prefix) || address.IsIn(Translated.Address, Translated.Prefix))
            ? address.Embedded() : address;

    /// <summary>The class of an address, and what it is in words.</summary>
    public static (AddressClass Class, string What) Of(NetAddress address)
    {
        var meant = Unwrap(address);
        if ((meant.IsV6 ? V6 : V4).FirstOrDefault(range => range.Has(meant)) is { } found)
        {
            return (found.Class, $"{found.What} ({found.Source})");
        }

        if (!meant.IsV6)
        {
            return (AddressClass.Public, "public");
        }

        // RFC 5214: an interface identifier of ISATAP has an IPv4 address in it, and so a way into a network.
        if (((meant.Bits >> 32) & 0xFDFFFFFF) == 0x00005EFE)
        {
            return (AddressClass.Unusable, "ISATAP, which hides an IPv4 address (RFC 5214)");
        }

        // RFC 4291, section 2.4, and the registry of global unicast addresses: all that is given out begins so.
        return meant.IsIn(GlobalUnicast.Address, GlobalUnicast.Prefix)
            ? (AddressClass.Public, "public")
            : (AddressClass.Unusable, "no global unicast address (RFC 4291)");
    }
}

/// <summary>Networks as RFC 4632 writes them.</summary>
internal static class Cidr
{
    /// <summary>An address alone is a network of one.</summary>
    public static bool TryParse(string text, out (NetAddress Address, int Prefix) network)
    {
        network = default;
        var parts = text.Split('/');
        if (parts.Length > 2 || parts[0].Contains('[', StringComparison.Ordinal) || !IsPlain(parts[0])
            || !NetAddress.TryParse(parts[0], out var address))
        {
            return false;
        }

        var most = address.IsV6 ? 128 : 32;
        var prefix = most;
        if (parts.Length == 2
            && !(parts[1].Length is > 0 and < 4 && parts[1].All(char.IsAsciiDigit)
                && int.TryParse(parts[1], out prefix) && prefix <= most))
        {
            return false;
        }

        network = (address, prefix);
        return true;
    }

    public static (NetAddress Address, int Prefix) Parse(string text) =>
        TryParse(text, out var network) ? network : throw new KernelPanicException($"{text} is no network");

    public static string Format((NetAddress Address, int Prefix) network) => $"{network.Address}/{network.Prefix}";

    /// <summary>In a list of the owner's own, only the usual notation: a slip there opens a network.</summary>
    private static bool IsPlain(string text) => text.Contains(':', StringComparison.Ordinal)
        || (text.Split('.') is { Length: 4 } parts && parts.All(part => part.Length is > 0 and < 4
            && part.All(char.IsAsciiDigit) && (part.Length == 1 || part[0] != '0')));
}

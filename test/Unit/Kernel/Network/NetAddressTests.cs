using System.Net;
using Analemma.Kernel.Network;
using FsCheck;
using FsCheck.Fluent;

namespace Analemma.Unit.Tests.Kernel.Network;

public sealed class NetAddressTests
{
    /// <summary>All the ways to write it that some resolver takes.</summary>
    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("127.1", "127.0.0.1")]
    [InlineData("127.0.1", "127.0.0.1")]
    [InlineData("0x7f.1", "127.0.0.1")]
    [InlineData("0X7F000001", "127.0.0.1")]
    [InlineData("2130706433", "127.0.0.1")]
    [InlineData("017700000001", "127.0.0.1")]
    [InlineData("0177.0.0.01", "127.0.0.1")]
    [InlineData("0x7f.0x0.0x0.0x1", "127.0.0.1")]
    [InlineData("0", "0.0.0.0")]
    [InlineData("0x", "0.0.0.0")]
    [InlineData("0.0", "0.0.0.0")]
    [InlineData("169.16689662", "169.254.169.254")]
    [InlineData("0xA9FEA9FE", "169.254.169.254")]
    [InlineData("2852039166", "169.254.169.254")]
    [InlineData("[::1]", "::1")]
    [InlineData("::", "::")]
    [InlineData("::ffff:127.0.0.1", "::ffff:7f00:1")]
    [InlineData("0:0:0:0:0:ffff:7f00:1", "::ffff:7f00:1")]
    [InlineData("64:ff9b::10.0.0.1", "64:ff9b::a00:1")]
    [InlineData("2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1")]
    public void Every_notation_of_an_address_is_read(string text, string meant)
    {
        Assert.True(NetAddress.TryParse(text, out var address));
        Assert.Equal(meant, address.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("256.0.0.1")]
    [InlineData("1.2.3.4.5")]
    [InlineData("1.2.3.256")]
    [InlineData("1..2")]
    [InlineData("08.0.0.1")]
    [InlineData("4294967296")]
    [InlineData("0x100000000")]
    [InlineData("-1")]
    [InlineData("1.2.3.4 ")]
    [InlineData(":::")]
    [InlineData("1::2::3")]
    [InlineData("::12345")]
    [InlineData("1:2:3:4:5:6:7")]
    [InlineData("1:2:3:4:5:6:7:8:9")]
    [InlineData("1:2:3:4:5:6:7::8:9")]
    [InlineData("fe80::1%eth0")]
    [InlineData("::1.2.3")]
    [InlineData("::01.2.3.4")]
    [InlineData("[::1")]
    public void What_is_no_address_is_none(string text) => Assert.False(NetAddress.TryParse(text, out _));

    [Fact]
    public void Addresses_are_written_and_read_as_the_base_library_does() =>
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), ArbMap.Default.ArbFor<bool>(), (seed, isV6) =>
        {
            var bytes = new byte[isV6 ? 16 : 4];
            // Zeros are what abbreviations are about.
            for (var i = 0; i < bytes.Length && i < seed.Length; i++)
            {
                bytes[i] = seed[i] % 3 == 0 ? (byte)0 : seed[i];
            }

            var theirs = new IPAddress(bytes);
            var ours = NetAddress.Of(bytes);
            // .NET writes some of its own accord with a dotted end; what is written is read by both.
            return NetAddress.TryParse(theirs.ToString(), out var read) && read == ours
                && IPAddress.Parse(ours.ToString()).Equals(theirs);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void No_text_breaks_the_reading() =>
        Prop.ForAll(ArbMap.Default.ArbFor<string>(), text =>
            text is null || !NetAddress.TryParse(text, out var address)
                || (NetAddress.TryParse(address.ToString(), out var again) && again == address))
            .QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("8.8.8.8", AddressClass.Public)]
    [InlineData("1.0.0.0", AddressClass.Public)]
    [InlineData("2606:4700::1111", AddressClass.Public)]
    [InlineData("64:ff9b::8.8.8.8", AddressClass.Public)]
    [InlineData("::ffff:8.8.8.8", AddressClass.Public)]
    [InlineData("0.0.0.0", AddressClass.Unusable)]
    [InlineData("0.1.2.3", AddressClass.Unusable)]
    [InlineData("10.0.0.0", AddressClass.Private)]
    [InlineData("10.255.255.255", AddressClass.Private)]
    [InlineData("100.64.0.1", AddressClass.Private)]
    [InlineData("100.127.255.255", AddressClass.Private)]
    [InlineData("100.128.0.0", AddressClass.Public)]
    [InlineData("127.0.0.1", AddressClass.Loopback)]
    [InlineData("127.255.255.254", AddressClass.Loopback)]
    [InlineData("169.254.0.1", AddressClass.LinkLocal)]
    [InlineData("169.254.169.254", AddressClass.Metadata)]
    [InlineData("169.254.170.2", AddressClass.Metadata)]
    [InlineData("100.100.100.200", AddressClass.Metadata)]
    [InlineData("172.15.255.255", AddressClass.Public)]
    [InlineData("172.16.0.0", AddressClass.Private)]
    [InlineData("172.31.255.255", AddressClass.Private)]
    [InlineData("172.32.0.0", AddressClass.Public)]
    [InlineData("192.0.0.1", AddressClass.Unusable)]
    [InlineData("192.0.0.192", AddressClass.Metadata)]
    [InlineData("192.0.2.1", AddressClass.Unusable)]
    [InlineData("192.88.99.1", AddressClass.Unusable)]
    [InlineData("192.168.0.1", AddressClass.Private)]
    [InlineData("198.18.0.1", AddressClass.Private)]
    [InlineData("198.20.0.0", AddressClass.Public)]
    [InlineData("198.51.100.1", AddressClass.Unusable)]
    [InlineData("203.0.113.1", AddressClass.Unusable)]
    [InlineData("224.0.0.1", AddressClass.Unusable)]
    [InlineData("239.255.255.250", AddressClass.Unusable)]
    [InlineData("240.0.0.1", AddressClass.Unusable)]
    [InlineData("255.255.255.255", AddressClass.Unusable)]
    [InlineData("::", AddressClass.Unusable)]
    [InlineData("::1", AddressClass.Loopback)]
    [InlineData("::127.0.0.1", AddressClass.Unusable)]
    [InlineData("::ffff:127.0.0.1", AddressClass.Loopback)]
    [InlineData("::ffff:10.0.0.1", AddressClass.Private)]
    [InlineData("::ffff:169.254.169.254", AddressClass.Metadata)]
    [InlineData("64:ff9b::127.0.0.1", AddressClass.Loopback)]
    [InlineData("64:ff9b::a9fe:a9fe", AddressClass.Metadata)]
    [InlineData("64:ff9b:1::1", AddressClass.Unusable)]
    [InlineData("2002:7f00:1::", AddressClass.Unusable)]
    [InlineData("2002:808:808::1", AddressClass.Unusable)]
    [InlineData("2001:0:1::1", AddressClass.Unusable)]
    [InlineData("2001:db8::1", AddressClass.Unusable)]
    [InlineData("3fff::1", AddressClass.Unusable)]
    [InlineData("fc00::1", AddressClass.Private)]
    [InlineData("fd00:ec2::254", AddressClass.Metadata)]
    [InlineData("fdff::1", AddressClass.Private)]
    [InlineData("fe80::1", AddressClass.LinkLocal)]
    [InlineData("fec0::1", AddressClass.Private)]
    [InlineData("ff02::1", AddressClass.Unusable)]
    [InlineData("4000::1", AddressClass.Unusable)]
    [InlineData("2606:4700::5efe:7f00:1", AddressClass.Unusable)]
    [InlineData("2606:4700::200:5efe:a00:1", AddressClass.Unusable)]
    public void An_address_is_of_the_class_that_its_registry_says(string text, AddressClass expected)
    {
        Assert.True(NetAddress.TryParse(text, out var address));
        Assert.Equal(expected, AddressClasses.Of(address).Class);
    }

    /// <summary>However an IPv4 address is wrapped, it never becomes more public than it is.</summary>
    [Fact]
    public void Wrapping_an_address_opens_nothing() =>
        Prop.ForAll(ArbMap.Default.ArbFor<uint>(), bits =>
        {
            NetAddress plain = new(bits, false);
            string[] wrappers = ["::ffff:0:0", "64:ff9b::", "::", "64:ff9b:1::", "fe80::5efe:0:0", "2606::5efe:0:0"];
            return wrappers.All(wrapper =>
            {
                Assert.True(NetAddress.TryParse(wrapper, out var prefix));
                NetAddress wrapped = new(prefix.Bits | bits, true);
                return AddressClasses.Of(wrapped).Class != AddressClass.Public
                    || AddressClasses.Of(plain).Class == AddressClass.Public;
            });
        }).QuickCheckThrowOnFailure();
}

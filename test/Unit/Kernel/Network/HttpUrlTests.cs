using Analemma.Kernel.Network;
using FsCheck;
using FsCheck.Fluent;

namespace Analemma.Unit.Tests.Kernel.Network;

public sealed class HttpUrlTests
{
    [Theory]
    [InlineData("https://api.example.com", "https://api.example.com/")]
    [InlineData("HTTPS://API.Example.COM:443/A", "https://api.example.com/A")]
    [InlineData("http://api.example.com.:80/?q=1", "http://api.example.com/?q=1")]
    [InlineData("http://api.example.com:8080", "http://api.example.com:8080/")]
    [InlineData("https://a.example/x#secret", "https://a.example/x")]
    [InlineData("https://a.example?x", "https://a.example/?x")]
    [InlineData("https://a.example/a/./b/../c", "https://a.example/a/c")]
    [InlineData("https://a.example/a/..", "https://a.example/")]
    [InlineData("https://a.example/a/b/.", "https://a.example/a/b/")]
    [InlineData("https://a.example/../../x", "https://a.example/x")]
    [InlineData("https://a.example/%2e%2E/x", "https://a.example/x")]
    [InlineData("https://a.example/a/.%2e/x", "https://a.example/x")]
    [InlineData("https://a.example/%7euser/%41", "https://a.example/~user/A")]
    [InlineData("https://a.example/%c3%a4", "https://a.example/%C3%A4")]
    [InlineData("https://a.example/ä?ö", "https://a.example/%C3%A4?%C3%B6")]
    [InlineData("https://a.example/😀", "https://a.example/%F0%9F%98%80")]
    [InlineData("https://a.example/group%2Fproject", "https://a.example/group%2Fproject")]
    [InlineData("https://a.example//x//y", "https://a.example//x//y")]
    [InlineData("https://a.example/[x]", "https://a.example/%5Bx%5D")]
    [InlineData("https://a.example/?a=../b", "https://a.example/?a=../b")]
    [InlineData("https://bücher.example/", "https://xn--bcher-kva.example/")]
    [InlineData("https://BÜCHER.example/", "https://xn--bcher-kva.example/")]
    [InlineData("https://xn--BCHER-KVA.example/", "https://xn--bcher-kva.example/")]
    [InlineData("https://0x7f.1/", "https://127.0.0.1/")]
    [InlineData("https://2130706433/", "https://127.0.0.1/")]
    [InlineData("https://127.0.0.1./", "https://127.0.0.1/")]
    [InlineData("https://[::FFFF:127.0.0.1]/", "https://127.0.0.1/")]
    [InlineData("https://[0:0:0:0:0:0:0:1]:8443/", "https://[::1]:8443/")]
    [InlineData("https://[64:ff9b::7f00:1]/", "https://127.0.0.1/")]
    public void An_url_has_one_form(string written, string form)
    {
        var url = HttpUrl.Parse(written, out var problem);

        Assert.True(url is not null, problem);
        Assert.Equal(form, url.Whole);
    }

    /// <summary>What somebody might send to be understood in two ways.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("ftp://a.example/")]
    [InlineData("//a.example/")]
    [InlineData("a.example/")]
    [InlineData("javascript:alert(1)")]
    [InlineData("file:///etc/passwd")]
    [InlineData("https:/a.example/")]
    [InlineData("https://")]
    [InlineData("https:///x")]
    [InlineData("https://user@a.example/")]
    [InlineData("https://user:password@a.example/")]
    [InlineData("https://a.example@evil.test/")]
    [InlineData("https://a.example\\@evil.test/")]
    [InlineData("https://a.example%2f@evil.test/")]
    [InlineData("https://a.example%00.evil.test/")]
    [InlineData("https://a.example\\.evil.test/")]
    [InlineData("https://a.example:80:90/")]
    [InlineData("https://a.example:0/")]
    [InlineData("https://a.example:65536/")]
    [InlineData("https://a.example:+80/")]
    [InlineData("https://a.example: 80/")]
    [InlineData("https://a..example/")]
    [InlineData("https://.a.example/")]
    [InlineData("https://a.example../")]
    [InlineData("https://-a.example/")]
    [InlineData("https://a-.example/")]
    [InlineData("https://a b.example/")]
    [InlineData("https://a.example\t/")]
    [InlineData("https://a.example\r\nHost: evil.test/")]
    [InlineData("https://a.example/x\r\nX-Injected: 1")]
    [InlineData("https://a.example/x y")]
    [InlineData("https://a.example/\u0000")]
    [InlineData("https://a.example/%")]
    [InlineData("https://a.example/%4")]
    [InlineData("https://a.example/%zz")]
    [InlineData("https://a.example/a\\..\\b")]
    [InlineData("https://a.example/a/..%2fb")]
    [InlineData("https://a.example/a/%2e%2e%2fb")]
    [InlineData("https://a.example/a/..%5cb")]
    [InlineData("https://a.example/a/%252e%252e/b")]
    [InlineData("https://a.example/a/%252e%252e%252fb")]
    [InlineData("https://a.example/a/..;/b")]
    [InlineData("https://a.example/a/..;x=1/b")]
    [InlineData("https://a.example/a/.;/b")]
    [InlineData("https://a.example/a%00b")]
    [InlineData("https://a.example/%c0%ae%c0%ae/b")]
    [InlineData("https://1.2.3.4.5/")]
    [InlineData("https://256.256.256.256/")]
    [InlineData("https://a.example.0x/1:x")]
    [InlineData("https://a.1/")]
    [InlineData("https://[::1/")]
    [InlineData("https://::1/")]
    [InlineData("https://[::1%25eth0]/")]
    [InlineData("https://[fe80::1%eth0]/")]
    [InlineData("https://[127.0.0.1]/")]
    [InlineData("https://ａ.example/")]
    [InlineData("https://a。example/")]
    [InlineData("https://a\u200b.example/")]
    [InlineData("https://ⓐ.example/")]
    [InlineData("https://①②⑦.0.0.1/")]
    public void What_can_be_read_in_two_ways_is_refused(string written)
    {
        Assert.Null(HttpUrl.Parse(written, out var problem));
        Assert.NotEmpty(problem!);
    }

    [Theory]
    [InlineData("api.example.com:443", "api.example.com", 443)]
    [InlineData("[::1]:8443", "::1", 8443)]
    [InlineData("0x7f.1:80", "127.0.0.1", 80)]
    public void A_tunnel_goes_to_a_host_and_port(string written, string host, int port)
    {
        var url = HttpUrl.ParseAuthority(written, out _)!;
        Assert.Equal((host, port), (url.Host.Text, url.Port));
    }

    [Theory]
    [InlineData("api.example.com")]
    [InlineData("user@api.example.com:443")]
    [InlineData("api.example.com:443/path")]
    [InlineData("https://api.example.com:443")]
    [InlineData(":443")]
    [InlineData("[::1]")]
    [InlineData("api.example.com:443:444")]
    public void What_is_no_host_and_port_is_refused(string written) =>
        Assert.Null(HttpUrl.ParseAuthority(written, out _));

    [Fact]
    public void The_form_of_a_form_is_itself_and_has_no_dots_and_no_controls() =>
        Prop.ForAll(Urls(), text =>
        {
            if (HttpUrl.Parse(text, out _) is not { } url)
            {
                return true;
            }

            return HttpUrl.Parse(url.Whole, out _) == url
                && !url.Path.Split('/').Any(segment => segment is "." or "..")
                && url.Whole.All(character => character is > ' ' and < '\x7F');
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void No_text_breaks_the_reading() =>
        Prop.ForAll(ArbMap.Default.ArbFor<string>(), text =>
        {
            HttpUrl.Parse("https://a.example/" + text, out _);
            HttpUrl.Parse("https://" + text, out _);
            HttpUrl.ParseAuthority(text ?? "", out _);
            return true;
        }).QuickCheckThrowOnFailure();

    private static Arbitrary<string> Urls()
    {
        var pieces = Gen.Elements(
            "/", "//", ".", "..", "%2e", "%2E", "%2f", "%5c", "%25", "a", "B", "~", "%7e", ";", "?", "#", "ä", "%00",
            "\\", "[", "+", " ", "=", "😀");
        return Gen.ListOf(pieces).Select(list => "https://a.example/" + string.Concat(list)).ToArbitrary();
    }
}

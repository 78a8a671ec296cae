using System.Text.RegularExpressions;

namespace Analemma.Repo.Tests;

public sealed class VersionTests
{
    /// <summary>Where the version is written, and what stands around it.</summary>
    private static readonly (string File, string Pattern)[] Places =
    [
        ("Directory.Build.props", "<Version>(.+)</Version>"),
        ("src/Daemon/Boot/KernelHost.cs", "string Version = \"(.+)\";"),
        ("src/Daemon/Sockets/SocketOptions.cs", "KernelVersion .* = \"(.+)\";"),
        ("sdk/python/pyproject.toml", "(?m)^version = \"(.+)\""),
        ("sdk/python/analemma/_calls.py", "(?m)^VERSION = \"(.+)\""),
    ];

    [Fact]
    public void Everything_has_the_same_version() =>
        Assert.Single(Places.Select(place =>
        {
            var match = Regex.Match(Repository.Read(place.File), place.Pattern);
            Assert.True(match.Success, $"{place.File} names no version");
            return match.Groups[1].Value;
        }).Distinct(StringComparer.Ordinal));
}

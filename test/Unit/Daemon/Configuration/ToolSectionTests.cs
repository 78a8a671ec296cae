using Analemma.Daemon.Configuration;
using Analemma.Daemon.Configuration.Sections;

namespace Analemma.Unit.Tests.Daemon.Configuration;

/// <summary>The sections [tools.NAME] of the machine file.</summary>
public sealed class ToolSectionTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("analemma-test").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_section_says_all_of_a_server()
    {
        var boot = Load("""
            [tools.fs]
            command = ["npx", "server", "/work"]
            mounts = ["/srv/mcp:/mnt/mcp", "/srv/data:/mnt/data:rw"]
            memory = "128M"
            max_pids = 16
            cpu_quota = -1
            network = true
            timeout_ms = 5000
            calls_max = 2
            start = "boot"
            [tools.fs.env]
            MODE = "fast"
            DEBUG = 1

            [tools.web]
            url = "https://example.org/mcp"
            headers.Authorization = "Bearer secret:web"
            headers.Accept-Language = "en"
            """);

        Assert.Empty(boot.Problems);
        var (fs, web) = (boot.Options.Tools[0], boot.Options.Tools[1]);
        Assert.Equal(["npx", "server", "/work"], fs.Command);
        Assert.Equal((128L << 20, 16, -1L, true, 5_000L, 2, true),
            (fs.Memory, fs.MaxPids, fs.CpuQuota, fs.Network, fs.TimeoutMs, fs.CallsMax, fs.StartsAtBoot));
        Assert.Equal("fast 1", $"{fs.Env["MODE"]} {fs.Env["DEBUG"]}");
        Assert.Equal(("https://example.org/mcp", false, "Bearer secret:web"), (
            web.Url, web.IsProgram, web.Headers["Authorization"]));
        var servers = boot.Options.ToKernelOptions([]).Tools.Servers;
        Assert.Equal(["fs", "web"], servers.Select(server => server.Name));
        Assert.Equal((2, 5_000L, true, true), (
            servers[0].CallsMax, servers[0].TimeoutMs, servers[0].StartsAtBoot, servers[0].IsProgram));
    }

    [Fact]
    public void The_printed_settings_are_a_machine_file_that_says_the_same()
    {
        var boot = Load("""
            [tools.fs]
            command = ["a \"quoted\" word"]
            env.MODE = "fast"
            [tools.web]
            url = "http://127.0.0.1:1/mcp"
            headers.X-Api-Key = "env:WEB_KEY"
            """);
        var again = Load(ConfigText.ToToml(boot.Options));
        Assert.Empty(again.Problems);
        Assert.Equal(ConfigText.ToToml(boot.Options), ConfigText.ToToml(again.Options));
        Assert.Equal("env:WEB_KEY", again.Options.Tools[1].Headers["X-Api-Key"]);
    }

    [Fact]
    public void Json_takes_the_same()
    {
        var file = Path.Combine(_folder, "m.json");
        File.WriteAllText(file, """{"tools":{"fs":{"command":["a","b"],"env":{"X":"y"},"calls_max":3}}}""");
        var boot = MachineOptions.Load(
            ["--config", file], new Dictionary<string, string> { ["HOME"] = "/h" }, root: false);
        Assert.Empty(boot.Problems);
        Assert.Equal(("a b", "y", 3), (string.Join(
            ' ', boot.Options.Tools[0].Command), boot.Options.Tools[0].Env["X"], boot.Options.Tools[0].CallsMax));
    }

    [Theory]
    [InlineData("command = []", "tools.x needs exactly one of command and url")]
    [InlineData("command = [\"a\"]\nurl = \"http://a\"", "tools.x needs exactly one of command and url")]
    [InlineData("comand = [\"a\"]", "there is no setting tools.x.comand; did you mean tools.x.command?")]
    [InlineData("command = 7", "tools.x.command expects list of text")]
    [InlineData("command = [\"a\"]\nmounts = [\"/a:/etc\"]", "tools.x.mounts has '/a:/etc'")]
    [InlineData("command = [\"a\"]\nmemory = 1", "tools.x.memory is 1; it must be 8388608 to")]
    [InlineData("command = [\"a\"]\nstart = \"never\"", "tools.x.start is never")]
    [InlineData("command = [\"a\"]\nheaders.A = \"b\"", "tools.x.headers belong to a url")]
    [InlineData("command = [\"a\"]\nenv.KEY = \"canary secret:k!\"", "tools.x.env.KEY has a secret within other")]
    [InlineData("command = [\"a\"]\nenv.\"A B\" = \"secret:k\"", "tools.x.env.A B is no variable")]
    [InlineData("command = [\"a\"]\nenv.\"A=B\" = \"c\"", "tools.x.env.A=B is no variable")]
    [InlineData("url = \"ftp://a\"", "tools.x.url must be an absolute http or https URL")]
    [InlineData("url = \"http://user:password@a\"", "tools.x.url must be an absolute http or https URL")]
    [InlineData("url = \"http://a\"\nnetwork = true", "tools.x: env, mounts and network belong to a command")]
    [InlineData(
        "url = \"http://a\"\nheaders.Authorization = \"Bearer canary\"", "tools.x.headers.Authorization is a secret")]
    [InlineData("url = \"http://a\"\nheaders.\"A B\" = \"c\"", "tools.x.headers.A B is no header")]
    public void What_is_wrong_is_named_and_no_secret_is_shown(string lines, string problem)
    {
        var boot = Load($"[tools.x]\n{lines}\n");
        Assert.Contains(boot.Problems, found => found.Contains(problem, StringComparison.Ordinal));
        Assert.DoesNotContain(boot.Problems, found => found.Contains("canary", StringComparison.Ordinal)
            || found.Contains("password", StringComparison.Ordinal));
    }

    [Fact]
    public void A_name_that_is_none_is_refused()
    {
        Assert.Contains("tools.Not_One: a server's name is", Assert.Single(
            Load("[tools.Not_One]\ncommand = [\"a\"]").Problems), StringComparison.Ordinal);
        Assert.Contains(
            "tools.x is no setting", Assert.Single(Load("[tools]\nx = 1").Problems), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("secret:k", "", "secret", "k")]
    [InlineData("Bearer secret:my.key-1", "Bearer ", "secret", "my.key-1")]
    [InlineData("env:KEY", "", "env", "KEY")]
    public void A_reference_is_read(string value, string before, string kind, string name)
    {
        Assert.True(ToolReference.TryParse(value, out var found, out var what, out var which));
        Assert.Equal((before, kind, name), (found, what, which));
        Assert.False(ToolReference.IsReference("plain text"));
        Assert.False(ToolReference.IsReference("secret:"));
    }

    private BootRequest Load(string toml)
    {
        var file = Path.Combine(_folder, "m.toml");
        File.WriteAllText(file, toml);
        return MachineOptions.Load(["--config", file], new Dictionary<string, string> { ["HOME"] = "/h" }, root: false);
    }
}

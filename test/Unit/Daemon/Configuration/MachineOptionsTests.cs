using Analemma.Abi;
using Analemma.Daemon.Configuration;
using Analemma.Daemon.Configuration.Sections;
using Microsoft.Extensions.Logging;

namespace Analemma.Unit.Tests.Daemon.Configuration;

public sealed class MachineOptionsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("analemma-test").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Defaults_alone_have_no_problem_and_paths_of_the_user()
    {
        var boot = Load(environment: new() { ["HOME"] = "/home/u", ["XDG_RUNTIME_DIR"] = "/run/user/7" });

        Assert.Empty(boot.Problems);
        Assert.Equal(BootAction.Run, boot.Action);
        Assert.Equal("/run/user/7/analemma/kernel.sock", boot.Options.Kernel.Socket);
        Assert.Equal("/home/u/.local/state/analemma", boot.Options.Kernel.StateFolder);
        Assert.Equal("/home/u/.local/state/analemma/journal.db", boot.Options.Journal.Path);
    }

    [Fact]
    public void Root_has_paths_of_the_system()
    {
        var boot = MachineOptions.Load([], new Dictionary<string, string>(), root: true);

        Assert.Equal("/run/analemma/kernel.sock", boot.Options.Kernel.Socket);
        Assert.Equal("/var/lib/analemma", boot.Options.Kernel.StateFolder);
    }

    [Fact]
    public void Flags_win_over_the_environment_and_that_over_the_file()
    {
        var file = Write("m.toml", """
            [pool]
            created = 1
            preloaded = 1
            [defaults]
            memory = "64M"
            max_pids = 7
            """);

        var boot = Load(
            ["--config", file, "--pool.created=3"],
            new()
            {
                ["ANALEMMA_POOL__CREATED"] = "2",
                ["ANALEMMA_DEFAULTS__MAX_PIDS"] = "8",
                ["ANALEMMA_NO_INSTALL"] = "1",
            });

        Assert.Empty(boot.Problems);
        Assert.Equal(new PoolSection { Created = 3, Preloaded = 1 }, boot.Options.Pool);
        Assert.Equal(64 << 20, boot.Options.Defaults.Memory);
        Assert.Equal(8, boot.Options.Defaults.MaxPids);
    }

    [Fact]
    public void Json_with_comments_says_the_same_as_toml()
    {
        var json = Write("m.json", """
            { // the machine
              "kernel": { "log_level": "debug", "leftovers": "adopt" },
              "sandbox": { "unsandboxed_allowed": false, "engine": "runc", },
            }
            """);
        var toml = Write("m.toml", """
            kernel.log_level = 'debug'
            kernel.leftovers = "adopt"
            [sandbox]
            unsandboxed_allowed = false
            engine = "runc"
            """);

        var fromJson = Load(["--config", json]);
        var fromToml = Load([$"--config={toml}"]);

        Assert.Empty(fromJson.Problems);
        Assert.Equal(fromJson.Options, fromToml.Options);
        Assert.Equal(LogLevel.Debug, fromJson.Options.Kernel.LogLevel);
        Assert.Equal(Leftovers.Adopt, fromJson.Options.Kernel.Leftovers);
        Assert.Equal(Engine.Runc, fromJson.Options.Sandbox.Engine);
    }

    [Fact]
    public void Every_mistake_is_told_at_once_with_its_place_and_a_suggestion()
    {
        var file = Write("m.toml", """
            [pool]
            crated = 1
            preloaded = 1000
            [kernel]
            leftovers = "keep"
            socket = relative
            socket = "relative"
            """);

        var boot = Load(
            ["--config", file, "--defalts.memory=1", "--prob", "--journal.path"],
            new() { ["ANALEMMA_SANDBOX__UID_BASE"] = "many" });

        Assert.Equal(
            [
                "there is no argument --prob; did you mean --probe?",
                "--journal.path needs a value",
                "m.toml line 6: 'relative' is not a value; text goes in quotes",
                "m.toml line 2: there is no setting pool.crated; did you mean pool.created?",
                "m.toml line 5: kernel.leftovers expects reap, adopt, not 'keep'",
                "ANALEMMA_SANDBOX__UID_BASE: sandbox.uid_base expects whole number, not 'many'",
                "--defalts.memory: there is no setting defalts.memory; did you mean defaults.memory?",
                "kernel.socket is 'relative'; it must be an absolute path",
                "pool.preloaded is 1000; it must be 0 to 256",
            ],
            boot.Problems);
    }

    [Theory]
    [InlineData("agents")]
    [InlineData("/")]
    [InlineData("/agents/")]
    [InlineData("/agents/../..")]
    [InlineData("/agents//ada")]
    [InlineData("/sys/fs/cgroup/memory/agents")]
    [InlineData("/agents\n")]
    public void A_cgroup_is_a_path_from_the_top_of_the_hierarchies(string path)
    {
        Assert.Empty(Load(["--sandbox.cgroup=/agents/ada"]).Problems);
        Assert.Contains("such as /agents/ada", Assert.Single(Load([$"--sandbox.cgroup={path}"]).Problems));
    }

    [Fact]
    public void A_machine_file_that_is_named_must_exist()
    {
        var boot = Load(["--config", Path.Combine(_folder, "none.toml")]);

        Assert.Contains("cannot be read", Assert.Single(boot.Problems));
    }

    [Fact]
    public void The_printed_configuration_reads_back_as_the_same()
    {
        var before =
            Load(["--kernel.state_folder=/a \"b\\c", "--defaults.cpu_quota=-1", "--sandbox.engine=bubblewrap"]).Options;

        var after = Load(["--config", Write("printed.toml", ConfigText.ToToml(before))]);

        Assert.Empty(after.Problems);
        Assert.Equal(before, after.Options);
    }

    [Fact]
    public void The_reference_is_the_one_of_these_records() =>
        Snapshot.MatchesRepositoryFile(ConfigText.ToMarkdown(), "docs/reference/config.md");

    [Fact]
    public void The_printed_defaults() =>
        Snapshot.Matches(ConfigText.ToToml(new MachineOptions()), "defaults.toml");

    [Theory]
    [InlineData("created", "crated", 1)]
    [InlineData("", "abc", 3)]
    [InlineData("same", "same", 0)]
    [InlineData("kitten", "sitting", 3)]
    public void Edit_distance(string from, string to, int distance) =>
        Assert.Equal(distance, Suggestion.Distance(from, to));

    [Fact]
    public void Nothing_near_is_not_suggested() => Assert.Null(Suggestion.For("zzzzzz", ["pool.created"]));

    private static BootRequest Load(string[]? args = null, Dictionary<string, string>? environment = null) =>
        MachineOptions.Load(args ?? [], environment ?? new() { ["HOME"] = "/home/u" }, root: false);

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}

using System.Text.Json;
using Analemma.Abi;
using Analemma.Unit.Tests.Client;

namespace Analemma.Unit.Tests.Cli.Fleets;

public sealed class FleetCommandTests : IDisposable
{
    private const string Good = """
        fleet: news
        agents:
          store: {script: a.py}
          worker: {script: b.py, after: [store]}
        """;

    private const string Bad = "fleet: news\nagents:\n  store: {script: a.py, replicas: 0}\n  x: {}\n";

    private const string Applied = """
        {"fleet": "news", "revision": 1, "added": ["store", "worker"], "changed": [], "removed": [], "unchanged": []}
        """;

    private const string Running = """
        {"fleets": [{"fleet": "news", "revision": 1}], "units": [
          {"name": "worker-1", "agent": "worker", "state": "ready", "fleet": "news", "revision": 1},
          {"name": "worker-2", "agent": "worker", "state": "ready", "fleet": "news", "revision": 1},
          {"name": "store", "agent": "store", "state": "given_up", "fleet": "news", "revision": 1}]}
        """;

    private readonly FleetText _files = new();
    private readonly List<(SyscallNumber Number, JsonElement Body)> _asked = [];

    [Fact]
    public async Task Up_sends_the_declaration_and_tells_the_difference()
    {
        await using var fake = Kernel(_ => """
            {"fleet": "news", "revision": 4, "added": ["worker"], "removed": ["old"], "unchanged": ["same"],
             "changed": [{"name": "store", "fields": ["digest", "spawn.env"], "action": "restart"}]}
            """);

        var run = await CliRun.AgainstAsync(fake, "up", _files.Write(Good));

        Assert.Equal(0, run.Code);
        Assert.Equal(
            """
            + worker
            ~ store: digest, spawn.env (restart)
            - old
            news: revision 4, 1 agent unchanged

            """,
            run.Output);
        var (number, body) = Assert.Single(_asked);
        Assert.Equal(SyscallNumber.FleetApply, number);
        var store = body.GetProperty("agents")[0];
        Assert.Equal("store", store.GetProperty("name").GetString());
        Assert.Equal(Path.Combine(_files.Folder, "a.py"), store.GetProperty("spawn").GetProperty("script").GetString());
        Assert.StartsWith("sha256:", store.GetProperty("digest").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("up")]
    [InlineData("diff")]
    [InlineData("reload")]
    public async Task A_file_with_problems_is_told_whole_and_nothing_is_sent(string command)
    {
        await using var fake = Kernel(_ => "{}");

        var run = await CliRun.AgainstAsync(fake, command, _files.Write(Bad));

        Assert.Equal(2, run.Code);
        Assert.Empty(_asked);
        Assert.Equal("", run.Output);
        Assert.Equal(
            """
            fleet.yaml:3:35: agents.store.replicas: 0 is not 1 to 1000
            fleet.yaml:4:6: agents.x: exactly one of script and argv is expected
            error fleet_invalid: fleet.yaml has 2 problems; nothing was changed

            """,
            run.Error.Replace(_files.FilePath, "fleet.yaml", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Problems_are_json_for_programs()
    {
        await using var fake = Kernel(_ => "{}");

        var run = await CliRun.AgainstAsync(fake, "up", _files.Write(Bad), "--json");

        var error = JsonDocument.Parse(run.Error).RootElement.GetProperty("error");
        Assert.Equal("fleet_invalid", error.GetProperty("code").GetString());
        var problem = error.GetProperty("problems")[0];
        Assert.Equal(3, problem.GetProperty("line").GetInt64());
        Assert.Equal(35, problem.GetProperty("column").GetInt64());
        Assert.Equal("agents.store.replicas", problem.GetProperty("path").GetString());
    }

    [Fact]
    public async Task Diff_asks_for_a_dry_run_and_can_answer_with_its_exit_code()
    {
        var file = _files.Write(Good);
        await using (var same = Kernel(_ => """
            {"fleet": "news", "revision": 1, "added": [], "changed": [], "removed": [],
             "unchanged": ["store", "worker"], "dry_run": true}
            """))
        {
            var run = await CliRun.AgainstAsync(same, "diff", file, "--exit-code");
            Assert.Equal((0, "news: nothing to change, 2 agents as declared\n"), (run.Code, run.Output));
        }

        await using var other = Kernel(_ => """
            {"fleet": "news", "revision": 2, "added": ["worker"], "changed": [], "removed": [],
             "unchanged": ["store"], "dry_run": true}
            """);
        var differs = await CliRun.AgainstAsync(other, "diff", file, "--exit-code");
        Assert.Equal(1, differs.Code);
        Assert.EndsWith("news: revision 2 if applied, 1 agent unchanged\n", differs.Output, StringComparison.Ordinal);
        Assert.True(_asked[0].Body.GetProperty("dry_run").GetBoolean());
    }

    [Fact]
    public async Task Up_with_wait_tells_each_change_until_all_are_ready()
    {
        Queue<string> states = new([
            Units(("store", "starting", 1), ("worker", "waiting", 0)),
            Units(("store", "ready", 1), ("worker", "starting", 1)),
            Units(("store", "ready", 1), ("worker", "ready", 1)),
        ]);
        await using var fake = Kernel(number => number == SyscallNumber.FleetApply
            ? Applied : states.Dequeue());

        var run = await CliRun.AgainstAsync(fake, "up", _files.Write(Good), "--wait");

        Assert.Equal(0, run.Code);
        Assert.EndsWith(
            """
            store: starting
            worker: waiting
            store: ready, process 7
            worker: starting
            worker: ready, process 7

            """,
            run.Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Up_with_wait_fails_when_an_agent_has_and_says_which_and_why()
    {
        await using var fake = Kernel(number => number == SyscallNumber.FleetApply
            ? Applied
            : """
            {"fleets": [], "units": [
              {"name": "store", "state": "given_up", "fleet": "news", "revision": 1, "reason": "started 5 times"},
              {"name": "worker", "state": "scheduled", "fleet": "news", "revision": 1}]}
            """);

        var run = await CliRun.AgainstAsync(fake, "up", _files.Write(Good), "--wait");

        Assert.Equal(1, run.Code);
        Assert.Contains("error fleet_not_up: store is given up: started 5 times", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Up_with_wait_does_not_wait_for_those_that_wait_for_one_that_has_failed()
    {
        await using var fake = Kernel(number => number == SyscallNumber.FleetApply ? Applied : """
            {"fleets": [], "units": [
              {"name": "store", "agent": "store", "state": "given_up", "fleet": "news", "revision": 1},
              {"name": "worker", "agent": "worker", "state": "waiting", "waits_for": ["store"], "fleet": "news"},
              {"name": "web", "agent": "web", "state": "waiting", "waits_for": ["worker"], "fleet": "news"}]}
            """);

        var run = await CliRun.AgainstAsync(fake, "up", _files.Write(Good), "--wait");

        Assert.Equal(1, run.Code);
        Assert.Contains("error fleet_not_up: store is given up", run.Error, StringComparison.Ordinal);
        Assert.Contains("analemma logs store", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Waiting_ends_with_its_timeout()
    {
        await using var fake = Kernel(number => number == SyscallNumber.FleetApply
            ? Applied : Units(("store", "backing_off", 1)));

        var run = await CliRun.AgainstAsync(fake, "up", _files.Write(Good), "--wait", "--timeout", "1ms");

        Assert.Equal(1, run.Code);
        Assert.Contains("error timed_out: store is backing off", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Down_needs_no_more_of_the_file_than_the_fleets_name()
    {
        await using var fake = Kernel(_ => """{"fleet": "news", "stopping": 2}""");

        var run = await CliRun.AgainstAsync(fake, "down", _files.Write(Bad));

        Assert.Equal((0, "news: 2 agents to stop\n"), (run.Code, run.Output));
        Assert.Equal("news", Assert.Single(_asked).Body.GetProperty("fleet").GetString());
    }

    [Fact]
    public async Task Down_with_wait_ends_when_the_kernel_has_forgotten_the_fleet()
    {
        Queue<string> states = new([
            Units(("store", "stopping", 1)),
            """{"units": [], "fleets": [{"fleet": "other", "revision": 1}]}""",
        ]);
        await using var fake = Kernel(number => number == SyscallNumber.FleetDown
            ? """{"fleet": "news", "stopping": 1}""" : states.Dequeue());

        var run = await CliRun.AgainstAsync(fake, "down", "--fleet", "news", "--wait");

        Assert.Equal((0, "news: 1 agent to stop\nstore: stopping\nstore: gone\n"), (run.Code, run.Output));
    }

    [Fact]
    public async Task Reload_brings_up_nothing_that_is_not_up()
    {
        await using var fake = new FakeKernel(request => request.Fail(
            SysErrorCode.NoSuchFleet, "no fleet news is declared", "declare one with `analemma up FILE`"));

        var run = await CliRun.AgainstAsync(fake, "reload", _files.Write(Good));

        Assert.Equal(1, run.Code);
        Assert.Contains("error no_such_fleet", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Restart_takes_agents_and_tells_the_file_from_them()
    {
        await using var fake = Kernel(number => number == SyscallNumber.FleetStatus
            ? Running : """{"fleet": "news", "restarting": ["worker-1", "worker-2"]}""");

        var run = await CliRun.AgainstAsync(fake, "restart", _files.Write(Good), "worker", "store", "--rolling");

        Assert.Equal(0, run.Code);
        Assert.Equal(["worker", "store"], _asked.Select(asked => asked.Body.GetProperty("agent").GetString()));
        Assert.All(_asked, asked => Assert.True(asked.Body.GetProperty("rolling").GetBoolean()));
        Assert.StartsWith("news: restarts worker-1, worker-2\n", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Restart_of_one_that_is_not_there_restarts_none()
    {
        await using var fake = Kernel(number => number == SyscallNumber.FleetStatus
            ? Running : """{"fleet": "news", "restarting": ["store"]}""");

        var run = await CliRun.AgainstAsync(fake, "restart", "--fleet", "news", "store", "wroker");

        Assert.Equal((1, ""), (run.Code, run.Output));
        Assert.StartsWith("error no_such_process: there is no process wroker", run.Error, StringComparison.Ordinal);
        Assert.Empty(_asked);
    }

    [Fact]
    public async Task Restart_with_wait_is_over_when_its_own_are_ready()
    {
        await using var fake = Kernel(number => number == SyscallNumber.FleetStatus
            ? Running : """{"fleet": "news", "restarting": ["worker-2"]}""");

        var one = await CliRun.AgainstAsync(fake, "restart", "--fleet", "news", "worker-2", "--wait");
        var all = await CliRun.AgainstAsync(fake, "restart", "--fleet", "news", "--wait");

        Assert.Equal((0, ""), (one.Code, one.Error));
        Assert.Equal(1, all.Code);
        Assert.Contains("error fleet_not_up: store is given up", all.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_shows_each_agent_in_a_line()
    {
        await using var fake = Kernel(_ => """
            {"fleets": [], "units": [
              {"name": "store", "state": "backing_off", "fleet": "news", "process": 9, "restarts": 3,
               "next_restart_at": "2026-11-26T10:00:01Z", "last_exit": {"cause": "exited", "code": 3}},
              {"name": "worker", "state": "waiting", "fleet": "news", "waits_for": ["store"]}]}
            """);

        var run = await CliRun.AgainstAsync(fake, "status");

        Assert.Equal(0, run.Code);
        Assert.Matches(@"news +store +backing off +9 +3 +- +2026-11-26 10:00:01Z +exited\(3\)", run.Output);
        Assert.Matches(@"news +worker +waiting .*waits for store", run.Output);
    }

    [Fact]
    public async Task A_file_that_is_not_there_is_said_so()
    {
        var run = await CliRun.AloneAsync("up", Path.Combine(_files.Folder, "none.yaml"));

        Assert.Equal(2, run.Code);
        Assert.Contains("there is no fleet file", run.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _files.Dispose();

    private FakeKernel Kernel(Func<SyscallNumber, string> answer) => new(request =>
    {
        lock (_asked)
        {
            if (request.Number is not SyscallNumber.FleetStatus)
            {
                _asked.Add((request.Number, JsonDocument.Parse(request.Text).RootElement));
            }
        }

        request.Reply(answer(request.Number));
    });

    private static string Units(params (string Name, string State, int Incarnation)[] units) => $$"""
        {"fleets": [{"fleet": "news", "revision": 1, "supervisors": []}],
         "units": [{{string.Join(", ", units.Select(Unit))}}]}
        """;

    private static string Unit((string Name, string State, int Incarnation) unit) => $$"""
        {"name": "{{unit.Name}}", "state": "{{unit.State}}", "incarnation": {{unit.Incarnation}},
         "fleet": "news", "revision": 1, "process": 7}
        """;
}

using System.Text.Json;
using Analemma.Abi.Syscalls;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Fleets;

/// <summary>Fleets of sandboxed agents on a real kernel, brought up and down by the command line.</summary>
public sealed class FleetTests
{
    private const string Fleet = """
        fleet: news
        defaults: {restart: {policy: always, backoff: 50ms}, limits: {memory: 64M}}
        agents:
          web: {script: web.py, after: [store]}
          store: {script: store.py, ready: {probe: [test, -e, /work/up], interval: 100ms}}
          pool: {script: pool.py, replicas: 2, after: [store]}
        """;

    [Fact]
    public async Task It_comes_up_in_the_order_of_dependencies_changes_by_the_difference_and_goes_down_in_reverse()
    {
        await using var folder = await UpAsync();
        var before = await folder.UnitsAsync();
        Assert.Equal(["pool-1", "pool-2", "store", "web"], before.Keys.Order());
        Assert.All(before.Values, unit => Assert.Equal((UnitState.Ready, 1L), (unit.State, unit.Incarnation)));
        Assert.True(before["store"].Process.Value < before["web"].Process.Value);

        folder.Write("web.py", Script("second"));
        Assert.Contains("~ web: digest (restart)", await folder.DoAsync("diff"), StringComparison.Ordinal);
        Assert.Contains("~ web: digest (restart)", await folder.DoAsync("reload", "--wait"), StringComparison.Ordinal);
        var after = await folder.UnitsAsync();
        Assert.Equal(2, after["web"].Incarnation);
        Assert.All(["store", "pool-1", "pool-2"], name => Assert.Equal(before[name].Process, after[name].Process));
        Assert.Contains("second", await folder.DoAsync("logs", "web"), StringComparison.Ordinal);

        var exits = ExitsAsync(folder, 4);
        var down = await folder.DoAsync("down", "--wait");
        Assert.Contains("news: 4 agents to stop", down, StringComparison.Ordinal);
        Assert.Equal("store", (await exits)[^1]);
        Assert.Empty(await folder.UnitsAsync());
        Assert.DoesNotContain(await folder.Kernel.Client.ListAsync(new List(), Token), process => process.Exit is null);
    }

    [Fact]
    public async Task A_file_that_is_half_changed_changes_nothing()
    {
        await using var folder = await UpAsync();
        var before = await folder.UnitsAsync();
        folder.Write("fleet.yaml", Fleet.Replace("web: {script: web.py", "wbe: {script: gone.py, retsart: no"));

        var (code, _, error) = await folder.RunAsync("up", "--json");

        Assert.Equal(2, code);
        var body = JsonDocument.Parse(error).RootElement.GetProperty("error");
        Assert.Equal("fleet_invalid", body.GetProperty("code").GetString());
        Assert.Equal(
            [(4, "agents.wbe.script"), (4, "agents.wbe.retsart")],
            body.GetProperty("problems").EnumerateArray().Select(problem =>
                (problem.GetProperty("line").GetInt32(), problem.GetProperty("path").GetString())));
        Assert.Equal(
            before.Values.Select(unit => (unit.Name, unit.Process)),
            (await folder.UnitsAsync()).Values.Select(unit => (unit.Name, unit.Process)));
    }

    [Fact]
    public async Task What_the_kernel_alone_can_refuse_it_refuses_as_a_whole()
    {
        await using var folder = await FleetFolder.StartAsync();
        var other = await folder.Kernel.SpawnShellAsync("sleep 1000", spawn => spawn with { Name = "store" });
        WriteAll(folder);

        var (code, _, error) = await folder.RunAsync("up");

        Assert.Equal(1, code);
        Assert.Contains("error name_taken: agent store", error, StringComparison.Ordinal);
        Assert.Empty(await folder.UnitsAsync());
        Assert.Equal(other.Id, Assert.Single(await folder.Kernel.Client.ListAsync(new List(), Token)).Id);
    }

    [Fact]
    public async Task Replicas_are_replaced_one_after_the_other_and_no_further_than_the_first_that_fails()
    {
        await using var folder = await UpAsync();
        folder.Write("pool.py", Script("third"));
        await folder.DoAsync("up", "--wait");
        var replaced = await folder.UnitsAsync();
        Assert.Equal((2L, 2L), (replaced["pool-1"].Incarnation, replaced["pool-2"].Incarnation));
        Assert.True(replaced["pool-1"].Process.Value < replaced["pool-2"].Process.Value);

        folder.Write("pool.py", "raise SystemExit(9)");
        folder.Write("fleet.yaml", Fleet.Replace("replicas: 2", "replicas: 2, restart: no, ready: syscall"));
        var (code, _, error) = await folder.RunAsync("up", "--wait", "--timeout", "30s");
        Assert.Equal(1, code);
        Assert.Contains("pool-1", error, StringComparison.Ordinal);
        var units = await folder.UnitsAsync();
        Assert.NotEqual(UnitState.Ready, units["pool-1"].State);
        Assert.Equal((UnitState.Ready, 2L), (units["pool-2"].State, units["pool-2"].Incarnation));
    }

    [Theory]
    [InlineData(true, "reap")]
    [InlineData(true, "adopt")]
    [InlineData(false, "reap")]
    public async Task A_kernel_that_starts_anew_brings_it_back_and_starts_nothing_twice(bool isKilled, string leftovers)
    {
        await using var folder = await UpAsync($"--kernel.leftovers={leftovers}");
        var before = await folder.UnitsAsync();
        if (isKilled)
        {
            await folder.Kernel.CrashAsync();
        }
        else
        {
            Assert.Equal(0, await folder.Kernel.StopAsync(graceMs: 1000));
        }

        await folder.Kernel.BeginAsync();

        var after = await folder.UntilAsync(
            units => units.Count == 4 && units.Values.All(unit => unit.State is UnitState.Ready), "all ready again");
        var living = await folder.Kernel.Client.ListAsync(new List(), Token);
        Assert.Equal(["pool-1", "pool-2", "store", "web"], living.Select(process => process.Name).Order());
        Assert.All(after.Values, unit => Assert.Equal(leftovers == "adopt" ? 1 : 2, unit.Incarnation));
        if (leftovers == "adopt")
        {
            Assert.All(before.Values, unit => Assert.Equal(unit.Process, after[unit.Name].Process));
        }

        Assert.Contains("nothing to change", await folder.DoAsync("up"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watching_applies_what_changes_and_waits_for_a_file_to_be_right_again()
    {
        await using var folder = await FleetFolder.StartAsync();
        WriteAll(folder);
        using var watching = folder.Start("up", "--watch", "--json");
        Assert.Equal(3, await AddedAsync());

        folder.Write("fleet.yaml", "fleet: news\nagents: [");
        var problem = await watching.StandardError.ReadLineAsync(Token);
        Assert.Contains("fleet_invalid", problem, StringComparison.Ordinal);
        folder.Write("fleet.yaml", $"{Fleet}\n  extra: {{argv: [sleep, '1000']}}\n");
        Assert.Equal(1, await AddedAsync());
        folder.Write("web.py", Script("fourth"));
        var line = JsonDocument.Parse((await watching.StandardOutput.ReadLineAsync(Token))!).RootElement;
        Assert.Equal("web", line.GetProperty("changed")[0].GetProperty("name").GetString());
        watching.Kill();

        async Task<int> AddedAsync()
        {
            var text = await watching.StandardOutput.ReadLineAsync(Token);
            return JsonDocument.Parse(text!).RootElement.GetProperty("added").GetArrayLength();
        }
    }

    [Fact]
    public async Task A_schedule_of_a_zone_is_told_and_restart_runs_it_now()
    {
        await using var folder = await FleetFolder.StartAsync();
        folder.Write("job.py", "print('done')");
        folder.Write("fleet.yaml", """
            fleet: jobs
            agents:
              job: {script: job.py, schedule: {cron: "0 6 * * *", zone: America/New_York}}
            """);
        await folder.DoAsync("up", "--wait");
        var due = (await folder.UnitsAsync())["job"].NextRestartAt!.Value;
        var local = TimeZoneInfo.ConvertTime(due, TimeZoneInfo.FindSystemTimeZoneById("America/New_York"));
        Assert.Equal((6, 0), (local.Hour, local.Minute));
        Assert.InRange(due - TimeProvider.System.GetUtcNow(), TimeSpan.Zero, TimeSpan.FromHours(25));

        await folder.DoAsync("restart", "job");
        var ran = await folder.UntilAsync(
            units => units["job"] is
            {
                State: UnitState.Scheduled, Incarnation: 1, LastExit.Code: 0, NextRestartAt: not null,
            },
            "a run and its end");
        Assert.Equal(due, ran["job"].NextRestartAt);
    }

    [Fact]
    public async Task One_that_rests_is_started_by_a_message_answers_it_and_rests_again()
    {
        await using var folder = await FleetFolder.StartAsync();
        folder.Write("echo.py", """
            import os
            from analemma import Kernel
            with Kernel() as kernel:
                while True:
                    for message in kernel.recv():
                        kernel.reply(message, f"{message.body} by {os.environ['NAME']}")
            """);
        folder.Write("fleet.yaml", """
            fleet: echoes
            agents:
              echo: {script: echo.py, start_on: message, idle_stop: 700ms, env: {NAME: echo}}
            """);
        await folder.DoAsync("up", "--wait");
        Assert.Equal(0, (await folder.UnitsAsync())["echo"].Incarnation);

        for (var run = 1; run <= 2; run++)
        {
            var send = new Send { To = "echo", Body = MailBody.Of($"hello {run}"), ReplyTimeoutMs = 30_000 };
            var sent = await folder.Kernel.Client.SendAsync(send, Token);
            Assert.Equal($"hello {run} by echo", sent.Reply!.Body!.ToText());
            await folder.UntilAsync(
                units => units["echo"].State is UnitState.Scheduled && units["echo"].Incarnation == run,
                "it rests again");
        }

        Assert.Empty(await folder.Kernel.Client.ListAsync(new List(), Token));
    }

    private static async Task<FleetFolder> UpAsync(params string[] flags)
    {
        var folder = await FleetFolder.StartAsync(flags);
        WriteAll(folder);
        await folder.DoAsync("up", "--wait");
        return folder;
    }

    private static void WriteAll(FleetFolder folder)
    {
        folder.Write("fleet.yaml", Fleet);
        foreach (var name in (string[])["web", "store", "pool"])
        {
            folder.Write($"{name}.py", Script("first"));
        }
    }

    private static string Script(string version) => FleetFolder.Service.Replace("VERSION", version);

    private static async Task<List<string>> ExitsAsync(FleetFolder folder, int count)
    {
        List<string> names = [];
        var subscribe = new Subscribe { Types = [EventTypes.Exited] };
        await foreach (var happened in folder.Kernel.Client.Events(subscribe, Token))
        {
            names.Add(happened.Name!);
            if (names.Count == count)
            {
                break;
            }
        }

        return names;
    }
}

using Analemma.Abi.Syscalls;
using Analemma.Cli.Fleets;
using FsCheck;
using FsCheck.Fluent;

namespace Analemma.Unit.Tests.Cli.Fleets;

public sealed class FleetFileTests : IDisposable
{
    internal const string Everything = """
        # All that a fleet file can say.
        fleet: newsroom
        defaults:
          restart: {policy: on-failure, backoff: 250ms, backoff_max: 30s, reset_after: 2m, burst: 4, interval: 1m}
          env: {LANG: C, SHELL_HAS: }
          limits: {memory: 128M, cpu: 0.5}
        supervisors:
          root: {strategy: rest_for_one, burst: 20, interval: 5m, webhook: "http://127.0.0.1:9/hook"}
          pool: {parent: root, strategy: one_for_all, burst: 3}
        mailboxes:
          pages: {receiver: store, max_messages: 500, max_size: 1M, visibility: 2m, max_deliveries: 3}
          prices: {durable: false, topics: [prices]}
        agents:
          store:
            script: a.py
            args: [--verbose, 7]
            python: python3
            env: {PORT: 8080, DEBUG: true, LANG: de}
            cwd: /work
            limits: {memory: 64M, pids: 16, cpu_weight: 50, timeout: 2h, open_files: 64, log_size: 1M, work_size: 8M}
            ready: {when: probe, probe: [test, -e, /work/up], interval: 200ms, timeout: 10s}
            watchdog: {heartbeat: 30s, repeat_max: 50, tokens_without_progress_max: 20000, action: pause}
            stop: {grace: 5s, drain: 10s}
            inbox: {max_messages: 20, max_size: 64K}
          worker:
            argv: [sh, -c, sleep 9]
            replicas: 3
            after: [store]
            supervisor: pool
            restart: always
            network:
              - api.example.com
              - GET,HEAD https://example.org/v1/
              - {host: 10.0.0.5, scheme: http, ports: [8080], allow_private: true, headers: {X-Key: "${secret:k}"}}
            models: {group: default, weight: 200, priority: high, requests_per_minute: 60, tokens_per_minute: 90000}
            budget: {tokens: 100000, dollars: 2.5}
            tools: [fs/read_file, web/*]
            permissions:
              {send: [_family], spawn: [], kill: [], read: [], exec: [], models: ["small*"], store_read: ["agent/*"],
               store_write: ["agent/*"], emit: ["custom.*"], group: team}
            require: [memory, pids]
            audit: reads
            pool: cold
            idle_stop: 10m
            start_on: message
          report:
            script: b.py
            schedule: {cron: "30 6 * * mon-fri", zone: Europe/Vienna, missed: once}
          tick: {script: b.py, schedule: "@hourly", ready: started, network: false, sandboxed: true}
        """;

    /// <summary>A file, its lines written as \n, and the one thing that is wrong with it.</summary>
    private const string WrongFiles = """
         ⇒ 1:1 : the file is empty
        just words ⇒ 1:1 : 'just words' is no mapping
        fleet: f ⇒ 1:1 : 'agents' is missing
        agents: {a: {script: a.py}} ⇒ 1:1 : 'fleet' is missing
        fleet: f\nagents: {a: {script: a.py}}\n---\nx: 1 ⇒ 3:1 : a second document begins here
        fleet: f\nagents: {a: {script: a.py}, a: {script: b.py}} ⇒ 2:29 agents.a: 'a' is here twice; first in line 2
        fleet: f\nagents: {a b: {script: a.py}} ⇒ 2:10 agents: 'a b' is no name of agent
        fleet: f\nagents: {a: {}} ⇒ 2:13 agents.a: exactly one of script and argv is expected
        fleet: f\nagents: {a: {script: a.py, argv: [x]}} ⇒ 2:13 agents.a: exactly one of script and argv is expected
        fleet: f\nagents: {a: {argv: []}} ⇒ 2:20 agents.a.argv: a list of 0; 1 to 256 are expected
        fleet: f\nagents: {a: {argv: ls}} ⇒ 2:20 agents.a.argv: 'ls' is no list
        fleet: f\nagents: {a: {argv: [x], args: [y]}} ⇒ 2:31 agents.a.args: args belong to a script
        fleet: f\nagents: {a: {script: a.py, replicas: '2'}} ⇒ 2:38 agents.a.replicas: '2' is a text
        fleet: f\nagents: {a: {script: a.py, replicas: 2}, a-1: {script: b.py}} ⇒ 2:47 agents.a-1: a replica of a has this name
        fleet: f\nagents: {a: {script: a.py, idle_stop: 30}} ⇒ 2:39 agents.a.idle_stop: '30' is no time
        fleet: f\nagents: {a: {script: a.py, sandboxed: yes}} ⇒ 2:39 agents.a.sandboxed: 'yes' is neither true nor false
        fleet: f\nagents: {a: {script: a.py, env: {X: }}} ⇒ 2:37 agents.a.env.X: this shell has no variable X
        fleet: f\nagents: {a: {script: a.py, env: {1X: v}}} ⇒ 2:34 agents.a.env: '1X' is no name of variable
        fleet: f\nagents: {a: {script: a.py, after: [a]}} ⇒ 2:35 agents.a.after: agents wait for each other: a → a
        fleet: f\nagents: {a: {script: a.py, inbox: {max_messages: 0}}} ⇒ 2:50 agents.a.inbox.max_messages: 0 is not 1 to 100000
        fleet: f\nagents: {a: {script: a.py, inbox: {max_size: 512}}} ⇒ 2:46 agents.a.inbox.max_size: 512 is not 1 KiB to 64 MiB
        fleet: f\nagents: {a: {script: a.py, inbox: {durable: true}}} ⇒ 2:36 agents.a.inbox.durable: there is no key 'durable'
        fleet: f\nagents: {a: {script: a.py, start_on: schedule}} ⇒ 2:38 agents.a.start_on: it has no schedule
        fleet: f\nagents: {a: {script: a.py, schedule: '@daily', start_on: boot}} ⇒ 2:38 agents.a.schedule: what has a schedule is started by it
        fleet: f\nagents: {a: {script: a.py, schedule: {cron: '@daily', zone: Europe/Viena}}} ⇒ 2:61 agents.a.schedule.zone: this host knows no time zone 'Europe/Viena'
        fleet: f\nagents: {a: {script: a.py, supervisor: pol}} ⇒ 2:40 agents.a.supervisor: there is no supervisor 'pol'
        fleet: f\nsupervisors: {x: {parent: y}, y: {parent: x}}\nagents: {a: {script: a.py}} ⇒ 2:27 supervisors.x.parent: supervisors go round: x → y → x
        fleet: f\nsupervisors: {root: {parent: x}, x: {}}\nagents: {a: {script: a.py}} ⇒ 2:30 supervisors.root.parent: root has no supervisor above it
        fleet: f\nagents: {a: {script: a.py, network: [a b c]}} ⇒ 2:38 agents.a.network[0]: 'a b c' is no rule
        fleet: f\nagents: {a: {script: a.py, ready: {when: probe}}} ⇒ 2:35 agents.a.ready: there is no probe
        fleet: f\nagents: {a: {script: a.py, mounts: ['nowhere:/mnt/x']}} ⇒ 2:37 agents.a.mounts[0]: there is no FOLDER/nowhere
        fleet: f\nagents: {a: !secret {script: a.py}} ⇒ 2:13 agents.a: the tag !secret means nothing here
        fleet: f\nagents: {a: *r} ⇒ 2:13 : no YAML: there is no anchor &r before this
        fleet: f\nagents: {a: &r {script: *r}} ⇒ 2:25 : no YAML: there is no anchor &r before this
        fleet: f\nmailboxes: {m: {receiver: b}}\nagents: {a: {script: a.py}} ⇒ 2:27 mailboxes.m.receiver: there is no agent 'b'
        fleet: f\nmailboxes: {m: {receiver: a}}\nagents: {a: {script: a.py, replicas: 2}} ⇒ 2:27 mailboxes.m.receiver: a has replicas
        fleet: f\nmailboxes: {a: {}}\nagents: {a: {script: a.py}} ⇒ 2:16 mailboxes.a: an agent is called a
        fleet: f\nmailboxes: {m: {max_size: 1}}\nagents: {a: {script: a.py}} ⇒ 2:27 mailboxes.m.max_size: 1 is not 1 KiB
        fleet: f\nagents: {} ⇒ 2:9 agents: there is no agent
        fleet: f\nagents: {a: {script: a.py, restart: {backoff: 5s, backoff_max: 1s}}} ⇒ 2:64 agents.a.restart.backoff_max: it is below backoff
        fleet: f\nagents: {a: {script: a.py, restart: {backoff_max: 100ms}}} ⇒ 2:51 agents.a.restart.backoff_max: it is below backoff
        fleet: [f ⇒ 
        fleet: f\n\tagents: x ⇒ 2:1 : no YAML: a line is indented with a tab
        fleet: f\nagents:\n\ta: {script: a.py} ⇒ 3:1 : no YAML: a line is indented with a tab
        """;

    private readonly FleetText _files = new();

    public static TheoryData<string, string> Wrong => [.. WrongFiles.Split('\n')
        .Select(line => line.Split(" ⇒ ") is [var text, var problem]
            ? (text.Trim().Replace("\\n", "\n").Replace("\\t", "\t"), problem.Trim())
            : (line.Split(" ⇒")[0].Trim().Replace("\\n", "\n").Replace("\\t", "\t"), ""))];

    [Fact]
    public void Agents_given_as_a_list_are_told_of_with_what_is_wrong_inside()
    {
        string[] problems =
        [
            .. _files.Read("fleet: f\nagents: [{name: a, scirpt: a.py, stop: {grace: long}}]").Problems
                .Select(problem => problem.ToString()),
        ];

        Assert.Contains(problems, problem => problem.Contains("a list is no mapping", StringComparison.Ordinal));
        Assert.Contains(problems, problem => problem.Contains("scirpt", StringComparison.Ordinal));
        Assert.Contains(problems, problem => problem.Contains("'long' is no time", StringComparison.Ordinal));
        Assert.DoesNotContain(problems, problem => problem.Contains("'name'", StringComparison.Ordinal));
        Assert.Contains(
            _files.Read("agents: {a: {script: a.py}}").Problems,
            problem => problem.ToString().Contains("it is the name of the fleet", StringComparison.Ordinal));
    }

    [Fact]
    public void All_that_a_file_can_say_is_read_into_the_contracts_terms()
    {
        var file = _files.Read(Everything);

        Assert.Empty(file.Problems);
        var fleet = file.Declared!;
        Assert.Equal("newsroom", fleet.Fleet);
        Assert.Equal(["store", "worker", "report", "tick"], fleet.Agents.Select(agent => agent.Name));
        var (store, worker, report, tick) = (fleet.Agents[0], fleet.Agents[1], fleet.Agents[2], fleet.Agents[3]);
        Assert.Equal(Path.Combine(_files.Folder, "a.py"), store.Spawn.Script);
        Assert.Equal(["--verbose", "7"], store.Spawn.Args);
        Assert.Equal("64", $"{store.Spawn.Limits!.Memory / (1024 * 1024)}");
        Assert.Equal(7_200_000, store.Spawn.Limits.WallMs);
        Assert.Equal(50_000, store.Spawn.Limits.CpuQuota);
        Assert.Equal(["test", "-e", "/work/up"], store.Ready!.Probe);
        Assert.Equal(WatchdogAction.Pause, store.Watchdog!.Action);
        Assert.Equal((5_000, 10_000), (store.Stop!.GraceMs, store.Stop.DrainMs));
        Assert.Equal(
            ["api.example.com", "example.org", "10.0.0.5"], worker.Spawn.Network!.Rules.Select(rule => rule.Host));
        Assert.Equal(["GET", "HEAD"], worker.Spawn.Network.Rules[1].Methods);
        Assert.Equal(2_500_000, worker.Spawn.Models!.Budget!.Microdollars);
        Assert.Equal(ModelPriority.High, worker.Spawn.Models.Priority);
        Assert.Equal((3, "pool", StartOn.Message), (worker.Replicas, worker.Supervisor, worker.StartOn));
        Assert.Equal(MissedStart.Once, report.Schedule!.Missed);
        Assert.Equal(StartOn.Schedule, report.StartOn);
        Assert.Equal("@hourly", tick.Schedule!.Cron);
        Assert.Equal(
            new FleetMailbox
            {
                Name = "pages",
                Receiver = "store",
                MaxMessages = 500,
                MaxBytes = 1024 * 1024,
                VisibilityMs = 120_000,
                MaxDeliveries = 3,
            },
            fleet.Mailboxes![0]);
        Assert.Equal((false, "prices"), (fleet.Mailboxes[1].Durable, fleet.Mailboxes[1].Topics![0]));
        Assert.Equal(SupervisorStrategy.RestForOne, fleet.Supervisors![0].Strategy);
    }

    [Fact]
    public void An_agent_has_the_defaults_that_it_does_not_say_otherwise()
    {
        var fleet = _files.Read(Everything).Declared!;

        Assert.Equal(
            new Dictionary<string, string>
            {
                ["PORT"] = "8080",
                ["DEBUG"] = "true",
                ["LANG"] = "de",
                ["SHELL_HAS"] = "its value",
            },
            fleet.Agents[0].Spawn.Env!);
        Assert.Equal(250, fleet.Agents[0].Restart!.BackoffMs);
        Assert.Equal(128L * 1024 * 1024, fleet.Agents[1].Spawn.Limits!.Memory);
        Assert.Equal(new RestartRule { Policy = RestartPolicy.Always }, fleet.Agents[1].Restart);
    }

    [Fact]
    public void A_script_that_changes_changes_its_digest_and_no_other()
    {
        var before = _files.Read(Everything).Declared!.Agents;
        _files.Script("a.py", "print('other')");
        var after = _files.Read(Everything).Declared!.Agents;

        Assert.NotEqual(before[0].Digest, after[0].Digest);
        Assert.Equal(before[2].Digest, after[2].Digest);
        Assert.Null(after[1].Digest);
    }

    [Fact]
    public void Anchors_are_followed()
    {
        var fleet = _files.Read("""
            fleet: f
            agents:
              a: {script: a.py, restart: &r {policy: always, burst: 3}}
              b: {script: b.py, restart: *r}
            """).Declared!;

        Assert.Equal(3, fleet.Agents[1].Restart!.Burst);
    }

    [Fact]
    public void A_byte_order_mark_is_no_part_of_the_first_key() =>
        Assert.Equal("f", FleetFile.Load(
            _files.Write("\ufefffleet: f\nagents: {a: {script: a.py}}"), _ => null).Declared!.Fleet);

    [Fact]
    public void A_restart_policy_no_is_the_word_and_not_a_flag() =>
        Assert.Equal(
            RestartPolicy.No,
            _files.Read("fleet: f\nagents: {a: {script: a.py, restart: no}}").Declared!.Agents[0].Restart!.Policy);

    [Fact]
    public void Every_problem_is_told_at_once_in_the_order_of_the_file()
    {
        var problems = _files.Problems("""
            fleet: f
            agnets: {}
            agents:
              a:
                script: a.py
                limits: {memroy: 64M, memory: 12Q}
                restart: sometimes
                after: [b, nobody]
              b:
                script: missing.py
                schedule: "61 * * * *"
                after: [c]
              c: {script: b.py, after: [b], replicas: 0}
            """);

        Assert.Equal(
            [
                "2:1 agnets: there is no key 'agnets'",
                "6:14 agents.a.limits.memroy: there is no key 'memroy'",
                "6:35 agents.a.limits.memory: '12Q' is no size",
                "7:14 agents.a.restart: 'sometimes' is none of no, on-failure, on-abnormal, always",
                "8:16 agents.a.after[1]: there is no agent 'nobody'",
                "10:13 agents.b.script: there is no script 'missing.py'",
                "11:15 agents.b.schedule: '61 * * * *' is no schedule: minute: there is no '61'",
                "12:12 agents.b.after: agents wait for each other: b → c → b",
                "13:43 agents.c.replicas: 0 is not 1 to 1000",
            ],
            problems);
    }

    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_is_wrong_is_told_with_its_place(string text, string problem)
    {
        var found = _files.Problems(text).Select(told => told.Replace(_files.Folder, "FOLDER"));

        Assert.StartsWith(problem, Assert.Single(found), StringComparison.Ordinal);
        Assert.Null(_files.Read(text).Declared);
    }

    [Fact]
    public void A_wrong_default_is_told_once()
    {
        var problems = _files.Problems(
            "fleet: f\ndefaults: {idle_stop: 5}\nagents: {a: {script: a.py}, b: {script: b.py}}");

        Assert.StartsWith("2:23 ", Assert.Single(problems), StringComparison.Ordinal);
    }

    [Fact]
    public void Aliases_that_multiply_are_stopped()
    {
        var bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + string.Concat(Enumerable.Range(1, 9).Select(at =>
            $"a{at}: &a{at} [{string.Join(", ", Enumerable.Repeat($"*a{at - 1}", 10))}]\n"));

        Assert.Contains("more than 100000 values", Assert.Single(_files.Problems(bomb)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_chain_of_a_thousand_agents_is_no_cycle_and_closing_it_is_one()
    {
        var chain = "fleet: f\nagents:\n" + string.Concat(Enumerable.Range(0, 1000).Select(at =>
            $"  n{at}: {{argv: [x]{(at == 0 ? "" : $", after: [n{at - 1}]")}}}\n"));

        Assert.Empty(_files.Problems(chain));
        Assert.Contains(
            "n0 → n999 → n998",
            Assert.Single(_files.Problems(chain.Replace("n0: {argv: [x]", "n0: {argv: [x], after: [n999]"))),
            StringComparison.Ordinal);
    }

    /// <summary>Of a dictionary of edges, against a search of every path.</summary>
    [Fact]
    public void A_cycle_is_found_where_there_is_one_and_is_one() =>
        Prop.ForAll(Graphs, needs =>
        {
            var cycles = Cycles.Of(needs);

            Assert.Equal(needs.Keys.Any(start => Reaches(needs, start)), cycles.Count > 0);
            Assert.All(cycles, cycle =>
            {
                Assert.Equal(cycle[0], cycle[^1]);
                Assert.All(cycle.Zip(cycle.Skip(1)), step => Assert.Contains(step.Second, needs[step.First]));
            });
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_text_is_read_or_has_problems() =>
        Prop.ForAll(Mutations, text =>
        {
            var file = _files.Read(text);
            Assert.Equal(file.Declared is null, file.Problems.Count > 0);
            Assert.All(file.Problems, problem => Assert.True(problem is { Line: > 0, Column: > 0 }));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(400));

    public void Dispose() => _files.Dispose();

    private static Arbitrary<Dictionary<string, string[]>> Graphs =>
        (from count in Gen.Choose(1, 7)
         from edges in Gen.ListOf(Gen.Two(Gen.Choose(0, count - 1)))
         select Enumerable.Range(0, count).ToDictionary(
             at => $"n{at}",
             at => edges.Where(edge => edge.Item1 == at).Select(edge => $"n{edge.Item2}").Distinct().ToArray()))
        .ToArbitrary();

    private static bool Reaches(Dictionary<string, string[]> needs, string start)
    {
        HashSet<string> seen = [];
        Queue<string> next = new(needs[start]);
        while (next.TryDequeue(out var at))
        {
            if (at == start)
            {
                return true;
            }

            if (seen.Add(at))
            {
                Array.ForEach(needs[at], next.Enqueue);
            }
        }

        return false;
    }

    /// <summary>The whole file with a piece cut out, doubled, or replaced by something odd.</summary>
    private static Arbitrary<string> Mutations =>
        (from at in Gen.Choose(0, Everything.Length - 1)
         from length in Gen.Choose(0, 30)
         from odd in Gen.Elements(
             "", "{", "]", "&x ", "*x", "- ", "\n", "~", "'", "!t ", ": ", "\0", "no", "99999999999")
         let end = Math.Min(Everything.Length, at + length)
         select Everything[..at] + odd + Everything[end..]).ToArbitrary();
}

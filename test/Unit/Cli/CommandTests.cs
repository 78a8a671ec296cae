using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Unit.Tests.Client;

namespace Analemma.Unit.Tests.Cli;

public sealed class CommandTests
{
    private const string Healthy = """
        {"id":3,"name":"healthy","state":"exited","cpu_ms":1500,"memory_peak_bytes":1048576,"denied":2,"uptime_ms":61000,
         "exit":{"cause":"oom-killed"},"parent":0,"missing":[],"created_at":"2026-01-02T03:04:05+00:00"}
        """;

    [Fact]
    public async Task Ps_prints_a_line_a_process()
    {
        await using var fake = new FakeKernel(request => request.Reply($$"""{"processes":[{{Healthy}}]}"""));

        var run = await CliRun.AgainstAsync(fake, "ps", "--all");

        Assert.Equal(0, run.Code);
        var lines = run.Output.TrimEnd().Split('\n');
        Assert.Equal(
            ["ID", "NAME", "STATE", "PID", "CPU", "MEMORY", "THROTTLED", "DENIED", "UPTIME", "EXIT"], Words(lines[0]));
        Assert.Equal(["3", "healthy", "exited", "-", "1.5", "s", "1", "MiB", "-", "2", "1m", "01s", "oom-killed"],
            Words(lines[1]));
    }

    [Fact]
    public async Task Ps_json_is_one_document()
    {
        await using var fake = new FakeKernel(request => request.Reply($$"""{"processes":[{{Healthy}}]}"""));

        var run = await CliRun.AgainstAsync(fake, "ps", "--json");

        using var document = JsonDocument.Parse(run.Output);
        Assert.Equal(
            "oom-killed",
            document.RootElement.GetProperty("processes")[0].GetProperty("exit").GetProperty("cause").GetString());
    }

    [Theory]
    [InlineData("--cold", "warning: network is not enforced on this host; see `analemma doctor`\n")]
    [InlineData("--network", "warning: network is not enforced for an agent that shares the host's\n")]
    [InlineData("--unsandboxed", "warning: network is not enforced for an agent without a sandbox\n")]
    public async Task A_spawn_says_what_is_not_enforced_and_whose_doing_it_is(string option, string warning)
    {
        await using var fake = new FakeKernel(request => request.Reply(
            """{"id":1,"name":"x","pid":7,"status":"running","missing":["network"]}"""));

        var run = await CliRun.AgainstAsync(fake, "spawn", option, "--", "true");

        Assert.Equal(warning, run.Error);
    }

    [Fact]
    public async Task Spawn_turns_its_options_into_the_syscall()
    {
        Spawn? asked = null;
        await using var fake = new FakeKernel(request =>
        {
            Assert.True(AbiJson.TryRead(request.Payload, AbiJsonContext.Default.Spawn, out asked, out _));
            request.Reply("""{"id":1,"name":"x","pid":7,"status":"running","missing":["cpu"]}""");
        });

        var run = await CliRun.AgainstAsync(
            fake, "spawn", "--name", "x", "--memory", "64M", "--pids", "9", "--cpu",
            "0.5", "--timeout", "2m", "--network",
            "--env", "A=b=c", "--require", "memory", "--require", "pids", "--mount",
            "/etc/hosts:/mnt/h:rw", "--audit", "reads", "--cold",
            "--cpu-weight", "50", "--open-files", "64", "--log-size", "1M", "--work-size", "2M",
            "--", "sh", "-c", "echo --name");

        Assert.Equal(0, run.Code);
        Assert.Equal("x runs: id 1, pid 7\n", run.Output);
        Assert.Contains("cpu is not enforced", run.Error, StringComparison.Ordinal);
        Assert.Equal(["sh", "-c", "echo --name"], asked!.Argv);
        Assert.Null(asked.Script);
        Assert.Equal(
            new ResourceLimits
            {
                Memory = 64 << 20,
                MaxPids = 9,
                CpuQuota = 50_000,
                CpuWeight = 50,
                WallMs = 120_000,
                OpenFiles = 64,
                LogBytes = 1 << 20,
                WorkBytes = 2 << 20,
            },
            asked.Limits);
        Assert.Equal("cold", asked.Pool);
        Assert.Equal("b=c", asked.Env!["A"]);
        Assert.Equal(["memory", "pids"], asked.Require);
        Assert.Equal(new MountRequest { Source = "/etc/hosts", Target = "/mnt/h", Writable = true },
            Assert.Single(asked.Mounts!));
        Assert.True(asked.Network!.IsShared);
        Assert.Null(asked.Sandboxed);
    }

    [Theory]
    [InlineData("api.example.com", "api.example.com", null, null, null, null)]
    [InlineData("*.example.com:8443", "*.example.com", null, 8443, null, null)]
    [InlineData("http://10.0.0.5/status", "10.0.0.5", "http", null, null, "/status")]
    [InlineData("https://[::1]:8443/", "[::1]", "https", 8443, null, null)]
    [InlineData("GET,HEAD https://api.example.com/v1/", "api.example.com", "https", null, "GET,HEAD", "/v1/")]
    public void A_line_becomes_a_rule(
        string line, string host, string? scheme, int? port, string? methods, string? path)
    {
        var rule = Analemma.Cli.Values.NetworkRuleText.Parse(line);

        Assert.Equal((host, scheme, port), (rule.Host, rule.Scheme, rule.Ports?.Single()));
        Assert.Equal(methods?.Split(','), rule.Methods);
        Assert.Equal(path, rule.Paths?.Single());
    }

    [Fact]
    public async Task Spawn_takes_network_rules_from_lines_and_a_file()
    {
        Spawn? asked = null;
        await using var fake = new FakeKernel(request =>
        {
            Assert.True(AbiJson.TryRead(request.Payload, AbiJsonContext.Default.Spawn, out asked, out _));
            request.Reply("""{"id":1,"name":"x","pid":7,"status":"running"}""");
        });
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(
            file, """[{"host":"a.example","headers":{"X":"${secret:k}"}}]""", TestContext.Current.CancellationToken);

        var run = await CliRun.AgainstAsync(
            fake, "spawn", "--allow", "b.example", "--network-rules", file, "--", "true");

        Assert.True(run.Code == 0, run.Error);
        Assert.Equal(["a.example", "b.example"], asked!.Network!.Rules.Select(rule => rule.Host));
        Assert.Equal("${secret:k}", asked.Network.Rules[0].Headers!["X"]);
        await File.WriteAllTextAsync(file, """{"host":1}""", TestContext.Current.CancellationToken);
        Assert.Equal(2, (await CliRun.AgainstAsync(fake, "spawn", "--network-rules", file, "--", "true")).Code);
        Assert.Equal(2, (await CliRun.AgainstAsync(fake, "spawn", "--allow", "a b c", "--", "true")).Code);
    }

    [Fact]
    public async Task A_script_becomes_an_absolute_path_with_arguments()
    {
        Spawn? asked = null;
        await using var fake = new FakeKernel(request =>
        {
            Assert.True(AbiJson.TryRead(request.Payload, AbiJsonContext.Default.Spawn, out asked, out _));
            request.Reply("""{"id":1,"name":"x","pid":7,"status":"running"}""");
        });
        var script = Path.GetTempFileName();

        var run = await CliRun.AgainstAsync(fake, "spawn", Path.GetRelativePath(".", script), "one", "--", "--two");

        File.Delete(script);
        Assert.Equal(0, run.Code);
        Assert.Equal(script, asked!.Script);
        Assert.Equal(["one", "--two"], asked.Args);
        Assert.Null(asked.Argv);
    }

    [Fact]
    public async Task Spawn_follow_prints_both_outputs_and_exits_with_the_agents_code()
    {
        await using var fake = new FakeKernel(request =>
        {
            switch (request.Number)
            {
                case SyscallNumber.Spawn:
                    request.Reply("""{"id":1,"name":"x","pid":7,"status":"running"}""");
                    break;
                case SyscallNumber.Logs:
                    request.Piece([1, .. "out\n"u8]);
                    request.Piece([2, .. "err\n"u8]);
                    request.Reply("""{"bytes":8,"dropped":0}""");
                    break;
                default:
                    request.Reply("""{"id":1,"name":"x","state":"exited","exit":{"cause":"exited","code":42}}""");
                    break;
            }
        });

        var run = await CliRun.AgainstAsync(fake, "spawn", "-f", "--", "true");

        Assert.Equal(new CliRun(42, "out\n", "err\n"), run);
    }

    [Fact]
    public async Task Wait_says_why_when_it_was_not_an_exit()
    {
        await using var fake = new FakeKernel(request => request.Reply(Healthy));

        var run = await CliRun.AgainstAsync(fake, "wait", "healthy");

        Assert.Equal(new CliRun(1, "", "healthy ended: oom-killed\n"), run);
    }

    [Fact]
    public async Task Exec_passes_the_exit_code_on()
    {
        Exec? asked = null;
        await using var fake = new FakeKernel(request =>
        {
            Assert.True(AbiJson.TryRead(request.Payload, AbiJsonContext.Default.Exec, out asked, out _));
            request.Piece([1, .. "é"u8]);
            request.Reply("""{"exit_code":5}""");
        });

        var run = await CliRun.AgainstAsync(fake, "exec", "12", "--", "ls", "-l");

        Assert.Equal(new CliRun(5, "é", ""), run);
        Assert.Equal(new ProcessId(12), asked!.Id);
        Assert.Equal(["ls", "-l"], asked.Argv);
    }

    [Fact]
    public async Task Output_as_json_keeps_characters_whole()
    {
        await using var fake = new FakeKernel(request =>
        {
            request.Piece([1, 0xC3]);
            request.Piece([1, 0xA9]);
            request.Reply("""{"bytes":2,"dropped":0}""");
        });

        var run = await CliRun.AgainstAsync(fake, "logs", "a", "--json");

        var text = run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("text").GetString());
        Assert.Equal("é", string.Concat(text));
    }

    [Fact]
    public async Task Doctor_exits_with_1_when_something_is_missing()
    {
        await using var fake = new FakeKernel(request => request.Reply("""
            {"version":"1","pid":1,"socket":"s","engine":"crun","cgroups":"v1","guarantees":[
              {"name":"memory","enforced":true,"how":"cgroup v1"},
              {"name":"cpu","enforced":false,"how":"no cgroup","remedy":"start it as root"}]}
            """));

        var run = await CliRun.AgainstAsync(fake, "doctor");

        Assert.Equal(1, run.Code);
        Assert.Contains("NO   cpu", run.Output, StringComparison.Ordinal);
        Assert.Contains("to get it: start it as root", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_names_the_providers_of_models()
    {
        await using var fake = new FakeKernel(request => request.Reply("""
            {"version":"1","pid":1,"socket":"s","guarantees":[{"name":"memory","enforced":true}],
             "default_model":"gemini-3.8-flash","providers":[
              {"name":"gemini","models":["gemini-3.8-flash"],"has_key":true},
              {"name":"openai","models":["qwen3"],"base_url":"http://127.0.0.1:11434/v1"},
              {"name":"sim","models":["sim"],"simulated":true}]}
            """));

        var run = await CliRun.AgainstAsync(fake, "doctor");

        Assert.Equal(0, run.Code);
        Assert.Contains("gemini-3.8-flash (has a key, the default)", run.Output, StringComparison.Ordinal);
        Assert.Contains("qwen3 (without a key, at http://127.0.0.1:11434/v1)", run.Output, StringComparison.Ordinal);
        Assert.Contains("sim (simulated, always there)", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Think_prints_the_answer_as_it_comes_and_says_when_it_is_simulated()
    {
        Think? asked = null;
        await using var fake = new FakeKernel(request =>
        {
            Assert.True(AbiJson.TryRead(request.Payload, AbiJsonContext.Default.Think, out asked, out _));
            request.Piece("Because of "u8.ToArray());
            request.Piece("the air."u8.ToArray());
            request.Reply("""{"content":"","model":"sim","tokens":9,"simulated":true,"usage":{}}""");
        });

        var run = await CliRun.AgainstAsync(
            fake, "think", "Why?", "--model", "fast", "--max-tokens", "50", "--timeout", "2m", "--system", "Be brief.");

        Assert.Equal((0, "Because of the air.\n"), (run.Code, run.Output));
        Assert.StartsWith("simulated:", run.Error, StringComparison.Ordinal);
        Assert.Equal(
            new Think
            {
                Prompt = "Why?",
                Model = "fast",
                MaxTokens = 50,
                TimeoutMs = 120_000,
                SystemInstruction = "Be brief.",
                Stream = true,
            },
            asked);
    }

    [Fact]
    public async Task Think_json_is_the_whole_answer_in_one_document()
    {
        await using var fake = new FakeKernel(
            request => request.Reply("""{"content":"Yes.","model":"m","tokens":3,"usage":{}}"""));

        var run = await CliRun.AgainstAsync(fake, "think", "Well?", "--json");

        using var document = JsonDocument.Parse(run.Output);
        Assert.Equal("Yes.", document.RootElement.GetProperty("content").GetString());
        Assert.Equal("", run.Error);
    }

    [Fact]
    public async Task Llm_shows_providers_and_the_shares_of_agents()
    {
        await using var fake = new FakeKernel(request => request.Reply("""
            {"providers":[{"name":"sim","models":["sim"],"simulated":true,"slots":2,"running":2,"waiting":5,"wait_ms":900}],
             "agents":[{"process":0,"name":"host","usage":{}},
              {"process":3,"name":"flooder","state":"running","calls":4,"usage":{"input_tokens":10,"output_tokens":65,
               "microdollars":1500},"running":2,"waiting":5,"throttled":3,"refused":1,"wait_p50_ms":250,"wait_p95_ms":1500,
               "share":0.75,"weight":100,"latency_p50_ms":900,"latency_p95_ms":2000},
              {"process":4,"name":"polite","state":"running","calls":1,"usage":{"input_tokens":5,"output_tokens":20}}]}
            """));

        var run = await CliRun.AgainstAsync(fake, "llm");

        var lines = run.Output.TrimEnd().Split('\n');
        Assert.Equal(["sim", "(simulated)", "2", "2", "5", "900", "ms", "sim"], Words(lines[1]));
        Assert.Equal(
            [
                "3", "flooder", "4", "75", "75.0", "%", "100", "$0.001500", "2", "5", "3", "1", "250", "ms", "1.5", "s",
                "900", "ms", "2.0", "s",
            ],
            Words(lines[4]));
    }

    [Fact]
    public async Task Budget_shows_what_is_left_of_each_and_says_when_nothing_is_limited()
    {
        await using var fake = new FakeKernel(request => request.Reply("""
            {"providers":[],"agents":[],"budgets":[
             {"scope":"day","of":"","unit":"microdollars","limit":5000000,"spent":1000000,"reserved":0,"left":4000000},
             {"scope":"agent","of":"poor","unit":"tokens","limit":1000,"spent":30,"reserved":200,"left":770}]}
            """));
        var run = await CliRun.AgainstAsync(fake, "budget");
        var lines = run.Output.TrimEnd().Split('\n');
        Assert.Equal(
            ["day", "-", "dollars", "$5.000000", "$1.000000", "$0.000000", "$4.000000", "20.0", "%"], Words(lines[1]));
        Assert.Equal(["agent", "poor", "tokens", "1000", "30", "200", "770", "3.0", "%"], Words(lines[2]));

        using var document = JsonDocument.Parse((await CliRun.AgainstAsync(fake, "budget", "--json")).Output);
        Assert.Equal(770, document.RootElement[1].GetProperty("left").GetInt64());

        await using var free = new FakeKernel(request => request.Reply("""{"providers":[],"agents":[]}"""));
        Assert.StartsWith(
            "nothing is limited", (await CliRun.AgainstAsync(free, "budget")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_prints_a_line_a_series()
    {
        await using var fake = new FakeKernel(request => request.Reply("""
            {"at":"2026-01-02T03:04:05+00:00","machine":{},"families":[
              {"name":"analemma.agents","kind":"gauge","unit":"{agent}","series":[
               {"attributes":{"state":"running"},"value":3}]},
              {"name":"analemma.wait","kind":"histogram","unit":"s","series":[
               {"attributes":{},"count":4,"sum":6,"buckets":[3,1,0],"bounds":[1,5]}]},
              {"name":"other","kind":"counter","series":[{"attributes":{},"value":1}]}]}
            """));

        var run = await CliRun.AgainstAsync(fake, "metrics", "analemma.");

        var lines = run.Output.TrimEnd().Split('\n');
        Assert.Equal(3, lines.Length);
        Assert.Equal(["analemma.agents", "state=running", "3", "{agent}"], Words(lines[1]));
        Assert.Equal(["analemma.wait", "4", "1.5", "5", "s"], Words(lines[2]));
    }

    [Fact]
    public async Task A_refusal_is_an_error_line_a_hint_and_exit_code_1()
    {
        await using var fake = new FakeKernel(
            request => request.Fail(SysErrorCode.NoSuchProcess, "there is no process x", "list them"));

        Assert.Equal(
            new CliRun(1, "", "error no_such_process: there is no process x\n  list them\n"),
            await CliRun.AgainstAsync(fake, "kill", "x"));
        Assert.Equal(
            new CliRun(
                1,
                "",
                """{"error":{"code":"no_such_process","message":"there is no process x","hint":"list them"}}""" + "\n"),
            await CliRun.AgainstAsync(fake, "kill", "x", "--json"));
    }

    [Fact]
    public async Task No_kernel_is_exit_code_3()
    {
        var run = await CliRun.AloneAsync("--socket", "/nowhere/k.sock", "ps");

        Assert.Equal(3, run.Code);
        Assert.StartsWith("error no_kernel: no kernel answers at /nowhere/k.sock", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("spwan")]
    [InlineData("spawn")]
    [InlineData("ps", "--al")]
    [InlineData("kill")]
    [InlineData("logs", "a", "--tail", "many")]
    [InlineData("spawn", "/no/such/script.py")]
    [InlineData("spawn", "")]
    [InlineData("spawn", "--work-size", "much", "--", "true")]
    [InlineData("kernel", "start", "--set", "nothing")]
    [InlineData("kernel", "start", "--config", "")]
    [InlineData("spawn", "--memory", "lots", "--", "true")]
    [InlineData("spawn", "--cpu", "-1", "--", "true")]
    [InlineData("spawn", "--timeout", "5", "--", "true")]
    [InlineData("cp", "a", "b")]
    [InlineData("cp", "a:b", "c:d")]
    public async Task What_is_not_understood_is_exit_code_2_and_one_message(params string[] args)
    {
        var run = await CliRun.AloneAsync(args);

        Assert.Equal(2, run.Code);
        Assert.Equal("", run.Output);
        Assert.StartsWith("error usage: ", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("spawn", "spwan")]
    [InlineData("--all", "ps", "--al")]
    [InlineData("--watch", "ps", "--wacth=true")]
    [InlineData("--json", "ps", "--jsn")]
    [InlineData("status", "kernel", "sttaus")]
    [InlineData("--memory", "spawn", "--memroy", "3", "--", "true")]
    public async Task A_mistyped_word_gets_the_one_that_was_meant(string meant, params string[] args)
    {
        var run = await CliRun.AloneAsync(args);

        Assert.Equal(2, run.Code);
        Assert.Contains($"did you mean `{meant}`?", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Required command", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_word_like_none_gets_no_guess()
    {
        var run = await CliRun.AloneAsync("xylophone");

        Assert.DoesNotContain("did you mean", run.Error, StringComparison.Ordinal);
        Assert.EndsWith("  see `analemma --help`\n", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("true", "true", 0, "everything is enforced")]
    [InlineData("true", "false", 1, "1 of 2 is not enforced")]
    [InlineData("false", "false", 1, "2 of 2 are not enforced")]
    public async Task Doctor_counts_what_is_missing(string memory, string pids, int code, string last)
    {
        await using var fake = new FakeKernel(request => request.Reply($$"""
            {"version":"1","pid":1,"socket":"/k","engine":"crun","cgroups":"v1","guarantees":[
             {"name":"memory","enforced":{{memory}},"how":"as it is","remedy":"run as root"},
             {"name":"pids","enforced":{{pids}},"how":"as it is"}]}
            """));

        var run = await CliRun.AgainstAsync(fake, "doctor");

        Assert.Equal(code, run.Code);
        Assert.EndsWith($"{last}\n", run.Output, StringComparison.Ordinal);
        Assert.Equal(memory == "false", run.Output.Contains("to get it: run as root", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0, "0 agents")]
    [InlineData(1, "1 agent")]
    [InlineData(2, "2 agents")]
    public void One_is_not_many(long count, string words) =>
        Assert.Equal(words, Analemma.Cli.Values.Plural.Of(count, "agent"));

    [Fact]
    public async Task Every_command_has_help_and_help_teaches()
    {
        var help = await CliRun.AloneAsync("--help");
        Assert.Equal(0, help.Code);
        Assert.Contains("Exit codes:", help.Output, StringComparison.Ordinal);

        var spawn = await CliRun.AloneAsync("spawn", "--help");
        Assert.Contains("analemma spawn -f agent.py", spawn.Output, StringComparison.Ordinal);
        Assert.Equal(0, spawn.Code);
    }

    private static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}

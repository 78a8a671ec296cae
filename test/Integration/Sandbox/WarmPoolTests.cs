using System.Runtime.CompilerServices;
using Analemma.Sandbox;
using Analemma.Sandbox.Pool;

namespace Analemma.Integration.Tests.Sandbox;

public sealed class WarmPoolTests
{
    private static readonly Dictionary<string, string> Env = new()
    {
        ["PATH"] = "/usr/local/bin:/usr/bin:/bin",
        ["HOME"] = "/work",
        ["LANG"] = "C.UTF-8",
        ["PYTHONPATH"] = "/opt/analemma/python",
        ["PYTHONUNBUFFERED"] = "1",
        ["ANALEMMA_SOCKET"] = "/run/analemma/agent.sock",
    };

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    [InlineData("bwrap")]
    public async Task A_created_slot_becomes_the_agent_with_its_limits_and_is_replaced(string engine)
    {
        var folder = EngineHome.NewFolder();
        using SlotSockets sockets = new();
        await using (var pool = await OpenAsync(folder, engine, sockets, created: 1, preloaded: 0))
        {
            await UntilAsync(() => pool.Counts.Created == 1);
            var policy = EngineHome.Policy(
                "/bin/sh", "-c", "echo \"$X|$(hostname)|$(ulimit -n)|$PWD|$0\"; exit 4", "it's");
            policy = policy with
            {
                HostName = "claimed",
                Env = new Dictionary<string, string>(Env) { ["X"] = "a'b\n$(c)" },
                Limits = policy.Limits with { OpenFiles = 77, Pids = 12 },
                Cwd = "/tmp",
            };

            await using var sandbox = await pool.CreateAsync(policy, EngineHome.Token);
            Assert.Equal(SandboxTier.Created, sandbox.Tier);
            await sandbox.StartAsync(EngineHome.Token);
            var exit = await sandbox.Exited;

            Assert.Equal("a'b\n$(c)|claimed|77|/tmp|it's\n", await EngineHome.OutputAsync(sandbox));
            Assert.Equal(4, exit.Code);
            await UntilAsync(() => pool.Counts.Created == 1);
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries($"{folder}/sandboxes"));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_slot_whose_agent_is_refused_leaves_nothing()
    {
        var folder = EngineHome.NewFolder();
        using SlotSockets sockets = new();
        await using (var pool = await OpenAsync(folder, "crun", sockets, created: 1, preloaded: 0))
        {
            await UntilAsync(() => pool.Counts.Created == 1);
            var policy = EngineHome.Shell("true") with { Env = Env, Require = ["denials"] };

            var refused = await Assert.ThrowsAsync<SandboxException>(
                () => pool.CreateAsync(policy, EngineHome.Token));

            Assert.True(refused.NotEnforceable);
            await UntilAsync(() => pool.Counts.Created == 1);
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries($"{folder}/sandboxes"));
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    [InlineData("bwrap")]
    public async Task A_preloaded_interpreter_becomes_the_script_below_its_parent(string engine)
    {
        var folder = EngineHome.NewFolder();
        using SlotSockets sockets = new();
        await using (var pool = await OpenAsync(folder, engine, sockets, created: 0, preloaded: 1))
        {
            await UntilAsync(() => pool.Counts.Preloaded == 1);
            await using var parent = await pool.CreateAsync(EngineHome.Shell("sleep 600"), EngineHome.Token);
            await parent.StartAsync(EngineHome.Token);
            Assert.Equal(SandboxTier.Cold, parent.Tier);
            var policy = EngineHome.Policy("/usr/bin/python3", "/work/agent.py") with
            {
                Env = Env,
                Python = new PythonProgram("/work/agent.py", ["one", "two"]),
                ParentKey = parent.Key,
            };

            await using var sandbox = await pool.CreateAsync(policy, EngineHome.Token);
            Assert.Equal(SandboxTier.Preloaded, sandbox.Tier);
            await using (var script = sandbox.Work.OpenWrite("agent.py", append: false, mode: 0x1A4))
            {
                var text = "import sys, os\nprint(__name__, sys.argv[1:], os.getcwd())\n"u8.ToArray();
                await script.WriteAsync(text, EngineHome.Token);
            }

            Assert.True(parent.ReadUsage().Pids >= 2, "the child does not count against its parent");
            await sockets.AnswerAsync(sandbox, "/work/agent.py", System.Text.Json.JsonSerializer.Serialize(Env));
            var exit = await sandbox.Exited.WaitAsync(TimeSpan.FromSeconds(20), EngineHome.Token);

            Assert.Equal(
                "__main__ ['/run/analemma/agent.sock', 'one', 'two'] /work\n", await EngineHome.OutputAsync(sandbox));
            Assert.Equal(0, exit.Code);
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task What_a_slot_cannot_be_takes_the_cold_path_and_a_dead_slot_is_replaced()
    {
        var folder = EngineHome.NewFolder();
        using SlotSockets sockets = new();
        await using (var pool = await OpenAsync(folder, "crun", sockets, created: 1, preloaded: 0))
        {
            await UntilAsync(() => pool.Counts.Created == 1);
            var policy = EngineHome.Shell("true");
            SandboxPolicy[] unfit =
            [
                policy with { PoolAllowed = false },
                policy with { AuditReads = true },
                policy with { Limits = policy.Limits with { WorkBytes = 1 << 20 } },
                policy with { Env = new Dictionary<string, string> { ["a b"] = "c" } },
            ];
            foreach (var (index, one) in unfit.Index())
            {
                await using var sandbox = await pool.CreateAsync(one with { Key = $"unfit{index}" }, EngineHome.Token);
                Assert.Equal(SandboxTier.Cold, sandbox.Tier);
            }

            var slot = Directory.EnumerateDirectories($"{folder}/sandboxes", "warm-*").Single();
            var pid = int.Parse(File.ReadAllText($"{slot}/pid"), System.Globalization.CultureInfo.InvariantCulture);
            using (var process = Analemma.Linux.PidFd.TryOpen(pid)!)
            {
                process.TrySignal(9);
            }

            await UntilAsync(() => !Directory.Exists(slot) && pool.Counts.Created == 1);
        }

        Directory.Delete(folder, recursive: true);
    }

    private static async Task<WarmPool> OpenAsync(
        string folder, string engine, SlotSockets sockets, int created, int preloaded)
    {
        EngineHome.SkipUnlessInstalled(engine);
        SandboxEngineOptions options = new() { StateFolder = folder, Engine = engine, SdkFolder = SdkFolder() };
        var inner = await SandboxEngines.OpenAsync(options, EngineHome.Token);
        PoolOptions pool = new()
        {
            Created = created,
            Preloaded = preloaded,
            Limits = EngineHome.Policy().Limits,
            Env = Env,
        };
        return SandboxEngines.AddPool(inner, pool, sockets, TimeProvider.System)!;
    }

    private static string SdkFolder([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../../sdk/python"));

    private static async Task UntilAsync(Func<bool> holds)
    {
        using PeriodicTimer look = new(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        for (var turn = 0; !holds() && turn < 6000; turn++)
        {
            await look.WaitForNextTickAsync(EngineHome.Token);
        }

        Assert.True(holds());
    }
}

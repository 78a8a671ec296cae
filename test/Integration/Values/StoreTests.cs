using System.Globalization;
using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Client;
using Analemma.Integration.Tests.Kernel;
using Microsoft.Data.Sqlite;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Values;

/// <summary>The store of a real kernel, through kills and damage, from the host and from sandboxed agents.</summary>
public sealed class StoreTests
{
    private const int Writers = 4;

    /// <summary>
    /// Writers store under keys of their own, small values and large, until the kernel is killed in the middle. What
    /// they were told is stored is there afterwards, or what they stored next, and nothing else.
    /// </summary>
    [Fact]
    public async Task What_was_answered_is_there_after_a_kill()
    {
        await using var kernel = await RunningKernel.StartAsync();
        var random = new Random(20261126);
        for (var round = 0; round < 5; round++)
        {
            var told = new int[Writers];
            var asked = new int[Writers];
            TaskCompletionSource enough = new(TaskCreationOptions.RunContinuationsAsynchronously);
            var most = random.Next(1, 60);
            var writers = Enumerable.Range(0, Writers)
                .Select(each => WriteAsync(kernel.Client, each, round, told, asked, most, enough)).ToArray();
            await enough.Task.WaitAsync(Token);
            await kernel.CrashAsync();
            await Task.WhenAll(writers);
            await kernel.BeginAsync();
            for (var writer = 0; writer < Writers; writer++)
            {
                var found = await kernel.Client.FetchAsync(new Fetch { Key = KeyOf(writer, round) }, Token);
                var value = found.Exists ? NumberIn(found.Value!.Value) : 0;
                Assert.InRange(value, told[writer], asked[writer]);
            }
        }

        // What a killed kernel kept and named nowhere is swept.
        var bodies = (await AllAsync(kernel.Client)).Count(key => key.Bytes > 4096);
        await UntilAsync(() => BodiesIn(kernel) == bodies);
    }

    [Fact]
    public async Task Of_many_that_count_together_none_is_lost()
    {
        await using var kernel = await RunningKernel.StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            await using var client = await KernelClient.ConnectAsync(kernel.Socket, "counter", Token);
            for (var i = 0; i < 25; i++)
            {
                await CountAsync(client);
            }
        }));
        var counted = await kernel.Client.FetchAsync(new Fetch { Key = "count" }, Token);
        Assert.Equal(200, counted.Value!.Value.GetInt32());
    }

    [Fact]
    public async Task Agents_keep_what_is_theirs_share_what_is_their_familys_and_find_it_again()
    {
        await using var kernel = await RunningKernel.StartAsync();
        const string program = """
            import sys
            from analemma import Kernel, PermissionDenied
            with Kernel() as kernel:
                print("had", kernel.fetch("n").value)
                kernel.update("n", lambda n: n + 1, default=0)
                kernel.store("plan", ["ü", None, 1.5], scope="group", ttl=600)
                print([key.key for key in kernel.keys(scope="any")])
                try:
                    kernel.store("n", 1, scope="global")
                except PermissionDenied as refused:
                    print("refused", refused.hint)
                child = kernel.spawn(argv=["python3", "-c", '''
            from analemma import Kernel
            print(Kernel().fetch("plan", scope="group").value, Kernel().fetch("n").exists)
            '''], name="child")
                kernel.wait(child)
                print(kernel.logs(child).gather().stdout.strip())
            """;
        for (var run = 0; run < 2; run++)
        {
            var agent = await kernel.SpawnPythonAsync(program, spawn => spawn with { Name = "keeper" });
            var view = await kernel.WaitAsync(agent);
            var output = await kernel.OutputAsync(agent);
            Assert.True(view.Exit!.Code == 0, output);
            Assert.StartsWith(run == 0 ? "had None" : "had 1", output, StringComparison.Ordinal);
            Assert.Contains("['n', 'plan']", output, StringComparison.Ordinal);
            Assert.Contains("missing capability: store_write global/n", output, StringComparison.Ordinal);
            Assert.Contains("['ü', None, 1.5] False", output, StringComparison.Ordinal);
        }

        var seen = await kernel.Client.FetchAsync(
            new Fetch { Key = "n", Scope = StoreScope.Agent, Owner = "keeper" }, Token);
        Assert.Equal(2, seen.Value!.Value.GetInt32());
    }

    [Fact]
    public async Task A_program_for_AgentOS_finds_the_store_it_knows()
    {
        await using var kernel = await RunningKernel.StartAsync();
        var agent = await kernel.SpawnPythonAsync("""
            import sys
            from agentos import AgentOSClient
            with AgentOSClient(sys.argv[1]) as client:
                print(client.store("k", {"a": 1}), client.store("own", 2, scope="agent", ttl=60))
                print(client.fetch("k"), client.fetch("nothing"))
                print(client.keys(), client.delete("k"), client.delete("k"))
                print(client.store("", 1))
            """);
        await kernel.WaitAsync(agent);
        var lines = (await kernel.OutputAsync(agent)).Split('\n');
        Assert.Equal(
            "{'success': True, 'key': 'k', 'scope': 'session'} {'success': True, 'key': 'own', 'scope': 'agent'}",
            lines[0]);
        Assert.Equal(
            "{'success': True, 'exists': True, 'value': {'a': 1}, 'scope': 'session'} "
            + "{'success': True, 'exists': False, 'value': None}",
            lines[1]);
        Assert.Equal(
            "{'success': True, 'keys': ['own', 'k'], 'count': 2} {'success': True, 'deleted': True} "
            + "{'success': True, 'deleted': False}",
            lines[2]);
        Assert.Contains("key is required", lines[3], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_large_value_that_was_changed_on_disk_is_noticed_when_it_is_read()
    {
        await using var kernel = await RunningKernel.StartAsync();
        var text = new string('x', 3_000_000);
        await kernel.Client.StoreAsync(
            new Store { Key = "large" }, text, AbiJsonContext.Default.String, Token);
        var found = await kernel.Client.FetchAsync(new Fetch { Key = "large" }, Token);
        Assert.Equal(text, found.Value!.Value.GetString());

        Change(kernel, "UPDATE body SET body = CAST('\"y\"' AS BLOB)");
        var refused = await Assert.ThrowsAsync<SyscallException>(
            () => kernel.Client.FetchAsync(new Fetch { Key = "large" }, Token));
        Assert.Equal(SysErrorCode.IoFailed, refused.Code);
    }

    private static async Task WriteAsync(
        KernelClient client, int writer, int round, int[] told, int[] asked, int most, TaskCompletionSource enough)
    {
        try
        {
            for (var number = 1; ; number++)
            {
                asked[writer] = number;
                var padding = new string('p', number % 3 == 0 ? 6_000 : 10);
                var text = string.Create(CultureInfo.InvariantCulture, $"{number} {padding}");
                await client.StoreAsync(
                    new Store { Key = KeyOf(writer, round) }, text, AbiJsonContext.Default.String, Token);
                told[writer] = number;
                if (number >= most)
                {
                    enough.TrySetResult();
                }
            }
        }
        catch (KernelConnectionException)
        {
            // It was killed.
        }
    }

    private static async Task CountAsync(KernelClient client)
    {
        for (; ; )
        {
            var found = await client.FetchAsync(new Fetch { Key = "count" }, Token);
            var next = (found.Exists ? found.Value!.Value.GetInt32() : 0) + 1;
            try
            {
                await client.StoreAsync(
                    new Store
                    {
                        Key = "count",
                        Value = JsonElement.Parse(next.ToString(CultureInfo.InvariantCulture)),
                        IfVersion = found.Version,
                    },
                    Token);
                return;
            }
            catch (SyscallException refused) when (refused.Code == SysErrorCode.VersionConflict)
            {
                // Somebody else was faster.
            }
        }
    }

    private static string KeyOf(int writer, int round) => $"w{writer}/{round}";

    private static int NumberIn(JsonElement value) =>
        int.Parse(value.GetString()!.Split(' ')[0], CultureInfo.InvariantCulture);

    private static async Task<List<KeyView>> AllAsync(KernelClient client)
    {
        List<KeyView> keys = [];
        await foreach (var key in client.AllKeysAsync(new Keys { Limit = 3 }, Token))
        {
            keys.Add(key);
        }

        return keys;
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        while (!holds())
        {
            await Task.Delay(20, Token);
        }
    }

    private static long BodiesIn(RunningKernel kernel)
    {
        using var connection = Open(kernel);
        using var count = connection.CreateCommand();
        count.CommandText = "SELECT count(*) FROM body";
        return (long)count.ExecuteScalar()!;
    }

    private static void Change(RunningKernel kernel, string sql)
    {
        using var connection = Open(kernel);
        using var change = connection.CreateCommand();
        change.CommandText = sql;
        change.ExecuteNonQuery();
    }

    private static SqliteConnection Open(RunningKernel kernel)
    {
        var path = Path.Combine(kernel.StateFolder, "journal.values.db");
        SqliteConnection connection = new($"Data Source={path};Pooling=False");
        connection.Open();
        return connection;
    }
}

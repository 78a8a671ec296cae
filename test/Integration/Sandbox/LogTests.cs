using System.Text;
using Analemma.Daemon.Runners.Network;

namespace Analemma.Integration.Tests.Sandbox;

public sealed class LogTests
{
    [Fact]
    public async Task Output_beyond_the_limit_is_dropped_from_its_beginning_and_counted()
    {
        await using var home = await EngineHome.OpenAsync("crun");
        var policy = EngineHome.Shell("i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done");
        await using var sandbox = await home.StartAsync(
            policy with { Limits = policy.Limits with { LogBytes = 65536 } });
        await sandbox.Exited;
        StringBuilder kept = new();

        var dropped = await sandbox.Logs.ReadAsync(Take, null, follow: false, EngineHome.Token);

        Assert.InRange(kept.Length, 16384, 65536);
        Assert.Equal(Enumerable.Range(0, 20000).Sum(i => $"line {i}\n".Length), kept.Length + dropped);
        Assert.EndsWith("line 19998\nline 19999\n", kept.ToString(), StringComparison.Ordinal);
        var files = Directory.EnumerateFiles($"{home.Folder}/sandboxes/{sandbox.Key}", "log.*");
        var onDisk = files.Sum(path => new FileInfo(path).Length);
        Assert.InRange(onDisk, 1, 65536);

        ValueTask Take(int stream, ReadOnlyMemory<byte> bytes)
        {
            kept.Append(Encoding.UTF8.GetString(bytes.Span));
            return default;
        }
    }

    [Fact]
    public async Task The_last_lines_come_alone()
    {
        await using var home = await EngineHome.OpenAsync("crun");
        await using var sandbox = await home.StartAsync(
            EngineHome.Shell("for i in 1 2 3 4 5; do echo $i; done; printf end"));
        await sandbox.Exited;

        Assert.Equal("5\nend", await EngineHome.OutputAsync(sandbox, tail: 2));
        Assert.Equal("1\n2\n3\n4\n5\nend", await EngineHome.OutputAsync(sandbox, tail: 100));
        Assert.Equal("", await EngineHome.OutputAsync(sandbox, tail: 0));
    }

    /// <summary>In pieces, and at the end of what is printed.</summary>
    [Fact]
    public async Task What_a_filter_hides_is_in_no_log()
    {
        await using var home = await EngineHome.OpenAsync("crun");
        var policy = EngineHome.Shell("printf 'a cana'; sleep 0.05; printf 'ry/one b canary/o'");

        var (_, hidden) = await home.RunAsync(
            policy with { LogFilter = () => SecretMask.ForForms(SecretMask.FormsOf("canary/one")) });
        var (_, shown) = await home.RunAsync(policy with { Key = policy.Key + "-2" });

        Assert.Equal("a ********** b canary/o", hidden);
        Assert.Equal("a canary/one b canary/o", shown);
    }

    [Fact]
    public async Task Following_ends_with_the_sandbox_and_misses_nothing()
    {
        await using var home = await EngineHome.OpenAsync("crun");
        await using var sandbox = await home.StartAsync(
            EngineHome.Shell("i=0; while [ $i -lt 3000 ]; do echo $i; i=$((i+1)); done"));

        var text = await EngineHome.OutputAsync(sandbox, follow: true);

        Assert.Equal(string.Concat(Enumerable.Range(0, 3000).Select(i => $"{i}\n")), text);
    }
}

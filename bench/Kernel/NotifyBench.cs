using System.Text.Json.Nodes;
using Analemma.Abi.Syscalls;

namespace Analemma.Bench.Kernel;

/// <summary>
/// What it costs an agent that the kernel sees what it is denied: an open for writing, which the seccomp filter
/// notifies, beside one for reading, which it lets pass. The program is bench/c/notify_cost.c, run as an agent.
/// </summary>
internal sealed class NotifyBench(BenchReport report, string repository)
{
    private const double AddedGoalUs = 20;

    // The program is put into /work once the agent is there, and becomes it.
    private const string Wait = "until [ -e ready ]; do sleep 0.01; done; exec /work/notify_cost /work/file";

    public void Run()
    {
        using var kernel = BenchKernel.Start(repository, "--pool.created=0", "--pool.preloaded=0");
        if (CProgram.Build(repository, "notify_cost", BenchKernel.Folder) is not { } program)
        {
            return;
        }

        var agent = kernel.Client.SpawnAsync(new Spawn { Argv = ["/bin/sh", "-c", Wait], Cwd = "/work" })
            .GetAwaiter().GetResult();
        Put(kernel, agent, "notify_cost", File.ReadAllBytes(program));
        HostLoad.WaitForQuiet();
        Put(kernel, agent, "ready", []);
        var measured = JsonNode.Parse(kernel.Output(agent))!;
        var reading = Microseconds(measured, "open_read_ns");
        var writing = Microseconds(measured, "open_write_ns");
        report.Add(new BenchRow("notify", "open and close, notified, p50", writing, "us") { Reference = reading });
        report.Add(new BenchRow("notify", "added by the notification, p50", writing - reading, "us")
        {
            Goal = "<= 20 us",
            Met = writing - reading <= AddedGoalUs,
        });
        var connecting = Microseconds(measured, "connect_ns");
        report.Add(new BenchRow("notify", "socket, connect and close, notified, p50", connecting, "us"));
    }

    private static void Put(BenchKernel kernel, SpawnReply agent, string path, byte[] bytes) =>
        kernel.Client.WriteAsync(new Write
        {
            Id = agent.Id,
            Path = path,
            Content = Convert.ToBase64String(bytes),
            Encoding = "base64",
            FileMode = 0b111_101_101,
        }).GetAwaiter().GetResult();

    private static double Microseconds(JsonNode measured, string name) => measured[name]!.GetValue<double>() / 1000;
}

using Analemma.Abi.Syscalls;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Kernel;

/// <summary>Agents that spawn agents: what a child may be, what it counts against, and how it ends.</summary>
public sealed class FamilyTests(SharedKernel shared) : IClassFixture<SharedKernel>
{
    private readonly RunningKernel _kernel = shared.Kernel;

    [Fact]
    public async Task An_agent_spawns_within_its_own_limits_and_may_not_spawn_what_it_may_not_be()
    {
        var parent = await _kernel.SpawnPythonAsync("""
            import analemma
            with analemma.Kernel() as kernel:
                me = kernel.hello().process
                child = kernel.spawn(argv=["/bin/sh", "-c", "sleep 1000"], name="below")
                print("children", [p.name for p in kernel.list() if p.parent == me], flush=True)
                for wish in (dict(sandboxed=False), dict(network=True), dict(limits={"memory": 1 << 40})):
                    try:
                        kernel.spawn(argv=["/bin/true"], **wish)
                        print("ALLOWED", wish)
                    except analemma.PermissionDenied as refused:
                        print("refused", refused.hint, flush=True)
                import time
                print("ready", flush=True)
                time.sleep(1000)
            """);
        await _kernel.UntilPrintedAsync(parent, "ready");
        var output = await _kernel.OutputAsync(parent);
        Assert.Contains("children ['below']", output, StringComparison.Ordinal);
        Assert.DoesNotContain("ALLOWED", output, StringComparison.Ordinal);
        Assert.Contains("refused missing capability: unsandboxed", output, StringComparison.Ordinal);
        Assert.Contains("refused missing capability: network", output, StringComparison.Ordinal);
        Assert.Contains("refused missing capability: limits.memory", output, StringComparison.Ordinal);

        var child = await _kernel.Client.InspectAsync(new Inspect { Name = "below" }, Token);
        Assert.Equal(parent.Id, child.Parent);
        await _kernel.Client.KillAsync(new Kill { Id = parent.Id, GraceMs = 0 }, Token);
        var ended = await _kernel.Client.WaitAsync(new Wait { Id = child.Id }, Token);
        Assert.Contains("its parent", ended.Exit!.Detail, StringComparison.Ordinal);
        Assert.True((await _kernel.Client.InspectAsync(new Inspect { Id = parent.Id }, Token)).Denied >= 3);
    }

    [Fact]
    public async Task What_children_use_counts_against_their_parent()
    {
        await using var events = _kernel.Client
            .Events(new Subscribe { Types = ["exited"] }, Token).GetAsyncEnumerator(Token);
        var next = events.MoveNextAsync();

        // Each child alone is far below the limit that it was given; both together are over their parent's.
        var parent = await _kernel.SpawnPythonAsync(
            """
            import analemma
            hold = "import time; x = bytearray(70 << 20); print('held', flush=True); time.sleep(1000)"
            with analemma.Kernel() as kernel:
                for name in ("one", "two"):
                    kernel.spawn(argv=["/usr/bin/python3", "-c", hold], name=name)
                kernel.wait("two")
            """,
            spawn => spawn with { Limits = new ResourceLimits { Memory = 128 << 20 } });
        Assert.True(await next);
        Assert.Equal(ExitCause.OomKilled, events.Current.Exit!.Cause);
        await _kernel.Client.KillAsync(new Kill { Id = parent.Id, GraceMs = 0 }, Token);
    }
}

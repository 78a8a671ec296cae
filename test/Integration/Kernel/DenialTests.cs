using Analemma.Abi.Syscalls;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Kernel;

/// <summary>Denied attempts become events, with a reason, and are counted.</summary>
public sealed class DenialTests(SharedKernel shared) : IClassFixture<SharedKernel>
{
    // Nothing can be sent beyond this host, whatever the sandbox is.
    private const string OnlyLoopback =
        "assert [line.split(':')[0].strip() for line in open('/proc/net/dev') if ':' in line] == ['lo']\n";

    private readonly RunningKernel _kernel = shared.Kernel;

    [Theory]
    [InlineData("network", OnlyLoopback + "import socket\nsocket.create_connection(('192.0.2.1', 80), 1)")]
    [InlineData("filesystem", "open('/usr/bin/evil', 'w')")]
    [InlineData("filesystem", "open('/etc/shadow')")]
    [InlineData("process", "import ctypes\nctypes.CDLL(None).ptrace(16, 1, 0, 0)")]
    public async Task An_attempt_is_seen(string kind, string attempt)
    {
        await using var events = _kernel.Client
            .Events(new Subscribe { Types = ["denied"] }, Token).GetAsyncEnumerator(Token);
        var next = events.MoveNextAsync();
        var agent = await _kernel.SpawnPythonAsync(
            $"try:\n    {attempt.Replace("\n", "\n    ", StringComparison.Ordinal)}\nexcept OSError:\n    pass",
            spawn => spawn with { Audit = "reads" });
        Assert.True(await next);
        while (events.Current.Process != agent.Id || events.Current.Kind != kind)
        {
            Assert.True(await events.MoveNextAsync());
        }

        Assert.NotEmpty(events.Current.What!);
        Assert.NotEmpty(events.Current.Reason!);
        await _kernel.WaitAsync(agent);
        Assert.True((await _kernel.Client.InspectAsync(new Inspect { Id = agent.Id }, Token)).Denied > 0);
    }

    [Fact]
    public async Task A_harmless_agent_is_not_reported()
    {
        var agent = await _kernel.SpawnPythonAsync(
            "import json, tempfile\nopen('/work/a', 'w').write('x')\ntempfile.TemporaryFile().write(b'x')");
        Assert.Equal(0, (await _kernel.WaitAsync(agent)).Denied);
    }
}

using System.Globalization;
using Analemma.Abi.Syscalls;
using Analemma.Integration.Tests.Kernel;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.AgentOs;

/// <summary>Programs written for AgentOS run on the real kernel as they are, on the host and in a sandbox.</summary>
public sealed class AgentOsProgramTests(SharedKernel shared) : IClassFixture<SharedKernel>
{
    private const string Simulated = "think: True None True True";

    private readonly RunningKernel _kernel = shared.Kernel;

    [Fact]
    public async Task A_host_program_spawns_lists_and_kills()
    {
        var (code, output, errors) = await HostPython.RunAsync(
            [HostPython.Program("host_client.py"), HostPython.Program("worker.py"), _kernel.Socket]);
        Assert.True(code == 0, errors);
        var lines = output.TrimEnd().Split('\n');
        Assert.Equal("echo: Hello, kernel!", lines[0]);
        Assert.Equal("before: []", lines[1]);
        Assert.Equal("spawned: worker running True True", lines[2]);
        Assert.Contains("'error': 'failed to spawn", lines[3], StringComparison.Ordinal);
        Assert.Equal("listed: worker RUNNING True True", lines[4]);
        Assert.Equal("killed: True", lines[5]);
        Assert.Equal("killed again: False", lines[6]);
        Assert.Equal("after: []", lines[7]);
        Assert.Equal(Simulated, lines[8]);
        Assert.Equal("exit: True", lines[9]);
        Assert.Equal(10, lines.Length);
    }

    [Fact]
    public async Task An_agent_imports_the_sdk_without_installation_and_speaks_for_itself()
    {
        var agent = await _kernel.Client.SpawnAsync(
            new Spawn { Name = "inside", Script = HostPython.Program("worker.py"), Args = ["once"] }, Token);
        Assert.Equal(0, (await _kernel.WaitAsync(agent)).Exit!.Code);
        var lines = (await _kernel.OutputAsync(agent)).TrimEnd().Split('\n');
        Assert.Equal("echo: from inside", lines[0]);
        Assert.Equal(string.Create(CultureInfo.InvariantCulture, $"me: [('inside', 'RUNNING')] {agent.Id}"), lines[1]);
        Assert.Equal(Simulated, lines[2]);
        Assert.Equal("second: also True", lines[3]);
    }

    [Fact]
    public async Task A_client_without_an_sdk_is_answered_in_order_and_never_left_hanging()
    {
        var (code, output, errors) = await HostPython.RunAsync([HostPython.Program("raw_client.py"), _kernel.Socket]);
        Assert.True(code == 0, errors);
        var lines = output.TrimEnd().Split('\n');
        Assert.Equal("00 True True one", lines[0]);
        Assert.StartsWith("12 True True [", lines[1], StringComparison.Ordinal);
        Assert.StartsWith("00 True True \0", lines[2], StringComparison.Ordinal);
        Assert.Contains("\"simulated\":true", lines[3], StringComparison.Ordinal);
        Assert.Contains("\"error\"", lines[4], StringComparison.Ordinal);
        Assert.Contains("\"error\"", lines[5], StringComparison.Ordinal);
        Assert.StartsWith("ee True True", lines[6], StringComparison.Ordinal);
        Assert.Contains("\"killed\":false", lines[7], StringComparison.Ordinal);
        Assert.Equal("ff True True goodbye", lines[8]);
        Assert.Equal("still", lines[9]);
    }

    [Fact]
    public async Task An_agent_is_told_its_audit_records_and_figures_and_nobody_elses()
    {
        var agent = await _kernel.Client.SpawnAsync(
            new Spawn
            {
                Name = "watched",
                Script = HostPython.Program("audit_client.py"),
                Args = ["/run/analemma.sock"],
                Limits = new ResourceLimits { Memory = 134_217_728 },
                Permissions = new Permissions { Spawn = [] },
            },
            Token);
        var ended = await _kernel.WaitAsync(agent);
        var output = await _kernel.OutputAsync(agent);
        Assert.True(ended.Exit!.Code == 0, output);
        Assert.Equal(
            [
                "spawn: True", "audit: True True True", "denied: True False SECURITY", "later: 0", "others: True 0",
                "config: True", "config off: permission_denied", "agent: watched True RUNNING", "all: 1 ['watched']",
                "cgroup: 134217728 True", "elsewhere: False", "elsewhere: False",
            ],
            output.TrimEnd().Split('\n'));

        var log = await _kernel.Client.AuditAsync(new Audit { Id = agent.Id, Category = "security" }, Token);
        Assert.All(log.Records, record => Assert.Equal($"process {agent.Id.Value}", record.By));
        Assert.Contains(log.Records, record => record.Type == "attempt.denied");
        var all = await _kernel.Client.AuditAsync(new Audit { Max = 1000 }, Token);
        Assert.Equal(all.Records.Select(record => record.Id).Order(), all.Records.Select(record => record.Id));
        Assert.Contains(all.Records, record => record.Type == "kernel.started");
    }

    [Fact]
    public async Task The_Python_sdk_passes_its_tests_against_it()
    {
        var tests = Path.Combine(HostPython.Root, "sdk", "python", "tests");
        var (code, _, errors) = await HostPython.RunAsync(
            ["-m", "unittest", "discover", "-s", tests, "-p", "test_real_kernel.py"],
            ("ANALEMMA_TEST_SOCKET", _kernel.Socket));
        Assert.True(code == 0, errors);
        Assert.DoesNotContain("skipped", errors, StringComparison.Ordinal);
    }
}

using System.Text;
using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Client;
using Analemma.Integration.Tests.Sockets;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Kernel;

/// <summary>Requests that once ended the kernel, each by one of its threads. Now each has an answer.</summary>
public sealed class HostileRequestTests(SharedKernel shared) : IClassFixture<SharedKernel>, IAsyncDisposable
{
    private readonly RunningKernel _kernel = shared.Kernel;

    /// <summary>Whatever was asked, the kernel that there was is there.</summary>
    public async ValueTask DisposeAsync()
    {
        Assert.True(Directory.Exists($"/proc/{_kernel.Pid}"));
        Assert.NotEmpty((await _kernel.Client.StatusAsync(Token)).Version);
    }

    [Theory]
    [InlineData(SyscallNumber.Send, """{"to":"x","body":{"a":"\ud800"}}""")]
    [InlineData(SyscallNumber.Recv, """{"reply":{"in_reply_to":1,"body":["\ud800"]}}""")]
    [InlineData(SyscallNumber.Think, """{"prompt":"x","response_schema":{"\ud800":1}}""")]
    [InlineData(SyscallNumber.Emit, """{"type":"x","data":"\ud800"}""")]
    [InlineData(SyscallNumber.Store, """{"key":"k","value":"\ud800"}""")]
    [InlineData(SyscallNumber.CallTool, """{"name":"a.b","arguments":{"\ud800":1}}""")]
    [InlineData(SyscallNumber.FleetApply, """{"fleet":"f","agents":[{}]}""")]
    public void What_is_no_text_or_has_no_name_is_refused(SyscallNumber number, string json)
    {
        using var client = new RawClient(_kernel.Socket);
        Assert.Equal(SysErrorCode.InvalidArgument, client.Call(number, json).Header.Status);
    }

    [Fact]
    public void A_request_that_is_more_than_a_record_is_refused()
    {
        var large = JsonSerializer.Serialize(new string('<', 90_000));
        using var client = new RawClient(_kernel.Socket);
        var answer = client.Call(SyscallNumber.Spawn, $$"""{"argv":["/bin/true",{{large}},{{large}}]}""");
        Assert.Equal(SysErrorCode.TooLarge, answer.Header.Status);
    }

    /// <summary>They arrive in one turn, and are more than one commit of the journal.</summary>
    [Fact]
    public void Many_large_requests_at_once_are_several_turns()
    {
        const int Spawns = 12;
        var items = string.Join(',', Enumerable.Repeat($"\"{new string('x', 95_000)}\"", 9));
        var spawn = Encoding.UTF8.GetBytes($$"""{"argv":["/no/such/program",{{items}}],"sandboxed":false}""");
        using var client = new RawClient(_kernel.Socket);
        client.Send([.. Enumerable.Range(1, Spawns).SelectMany(
            id => RawClient.Native(SyscallNumber.Spawn, (ulong)id, spawn))]);
        Assert.All(
            Enumerable.Range(0, Spawns).Select(_ => client.ReadNative().Header.Status),
            status => Assert.True(status is SysErrorCode.Ok or SysErrorCode.StartFailed, status.ToString()));
    }

    [Fact]
    public async Task A_command_that_the_host_cannot_begin_is_an_error()
    {
        var agent = await _kernel.SpawnShellAsync("sleep 60", spawn => spawn with { Sandboxed = false });
        Exec[] execs =
        [
            new() { Id = agent.Id, Argv = ["/bin/true"], Cwd = "/" + new string('a', 300) },
            new() { Id = agent.Id, Argv = ["/bin/true", new string('€', 100_000)] },
        ];
        foreach (var exec in execs)
        {
            var failed = await Assert.ThrowsAsync<SyscallException>(async () =>
            {
                await foreach (var piece in _kernel.Client.Exec(exec).WithCancellation(Token))
                {
                    Assert.Fail($"it wrote {piece}");
                }
            });
            Assert.Equal(SysErrorCode.IoFailed, failed.Code);
        }

        await _kernel.Client.KillAsync(new Kill { Id = agent.Id }, Token);
    }

    [Fact]
    public async Task A_script_that_is_no_file_is_not_waited_for()
    {
        var path = Path.Combine(_kernel.Folder, "fifo");
        Analemma.Linux.HostFiles.MakeFifo(path, 0x1B6);
        foreach (var script in (string[])[path, "/dev/tty", "/dev/null", _kernel.Folder])
        {
            var failed = await Assert.ThrowsAsync<SyscallException>(() =>
                _kernel.Client.SpawnAsync(new Spawn { Script = script }, Token));
            Assert.Equal(SysErrorCode.StartFailed, failed.Code);
        }
    }

    /// <summary>The last use of a pipe and its end, over and over: none is left behind.</summary>
    [Fact]
    public async Task Pipes_that_are_closed_while_they_are_used_leave_nothing()
    {
        var before = Pipes();
        for (var round = 0; round < 60; round++)
        {
            var pipe = (await _kernel.Client.PipeOpenAsync(null, Token)).Pipe;
            using RawClient client = new(_kernel.Socket);
            client.Send([
                .. RawClient.Native(SyscallNumber.PipeRead, 1, Encoding.UTF8.GetBytes($$"""{"pipe":{{pipe}}}""")),
                .. RawClient.Native(SyscallNumber.PipeClose, 2, Encoding.UTF8.GetBytes($$"""{"pipe":{{pipe}}}"""))]);
            client.ReadNative();
            client.ReadNative();
        }

        Assert.Empty((await _kernel.Client.PipeListAsync(Token)).Pipes);
        Assert.True(SpinWait.SpinUntil(() => Pipes() <= before + 8, TimeSpan.FromSeconds(20)), $"{Pipes()}");

        int Pipes() => Directory.GetFileSystemEntries($"/proc/{_kernel.Pid}/fd")
            .Count(file => new FileInfo(file).LinkTarget?.StartsWith("pipe:", StringComparison.Ordinal) is true);
    }
}

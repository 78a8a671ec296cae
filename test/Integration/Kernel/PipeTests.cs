using System.Text;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Client;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Kernel;

/// <summary>Pipes of the host between real agents: waiting, ends, and who may use them.</summary>
public sealed class PipeTests(SharedKernel shared) : IClassFixture<SharedKernel>
{
    private readonly RunningKernel _kernel = shared.Kernel;

    private KernelClient Client => _kernel.Client;

    [Fact]
    public async Task What_is_written_is_read_a_writer_waits_and_both_ends_end()
    {
        var pipe = (await Client.PipeOpenAsync(null, Token)).Pipe;
        var chunk = new string('x', 1 << 20);
        var partly = await Client.PipeWriteAsync(
            new PipeWrite { Pipe = pipe, Content = chunk, TimeoutMs = 0 }, Token);
        Assert.InRange(partly.Written, 1, (1 << 20) - 1);
        await RefusedAsync(SysErrorCode.TryAgain, WriteAsync(pipe, timeoutMs: 0));
        await RefusedAsync(SysErrorCode.TimedOut, WriteAsync(pipe, timeoutMs: 30));

        var waiting = Client.PipeWriteAsync(new PipeWrite { Pipe = pipe, Content = chunk }, Token);
        var read = Client.PipeRead(new PipeRead { Pipe = pipe, Follow = true });
        await using var pieces = read.GetAsyncEnumerator(Token);
        var total = 0L;
        while (total < partly.Written + chunk.Length && await pieces.MoveNextAsync())
        {
            total += pieces.Current.Length;
        }

        Assert.Equal(chunk.Length, (await waiting).Written);
        await Client.PipeCloseAsync(new PipeClose { Pipe = pipe, End = "write" }, Token);
        Assert.False(await pieces.MoveNextAsync());
        Assert.Equal((partly.Written + chunk.Length, true), (read.Reply.Bytes, read.Reply.Eof));
        await RefusedAsync(SysErrorCode.PipeClosed, WriteAsync(pipe));
    }

    [Fact]
    public async Task Agents_are_connected_by_their_streams_and_the_end_of_one_is_the_end_of_its_ends()
    {
        var one = (await Client.PipeOpenAsync(null, Token)).Pipe;
        var two = (await Client.PipeOpenAsync(null, Token)).Pipe;
        var reader = await _kernel.SpawnShellAsync(
            "sha256sum", spawn => spawn with { StdinPipe = one, StdoutPipe = two });
        var writer = await _kernel.SpawnShellAsync(
            "head -c 5000000 /dev/zero", spawn => spawn with { StdoutPipe = one });
        StringBuilder text = new();
        await foreach (var piece in Client.PipeRead(new PipeRead { Pipe = two, Follow = true }).WithCancellation(Token))
        {
            text.Append(Encoding.UTF8.GetString(piece.Span));
        }

        var expected = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(new byte[5_000_000]));
        Assert.StartsWith(expected, text.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, (await _kernel.WaitAsync(reader)).Exit!.Code);
        Assert.Equal(0, (await _kernel.WaitAsync(writer)).Exit!.Code);
        Assert.DoesNotContain((await Client.PipeListAsync(Token)).Pipes, pipe => pipe.Pipe == one);
    }

    [Fact]
    public async Task An_agent_streams_to_its_child_and_hears_that_it_is_gone()
    {
        var agent = await _kernel.SpawnPythonAsync("""
            import analemma
            with analemma.Kernel() as kernel:
                pipe, back = kernel.pipe_open(), kernel.pipe_open()
                child = kernel.spawn(argv=["/bin/sh", "-c", "tr a-z A-Z"], stdin_pipe=pipe, stdout_pipe=back)
                print(kernel.pipe_write(pipe, "hello\n"), flush=True)
                kernel.pipe_close(pipe, "write")
                print(kernel.pipe_follow(back).gather(), kernel.pipe_read(back), flush=True)
                kernel.wait(child)
                own = kernel.pipe_open()
                kernel.pipe_close(own, "read")
                try:
                    kernel.pipe_write(own, b"x")
                except analemma.PipeClosed as closed:
                    print(closed.code, flush=True)
            """);
        await _kernel.WaitAsync(agent);
        Assert.Equal("6\nb'HELLO\\n' b''\npipe_closed\n", await _kernel.OutputAsync(agent));
    }

    [Fact]
    public async Task A_call_that_waits_ends_when_its_end_is_given_away_or_closed()
    {
        var pipe = (await Client.PipeOpenAsync(null, Token)).Pipe;
        var reading = Client.PipeRead(new PipeRead { Pipe = pipe }).ToEndAsync(Token);
        await Client.PipeCloseAsync(new PipeClose { Pipe = pipe, End = "read" }, Token);
        await RefusedAsync(SysErrorCode.PipeClosed, reading);
    }

    private Task<PipeWriteReply> WriteAsync(long pipe, long? timeoutMs = null) =>
        Client.PipeWriteAsync(new PipeWrite { Pipe = pipe, Content = "x", TimeoutMs = timeoutMs }, Token);

    private static async Task RefusedAsync(SysErrorCode code, Task call) =>
        Assert.Equal(code, (await Assert.ThrowsAsync<SyscallException>(() => call)).Code);
}

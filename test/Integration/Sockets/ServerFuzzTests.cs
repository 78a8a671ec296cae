using Analemma.Daemon.Sockets;
using Analemma.Fuzz;

namespace Analemma.Integration.Tests.Sockets;

/// <summary>A little of `./analemma fuzz server` in every test run.</summary>
public sealed class ServerFuzzTests
{
    [Fact]
    public async Task Thousands_of_broken_frames_are_each_answered_once_or_refused()
    {
        var folder = Directory.CreateTempSubdirectory("analemma-");
        using var host = HostSocket.Claim(Path.Combine(folder.FullName, "kernel.sock"));
        await using (var server = new SyscallServer(new StubKernel(), new SocketOptions(), TimeProvider.System))
        {
            server.ListenForHost(host);
            ServerTarget target = new(host.Path, harmlessOnly: false);
            FuzzRun run = new(new CaseMaker(Corpus.Load(), seed: 20_260), target.Run, framesPerCase: 16);

            run.Run(frames: 5_000, threads: 2);

            Assert.True(run.Failure is null, run.Failure);
            Assert.True(SpinWait.SpinUntil(
                () => server is { Connections: 0, BytesKept: 0 }, TimeSpan.FromSeconds(20)));
        }

        folder.Delete(recursive: true);
    }
}

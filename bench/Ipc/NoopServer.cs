using Analemma.Abi;
using Analemma.Daemon.Sockets;

namespace Analemma.Bench.Ipc;

/// <summary>The syscall server in a process of its own, without a kernel: `serve PATH`, until stdin ends.</summary>
internal sealed class NoopServer : ISyscallSink
{
    public static async Task<int> RunAsync(string path)
    {
        using var host = HostSocket.Claim(path);
        await using SyscallServer server = new(new NoopServer(), new SocketOptions(), TimeProvider.System);
        server.ListenForHost(host);
        Console.WriteLine("ready");
        await Console.In.ReadToEndAsync();
        return 0;
    }

    public void Submit(SyscallCall call) =>
        call.Fail(new SysError(SysErrorCode.NotConfigured, "there is no kernel here, only its sockets"));

    public void Cancelled(SyscallCall call)
    {
    }
}

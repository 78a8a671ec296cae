using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Http;
using Analemma.Daemon.Loop;
using Analemma.Kernel.Effects;
using Analemma.Linux;

namespace Analemma.Daemon.Runners;

/// <summary>Opens the endpoint on the host and hands out tokens.</summary>
internal sealed class EndpointRunner(HostEndpoint endpoint, CallTable calls, BackgroundTasks tasks)
{
    public void Start(OpenEndpoint open) => tasks.Run(_ =>
    {
        if (calls.Remove(open.Call.Value) is not { } call)
        {
            return Task.CompletedTask;
        }

        try
        {
            var url = endpoint.Open();
            var token = endpoint.TokenOf(open.Process);
            call.Reply(new EndpointReply(url, token, open.Process) { Variables = HttpVariables.Of(url, token) });
        }
        catch (Exception failed) when (failed is LinuxException or IOException or UnauthorizedAccessException)
        {
            call.Fail(new SysError(
                SysErrorCode.IoFailed, $"the kernel cannot listen on the host: {failed.Message}", "set endpoint.port"));
        }

        return Task.CompletedTask;
    });
}

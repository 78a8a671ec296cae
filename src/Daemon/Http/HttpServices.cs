using Analemma.Daemon.Http.Lambda;
using Analemma.Daemon.Http.Models;
using Analemma.Daemon.Http.Proxy;
using Analemma.Daemon.Http.Tools;
using Analemma.Daemon.Runners.Tools;
using Analemma.Kernel.Models;

namespace Analemma.Daemon.Http;

/// <summary>What a kernel serves over HTTP.</summary>
internal static class HttpServices
{
    /// <summary>In the order in which they are asked.</summary>
    public static IReadOnlyList<IHttpService> All(
        HttpSyscalls syscalls, RelayCalls relays, ModelOptions models, ToolNews news, TimeProvider time)
    {
        AnswerStamps stamps = new(time);
        return
        [
            // Before those that look at paths: of an absolute URL the path is another host's.
            new ProxyService(relays),
            new ModelService(syscalls, stamps),
            new CountService(stamps),
            new EmbeddingService(syscalls, stamps),
            new ModelListService(models, stamps),
            new McpService(syscalls, news, time),
            new LambdaRuntimeService(syscalls),
            new IndexService(),
        ];
    }
}

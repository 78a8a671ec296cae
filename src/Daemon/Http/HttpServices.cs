using Analemma.Daemon.Http.Models;
using Analemma.Kernel.Models;

namespace Analemma.Daemon.Http;

/// <summary>What a kernel serves over HTTP.</summary>
internal static class HttpServices
{
    /// <summary>In the order in which they are asked.</summary>
    public static IReadOnlyList<IHttpService> All(HttpSyscalls syscalls, ModelOptions models, TimeProvider time)
    {
        AnswerStamps stamps = new(time);
        return
        [
            new ModelService(syscalls, stamps),
            new CountService(stamps),
            new EmbeddingService(stamps),
            new ModelListService(models, stamps),
            new IndexService(),
        ];
    }
}

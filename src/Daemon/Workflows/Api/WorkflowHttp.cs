using Analemma.Daemon.Http;
using Analemma.Daemon.Workflows.Api.Rest;
using Analemma.Journal;
using Analemma.Journal.Executions;
using Microsoft.AspNetCore.Http;

namespace Analemma.Daemon.Workflows.Api;

/// <summary>Takes all that comes in on the endpoint of workflows, and nothing else.</summary>
internal sealed class WorkflowHttp(WorkflowHost host) : IHttpService
{
    public bool Takes(HttpRequest request) => HttpOrigin.Of(request.HttpContext) is WorkflowEndpoint;

    // Whoever may not ask has nothing opened and nothing read for it.
    public async Task ServeAsync(HttpContext http)
    {
        var isRest = RestService.Takes(http.Request);
        if (WorkflowEndpoint.ProblemOfHeaders(http.Request) is { } problem)
        {
            await RefuseAsync(http, isRest, problem);
            return;
        }

        Func<HttpContext, Task> serve;
        try
        {
            serve = isRest ? host.Rest.ServeAsync : new StepFunctionsService(host.Api).ServeAsync;
        }
        catch (Exception failed) when (failed is JournalStoreException or PayloadException)
        {
            await RefuseAsync(http, isRest, ApiAnswer.Refused(
                "ServiceUnavailable", $"the store of workflows cannot be opened: {failed.Message}"));
            return;
        }

        await serve(http);
    }

    private static Task RefuseAsync(HttpContext http, bool isRest, ApiAnswer refusal) => isRest
        ? RestService.RefuseAsync(http, refusal)
        : StepFunctionsService.WriteAsync(http, refusal);
}

using Analemma.Daemon.Http;
using Analemma.Daemon.Workflows.Api.Rest;
using Microsoft.AspNetCore.Http;

namespace Analemma.Daemon.Workflows.Api;

/// <summary>Takes all that comes in on the endpoint of workflows, and nothing else.</summary>
internal sealed class WorkflowHttp(WorkflowHost host) : IHttpService
{
    public bool Takes(HttpRequest request) => HttpOrigin.Of(request.HttpContext) is WorkflowEndpoint;

    public Task ServeAsync(HttpContext http) => RestService.Takes(http.Request)
        ? host.Rest.ServeAsync(http)
        : new StepFunctionsService(host.Api).ServeAsync(http);
}

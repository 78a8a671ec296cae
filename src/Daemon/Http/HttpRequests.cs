using Analemma.Abi;
using Analemma.Daemon.Http.Transport;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Abstractions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Analemma.Daemon.Http;

/// <summary>Hands each request to the service that takes it; to nobody else goes what no service takes.</summary>
internal sealed class HttpRequests(IReadOnlyList<IHttpService> services, ILogger log) : IHttpApplication<HttpContext>
{
    public HttpContext CreateContext(IFeatureCollection contextFeatures)
    {
        // A connection has one, for a request after the other.
        if (contextFeatures is not IHostContextContainer<HttpContext> connection)
        {
            return new DefaultHttpContext(contextFeatures);
        }

        if (connection.HostContext is DefaultHttpContext kept)
        {
            kept.Initialize(contextFeatures);
            return kept;
        }

        return connection.HostContext = new DefaultHttpContext(contextFeatures);
    }

    public async Task ProcessRequestAsync(HttpContext context)
    {
        try
        {
            foreach (var service in services)
            {
                if (service.Takes(context.Request))
                {
                    await ServeAsync(service, context);
                    return;
                }
            }

            await PlainErrors.WriteAsync(context, StatusCodes.Status404NotFound, new SysError(
                SysErrorCode.InvalidArgument,
                $"nothing is served at {context.Request.Method} {context.Request.Path}",
                "GET / lists what is"));
        }
        catch (Exception gone) when (context.RequestAborted.IsCancellationRequested
            || gone is ConnectionAbortedException or BadHttpRequestException)
        {
            // The client hung up, or sent what is no HTTP: Kestrel answers that itself.
            if (gone is BadHttpRequestException)
            {
                throw;
            }
        }
        catch (Exception fault)
        {
            // A request must not end the kernel, whatever it was. Its text may hold anything and stays here.
            log.HttpFault(context.Request.Path, fault.GetType().FullName!, fault.StackTrace ?? "");
            if (!context.Response.HasStarted)
            {
                await PlainErrors.WriteAsync(context, StatusCodes.Status500InternalServerError, new SysError(
                    SysErrorCode.Internal, "the kernel could not serve the request", "its log says why"));
                return;
            }

            context.Abort();
        }
    }

    private static async Task ServeAsync(IHttpService service, HttpContext context)
    {
        var connection = service.RunsInline ? null : context.Features.Get<PolledConnection>();
        if (connection is null)
        {
            await service.ServeAsync(context);
            return;
        }

        await connection.LeaveAsync();
        try
        {
            await service.ServeAsync(context);
        }
        finally
        {
            connection.RunsInline = true;
        }
    }

    public void DisposeContext(HttpContext context, Exception? exception) =>
        ((DefaultHttpContext)context).Uninitialize();
}

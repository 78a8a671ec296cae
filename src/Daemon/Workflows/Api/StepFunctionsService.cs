using Analemma.Abi;
using Analemma.Daemon.Http;
using Analemma.Workflow.Json;
using Microsoft.AspNetCore.Http;

namespace Analemma.Daemon.Workflows.Api;

/// <summary>
/// The Step Functions API over HTTP: AWS JSON 1.0 (https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html), for
/// connections that came in on the endpoint of workflows.
/// </summary>
internal sealed class StepFunctionsService(StepFunctionsApi api)
{
    private const string Prefix = "AWSStepFunctions.";
    private const string ContentType = "application/x-amz-json-1.0";

    /// <summary>As long as a body may be.</summary>
    private static readonly JsonLimits Limits = new(HttpLimits.BodyBytesMax, JsonLimits.Default.DepthMax);

    public async Task ServeAsync(HttpContext http) => await WriteAsync(http, await AnswerAsync(http));

    public static async Task WriteAsync(HttpContext http, ApiAnswer answer)
    {
        http.Response.StatusCode = answer.HttpStatus;
        http.Response.ContentType = ContentType;
        http.Response.Headers["x-amzn-RequestId"] = Guid.NewGuid().ToString();
        var body = answer.IsRefused ? Refusal(answer) : answer.Output.ToUtf8();
        http.Response.ContentLength = body.Length;
        await http.Response.Body.WriteAsync(body, http.RequestAborted);
    }

    private async Task<ApiAnswer> AnswerAsync(HttpContext http)
    {
        var origin = (WorkflowEndpoint)HttpOrigin.Of(http);
        var target = http.Request.Headers["X-Amz-Target"].ToString();
        if (!HttpMethods.IsPost(http.Request.Method) || !target.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return ApiAnswer.Refused(
                "UnknownOperationException", "POST with the header X-Amz-Target: AWSStepFunctions.OPERATION");
        }

        var read = await RequestBody.ReadAsync(http, origin.Budget);
        using (var body = read.Value)
        {
            if (body is null)
            {
                return ApiAnswer.Refused(
                    read.Error!.Code is SysErrorCode.TooLarge ? "RequestEntityTooLarge" : "ThrottlingException",
                    read.Error.Message);
            }

            if (origin.Problem(http.Request, body.Bytes.Span) is { } problem)
            {
                return problem;
            }

            if (!JsonValue.TryParse(
                body.Bytes.Length == 0 ? "{}"u8 : body.Bytes.Span, Limits, out var request, out var error))
            {
                return ApiAnswer.Refused("SerializationException", error.ToString());
            }

            return await api.CallAsync(target[Prefix.Length..], request, http.RequestAborted);
        }
    }

    private static byte[] Refusal(ApiAnswer answer) => JsonValue.From(
        JsonObject.Of(
            ("__type", answer.Error!),
            ("message", answer.Message!),
            ("reason", Json.Maybe(answer.Reason)),
            ("resourceName", Json.Maybe(answer.Resource)))).ToUtf8();
}

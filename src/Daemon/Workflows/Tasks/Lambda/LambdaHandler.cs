using System.Text;
using Analemma.Daemon.Runners;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Tasks.Lambda;

/// <summary>Functions: those registered here first, those of the AWS endpoint else.</summary>
internal sealed class LambdaHandler(IFunctions functions, AwsClient aws, BackgroundTasks background) : ITaskHandler
{
    private const string TooMany = "Lambda.TooManyRequestsException";

    public bool Takes(TaskResource resource) =>
        resource.Kind is ResourceKind.Function
        || (resource.Service is "lambda" or "aws-sdk:lambda" && resource.Action == "invoke");

    public async Task<TaskOutcome> RunAsync(TaskCall call, CancellationToken cancelled)
    {
        if (call.Resource.Kind is ResourceKind.Sdk && !call.Input["FunctionName"].IsString)
        {
            return TaskOutcome.Failed(
                "States.Runtime", "The field 'FunctionName' is required but was missing", TaskPhase.Schedule);
        }

        Invoked invoked;
        try
        {
            var request = LambdaRequest.Of(call);
            invoked = functions.Has(request.Name)
                ? await InvokeHereAsync(call, request, cancelled)
                : await InvokeThereAsync(call, request, cancelled);
        }
        catch (LambdaRefusedException refused)
        {
            invoked = Refused(call, refused.Answer);
        }

        if (invoked.Error is { } error
            && (call.Resource.Kind is not ResourceKind.Sdk || !invoked.IsFunctionsOwnError))
        {
            return TaskOutcome.Failed(error, invoked.Cause);
        }

        return TaskOutcome.Done(
            call.Resource.Kind is ResourceKind.Function ? invoked.Output : LambdaOutput.Of(call, invoked));
    }

    private async Task<Invoked> InvokeHereAsync(TaskCall call, LambdaRequest request, CancellationToken cancelled)
    {
        if (request.Qualifier is not (null or LambdaRequest.Latest))
        {
            // Functions of the kernel's own have one version.
            return Missing(call, $"{request.Name}:{request.Qualifier}");
        }

        FunctionCall asked = new(request.Payload)
        {
            ClientContext = request.Context,
            Qualifier = request.Qualifier,
            WantsLog = request.WantsLog && request.Type is InvocationType.RequestResponse,
        };
        switch (request.Type)
        {
            case InvocationType.RequestResponse:
                return (await functions.InvokeAsync(call, request.Name, asked, cancelled)) with
                {
                    ExecutedVersion = LambdaRequest.Latest,
                };
            case InvocationType.DryRun:
                return Invoked.Accepted(204);
            default:
                // Who waits for nothing hears of what is refused at once.
                Task<Invoked>? running = null;
                background.RunHere(stopping => running = functions.InvokeAsync(call, request.Name, asked, stopping));
                return running is { IsCompletedSuccessfully: true } && await running is { Error: TooMany } refused
                    ? refused : Invoked.Accepted(202);
        }
    }

    private async Task<Invoked> InvokeThereAsync(TaskCall call, LambdaRequest request, CancellationToken cancelled)
    {
        if (aws.Endpoint is null)
        {
            return Missing(call, request.FunctionName);
        }

        var answer = await aws.RestAsync(
            "lambda",
            HttpMethod.Post,
            request.PathAndQuery,
            request.Payload.IsDefined ? request.Payload.ToUtf8(JsonWriteOptions.Service) : [],
            "application/json",
            cancelled,
            request.Headers());
        if (answer.Failure is { } failure)
        {
            return Invoked.Failed("Lambda.SdkClientException", failure);
        }

        return answer.IsGood ? Answered(call, request, answer) : Refused(call, answer);
    }

    private static Invoked Answered(TaskCall call, LambdaRequest request, AwsAnswer answer)
    {
        if (answer.Body.Length > call.Identity.PayloadBytesMax)
        {
            var what = call.Resource.Kind is ResourceKind.Function ? call.Resource.Arn : call.Resource.Service;
            return Invoked.Failed(
                "States.DataLimitExceeded",
                $"The state/task '{what}' returned a result with a size exceeding the maximum number of bytes "
                + "service limit.");
        }

        var output = answer.Body.Length == 0
            ? request.Type is InvocationType.RequestResponse ? JsonValue.Null : ""
            : answer.Json;
        var made = answer.Headers.ContainsKey("X-Amz-Function-Error")
                ? Invoked.Failed(
                    output.MaybeText("errorType") ?? "Lambda.Unknown", Encoding.UTF8.GetString(answer.Body))
            : output.IsUndefined ? Invoked.Failed("Lambda.Unknown", "The function returned what is no JSON.")
            : new Invoked(output, null, null);
        return made with
        {
            Answer = answer,
            Status = answer.Status,
            LogResult = answer.Headers.GetValueOrDefault("X-Amz-Log-Result"),
            ExecutedVersion = answer.Headers.GetValueOrDefault("X-Amz-Executed-Version")
                ?? (request.Type is InvocationType.RequestResponse ? LambdaRequest.Latest : null),
        };
    }

    private static Invoked Refused(TaskCall call, AwsAnswer answer) => Invoked.Failed(
        $"Lambda.{LambdaOutput.ExceptionName(call.Resource, answer.ErrorCode)}",
        AwsErrors.Cause(call.Resource, "AWSLambda", "Lambda", answer)) with
    {
        IsRefused = true,
    };

    private static Invoked Missing(TaskCall call, string name)
    {
        var arn = name.StartsWith("arn:", StringComparison.Ordinal)
            ? name
            : $"arn:aws:lambda:{call.Identity.Region}:{call.Identity.Account}:function:{name}";
        return Refused(
            call,
            new LambdaRefusedException(404, "ResourceNotFoundException", $"Function not found: {arn}").Answer);
    }
}

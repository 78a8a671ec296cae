using Analemma.Abi.Syscalls;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Tasks.Own;

/// <summary>
/// <c>sns:publish</c> to topics of the kernel: the last part of TopicArn is one that mailboxes have registered. A topic
/// that nobody hears of is the AWS endpoint's.
/// </summary>
internal sealed class TopicHandler(KernelCalls kernel, ITaskHandler elsewhere, bool hasElsewhere) : ITaskHandler
{
    private static readonly ServiceNames Names = new("SNS", "AmazonSNS", "Sns");

    public bool Takes(TaskResource resource) =>
        resource.Service is "sns" or "aws-sdk:sns" && resource.Action == "publish";

    public async Task<TaskOutcome> RunAsync(TaskCall call, CancellationToken cancelled)
    {
        var message = call.Input["Message"];
        var arn = call.Input.MaybeText("TopicArn") ?? call.Input.MaybeText("TargetArn");
        var topic = arn?.Split(':')[^1];
        var heard = topic is { Length: > 0 }
            && (await kernel.AskAsync(new Mailboxes(), cancelled)).Value is MailboxesReply mailboxes
            && mailboxes.List.Any(each => each.Topics?.Contains(topic) == true);
        if (!heard && hasElsewhere)
        {
            return await elsewhere.RunAsync(call, cancelled);
        }

        if (topic is not { Length: > 0 })
        {
            return Invalid(call, "Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter");
        }

        if (message.IsUndefined || message.IsNull || message.TryGetString(out var text) && text.Length == 0)
        {
            return Invalid(call, "Invalid parameter: Empty message");
        }

        if (!heard)
        {
            return ServiceAnswers.Refused(call, Names, "NotFound", 404, "Topic does not exist");
        }

        var sent = await kernel.AskAsync(
            new Broadcast
            {
                Topic = topic,
                Body = new MailBody(BodyOf(call, message).ToUtf8()),
                Correlation = call.Input.MaybeText("MessageGroupId"),
            },
            cancelled);
        if (sent.Error is { } wrong)
        {
            return ServiceAnswers.Refused(wrong);
        }

        JsonObjectBuilder made = new(4);
        made.Set("MessageId", ServiceAnswers.IdOf(call));
        return ServiceAnswers.Done(call, made);
    }

    private static JsonValue BodyOf(TaskCall call, JsonValue message)
    {
        var body = ServiceAnswers.BodyOf(message);
        if (call.Input.MaybeText("MessageStructure") == "json" && body["default"].IsDefined)
        {
            body = body["default"];
        }

        var (subject, attributes) = (call.Input["Subject"], call.Input["MessageAttributes"]);
        return subject.IsUndefined && attributes.IsUndefined
            ? body
            : JsonObject.Of(("Message", body), ("Subject", subject), ("MessageAttributes", attributes));
    }

    private static TaskOutcome Invalid(TaskCall call, string message) =>
        ServiceAnswers.Refused(call, Names, "InvalidParameter", 400, message);
}

using System.Text;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Tasks.Own;

/// <summary>
/// <c>sqs:sendMessage</c> to mailboxes of the kernel: the last part of QueueUrl is one's name. A queue that is none is
/// the AWS endpoint's.
/// </summary>
internal sealed class MailboxHandler(KernelCalls kernel, ITaskHandler elsewhere, bool hasElsewhere) : ITaskHandler
{
    private static readonly ServiceNames Names = new("SQS", "AmazonSQS", "Sqs");

    public bool Takes(TaskResource resource) =>
        resource.Service is "sqs" or "aws-sdk:sqs" && resource.Action == "sendMessage";

    public async Task<TaskOutcome> RunAsync(TaskCall call, CancellationToken cancelled)
    {
        var url = call.Input.MaybeText("QueueUrl");
        var body = call.Input["MessageBody"];
        if (string.IsNullOrEmpty(url))
        {
            return Refused(call, "MissingParameter", "The request must contain the parameter QueueUrl.");
        }

        if (body.IsUndefined || body.IsNull)
        {
            return Refused(call, "MissingParameter", "The request must contain the parameter MessageBody.");
        }

        var name = url.TrimEnd('/').Split('/', ':')[^1];
        var mailboxes = (await kernel.AskAsync(new Mailboxes(), cancelled)).Value as MailboxesReply;
        var mailbox = mailboxes?.List.FirstOrDefault(
            each => each.Name == name || each.Names?.Contains(name) == true);
        if (mailbox is null && hasElsewhere)
        {
            return await elsewhere.RunAsync(call, cancelled);
        }

        if (call.Input["DelaySeconds"] is { IsDefined: true } delay && !(delay.TryGetInt64(out var wait) && wait == 0))
        {
            return Refused(
                call,
                "InvalidParameterValue",
                "Value for parameter DelaySeconds is invalid. Reason: mailboxes have no delay.");
        }

        // A process that has not asked for messages yet has no mailbox; what is sent to its name makes one.
        return await SendAsync(call, name, mailbox?.Durable == true, body, cancelled);
    }

    private async Task<TaskOutcome> SendAsync(
        TaskCall call, string mailbox, bool isDurable, JsonValue body, CancellationToken cancelled)
    {
        var attributes = call.Input["MessageAttributes"].TryGetObject(out var members) && members.Count > 0
            ? members : null;
        string? sum;
        try
        {
            sum = attributes is null ? null : ServiceAnswers.Md5OfAttributes(attributes);
        }
        catch (FormatException)
        {
            // Before anything is sent: a retry would send it again.
            return Refused(
                call, "InvalidParameterValue", "The BinaryValue of a message attribute is not encoded in Base64.");
        }

        JsonValue message = attributes is null
            ? ServiceAnswers.BodyOf(body)
            : JsonObject.Of(("MessageBody", ServiceAnswers.BodyOf(body)), ("MessageAttributes", attributes));
        var sent = await kernel.AskAsync(
            new Send
            {
                To = mailbox,
                Body = new MailBody(message.ToUtf8()),
                Correlation = call.Input.MaybeText("MessageGroupId"),
                // A durable mailbox takes the same attempt's message once, whatever becomes of the kernel.
                Key = isDurable ? call.Input.MaybeText("MessageDeduplicationId") ?? ServiceAnswers.IdOf(call)
                    : null,
            },
            cancelled);
        if (sent.Error is { } wrong)
        {
            return wrong.Code is SysErrorCode.NoSuchMailbox
                ? Refused(call, "AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.")
                : wrong.Code is SysErrorCode.TryAgain
                    ? Refused(call, "OverLimit", wrong.Message)
                    : ServiceAnswers.Refused(wrong);
        }

        JsonObjectBuilder made = new(6);
        if (sum is not null)
        {
            made.Set("MD5OfMessageAttributes", sum);
        }

        made.Set("MD5OfMessageBody", ServiceAnswers.Md5(Encoding.UTF8.GetBytes(ServiceAnswers.TextOf(body))));
        made.Set("MessageId", ServiceAnswers.IdOf(call));
        return ServiceAnswers.Done(call, made);
    }

    private static TaskOutcome Refused(TaskCall call, string code, string message) =>
        ServiceAnswers.Refused(call, Names, code, 400, message);
}

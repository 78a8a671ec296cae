using System.Text;
using System.Xml;
using System.Xml.Linq;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Tasks;

/// <summary>
/// <c>sns:publish</c> at the AWS endpoint, by the protocol AWS Query
/// (https://docs.aws.amazon.com/sns/latest/api/API_Publish.html).
/// </summary>
internal sealed class SnsHandler(AwsClient aws) : ITaskHandler
{
    private const string Version = "2010-03-31";

    private static readonly string[] Texts =
    [
        "TopicArn", "TargetArn", "PhoneNumber", "Subject", "MessageStructure", "MessageDeduplicationId",
        "MessageGroupId",
    ];

    public bool Takes(TaskResource resource) =>
        resource.Service is "sns" or "aws-sdk:sns" && resource.Action == "publish";

    public async Task<TaskOutcome> RunAsync(TaskCall call, CancellationToken cancelled)
    {
        var isSdk = call.Resource.Kind is ResourceKind.Sdk;
        var prefix = isSdk ? "Sns" : "SNS";
        var answer = await aws.QueryAsync("sns", Form(call.Input), cancelled);
        if (answer.Failure is { } failure)
        {
            return TaskOutcome.Failed($"{prefix}.SdkClientException", failure);
        }

        var xml = Read(answer.Body);
        if (!answer.IsGood)
        {
            var (code, message) = (Text(xml, "Code") ?? "UnknownError", Text(xml, "Message") ?? "");
            return TaskOutcome.Failed(
                $"{prefix}.{AwsErrors.ExceptionName(code)}",
                isSdk
                    ? $"{message} (Service: Sns, Status Code: {answer.Status}, Request ID: {RequestOf(xml, answer)}) "
                        + "(SDK Attempt Count: 1)"
                    : $"{message} (Service: AmazonSNS; Status Code: {answer.Status}; Error Code: {code}; "
                        + $"Request ID: {RequestOf(xml, answer)}; Proxy: null)");
        }

        JsonObjectBuilder made = new(4);
        made.Set("MessageId", Json.Maybe(Text(xml, "MessageId")));
        if (Text(xml, "SequenceNumber") is { Length: > 0 } sequence)
        {
            made.Set("SequenceNumber", sequence);
        }

        if (!isSdk)
        {
            var (http, _) = answer.Metadata();
            made.Set("SdkHttpMetadata", http);
            made.Set("SdkResponseMetadata", JsonObject.Of(("RequestId", RequestOf(xml, answer))));
        }

        return TaskOutcome.Done(made.Build());
    }

    private static List<KeyValuePair<string, string>> Form(JsonValue input)
    {
        List<KeyValuePair<string, string>> form = [new("Action", "Publish"), new("Version", Version)];
        foreach (var name in Texts)
        {
            if (input[name] is { IsDefined: true, IsNull: false } value)
            {
                form.Add(new(name, Text(value)));
            }
        }

        if (input["Message"] is { IsDefined: true } message)
        {
            form.Add(new("Message", Text(message)));
        }

        if (input["MessageAttributes"].TryGetObject(out var attributes))
        {
            var number = 0;
            foreach (var (name, value) in attributes)
            {
                var entry = $"MessageAttributes.entry.{++number}";
                form.Add(new($"{entry}.Name", name));
                foreach (var part in (string[])["DataType", "StringValue", "BinaryValue"])
                {
                    if (value[part].IsDefined)
                    {
                        form.Add(new($"{entry}.Value.{part}", Text(value[part])));
                    }
                }
            }
        }

        return form;
    }

    private static XElement? Read(byte[] body)
    {
        try
        {
            return XElement.Parse(Encoding.UTF8.GetString(body));
        }
        catch (XmlException)
        {
            return null;
        }
    }

    private static string? Text(XElement? xml, string name) =>
        xml?.Descendants().FirstOrDefault(each => each.Name.LocalName == name)?.Value;

    private static string RequestOf(XElement? xml, AwsAnswer answer) => Text(xml, "RequestId") ?? answer.RequestId;

    private static string Text(JsonValue value) => value.TryGetString(out var text) ? text : value.Payload();
}

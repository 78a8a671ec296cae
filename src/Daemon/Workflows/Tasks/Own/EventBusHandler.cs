using System.Text;
using System.Text.Json;
using Analemma.Abi.Syscalls;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Tasks.Own;

/// <summary>
/// <c>events:putEvents</c> to the kernel's own events: those of the bus <c>analemma</c>, and of every bus while there
/// is no AWS endpoint. An entry is told as an event of the host, of its detail type, with the envelope that EventBridge
/// gives it.
/// </summary>
internal sealed class EventBusHandler(
    KernelCalls kernel, ITaskHandler elsewhere, bool hasElsewhere, TimeProvider time) : ITaskHandler
{
    private const string OwnBus = "analemma";
    private const int EntriesMax = 10;
    private const int TypeCharsMax = 64;

    private static readonly ServiceNames Names = new("EventBridge", "AmazonEventBridge", "EventBridge");

    public bool Takes(TaskResource resource) =>
        resource.Service is "events" or "aws-sdk:eventbridge" && resource.Action == "putEvents";

    public async Task<TaskOutcome> RunAsync(TaskCall call, CancellationToken cancelled)
    {
        var entries = call.Input["Entries"].TryGetArray(out var given) ? given : JsonArray.Empty;
        if (hasElsewhere && !entries.Items.ToArray().Any(IsOwn))
        {
            return await elsewhere.RunAsync(call, cancelled);
        }

        if (entries.Count is 0 or > EntriesMax)
        {
            var bound = entries.Count == 0 ? "greater than or equal to 1" : $"less than or equal to {EntriesMax}";
            return ServiceAnswers.Refused(
                call,
                Names,
                "ValidationException",
                400,
                "1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have "
                + $"length {bound}");
        }

        var failures = 0;
        JsonArrayBuilder told = new(entries.Count);
        for (var index = 0; index < entries.Count; index++)
        {
            var id = ServiceAnswers.IdOf(call, $"/{index}");
            var problem = await EmitAsync(call, entries[index], id, cancelled);
            failures += problem is null ? 0 : 1;
            told.Add(problem is { } wrong
                ? JsonObject.Of(("ErrorCode", wrong.Code), ("ErrorMessage", wrong.Message))
                : JsonObject.Of(("EventId", id)));
        }

        JsonObjectBuilder made = new(4);
        made.Set("Entries", told.Build()).Set("FailedEntryCount", failures);
        var outcome = ServiceAnswers.Done(call, made);
        // What the integration makes of it; a call of an SDK has it as its answer.
        return failures > 0 && call.Resource.Kind is not ResourceKind.Sdk
            ? TaskOutcome.Failed("EventBridge.FailedEntry", outcome.Output.Payload())
            : outcome;
    }

    private async Task<(string Code, string Message)?> EmitAsync(
        TaskCall call, JsonValue entry, string id, CancellationToken cancelled)
    {
        foreach (var name in (string[])["Source", "DetailType", "Detail"])
        {
            if (entry[name].IsUndefined || entry[name].IsNull)
            {
                return ("InvalidArgument", $"Parameter {name} is not valid. Reason: {name} is a required argument.");
            }
        }

        var detail = ServiceAnswers.BodyOf(entry["Detail"]);
        if (!detail.IsObject)
        {
            return ("MalformedDetail", "Detail is malformed.");
        }

        using var data = JsonDocument.Parse(Envelope(call, entry, detail, id).ToUtf8());
        Emit emit = new()
        {
            Type = TypeOf(entry["DetailType"]),
            Data = data.RootElement.Clone(),
            To = "everyone",
        };
        var end = await kernel.AskAsync(emit, cancelled);
        return end.Error is { } wrong ? ("InvalidArgument", wrong.Message) : null;
    }

    // https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html; the integration adds who asked.
    private JsonValue Envelope(TaskCall call, JsonValue entry, JsonValue detail, string id)
    {
        JsonArrayBuilder resources = new();
        if (entry["Resources"].TryGetArray(out var given))
        {
            foreach (var resource in given)
            {
                resources.Add(resource);
            }
        }

        if (call.Resource.Kind is not ResourceKind.Sdk)
        {
            resources.Add(call.Identity.StateMachineArn);
            resources.Add(call.Identity.Id);
        }

        return JsonObject.Of(
            ("version", "0"),
            ("id", id),
            ("detail-type", entry["DetailType"]),
            ("source", entry["Source"]),
            ("account", call.Identity.Account),
            ("time", entry["Time"].IsString ? entry["Time"] : time.GetUtcNow().ToString(
                "yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture)),
            ("region", call.Identity.Region),
            ("resources", resources.Build()),
            ("detail", detail));
    }

    private static bool IsOwn(JsonValue entry) =>
        entry.MaybeText("EventBusName")?.Split('/', ':')[^1] == OwnBus;

    /// <summary>As events of the kernel are called: "Order Placed" is order-placed.</summary>
    private static string TypeOf(JsonValue detailType)
    {
        StringBuilder made = new();
        foreach (var each in ServiceAnswers.TextOf(detailType).ToLowerInvariant())
        {
            var isWord = char.IsAsciiLetterLower(each) || char.IsAsciiDigit(each);
            if (isWord || (made.Length > 0 && each is '.' or '_' or '-'))
            {
                made.Append(each);
            }
            else if (made.Length > 0 && made[^1] != '-')
            {
                made.Append('-');
            }
        }

        var type = made.ToString(0, Math.Min(made.Length, TypeCharsMax)).TrimEnd('.', '_', '-');
        return type.Length > 0 ? type : "event";
    }
}

using Analemma.Daemon.Workflows.Catalog;
using Analemma.Daemon.Workflows.Concurrency;
using Analemma.Workflow.Admission;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Api;

/// <summary>
/// How much runs at once, and what waits. Operations of the owner alone: the service has none for them.
/// </summary>
internal sealed class ConcurrencyOperations(
    StateMachines machines, ExecutionAdmission executions, ResourceSlots resources, TimeProvider time)
{
    public async Task<JsonValue> SetAsync(ApiRequest request)
    {
        LaneLimits limits = new(
            Number(request, "max", 1, LaneLimits.None.Max),
            Number(request, "reserved", 0, LaneLimits.None.Reserved),
            Number(request, "queueMax", 0, LaneLimits.None.QueueMax));
        if (limits.Reserved > limits.Max)
        {
            throw ApiRefusedException.Invalid(
                $"reserved is {limits.Reserved}, more than max, which is {limits.Max}");
        }

        if (request.Has("stateMachineArn") == request.Has("resource"))
        {
            throw ApiRefusedException.Invalid("give stateMachineArn or resource, one of them");
        }

        if (request.MaybeText("resource", 128) is { } resource)
        {
            if (!Arns.CanBeKept(resource))
            {
                throw ApiRefusedException.Invalid("resource has characters that no name of a resource has");
            }

            if (!await resources.SetAsync(resource, limits))
            {
                throw ApiRefusedException.Invalid(
                    $"reserved is {limits.Reserved}: with what is reserved already, that is more than may run at all");
            }

            return Lane(resources.Lanes().FirstOrDefault(lane => lane.Name == resource), resource);
        }

        var asked = request.Text("stateMachineArn", Arns.LengthMax);
        var (arn, _) = Arns.Machine(asked);
        if (machines.Find(arn) is null)
        {
            throw ApiRefusedException.NoMachine(asked);
        }

        if (!await executions.SetAsync(arn, limits))
        {
            throw ApiRefusedException.Invalid(
                $"reserved is {limits.Reserved}: with what is reserved already, that is more than the "
                + $"{executions.Figures.Limits.Max} that may run at all (workflows.executions_max)");
        }

        return Lane(executions.Lanes().FirstOrDefault(lane => lane.Name == arn), arn);
    }

    public Task<JsonValue> ListAsync()
    {
        JsonArrayBuilder ofMachines = new();
        foreach (var lane in executions.Lanes())
        {
            ofMachines.Add(Lane(lane, lane.Name));
        }

        JsonArrayBuilder ofResources = new();
        foreach (var lane in resources.Lanes())
        {
            ofResources.Add(Lane(lane, lane.Name));
        }

        return Task.FromResult<JsonValue>(JsonObject.Of(
            ("executions", All(executions.Figures)),
            ("tasks", All(resources.Figures)),
            ("stateMachines", ofMachines.Build()),
            ("resources", ofResources.Build())));
    }

    private static JsonValue All(ConcurrencyFigures figures) => JsonObject.Of(
        ("max", Limit(figures.Limits.Max)),
        ("queueMax", Limit(figures.Limits.QueueMax)),
        ("running", figures.Running),
        ("queued", figures.Queued),
        ("refused", figures.Refused),
        ("oldestSeconds", figures.OldestSeconds));

    private JsonValue Lane(LaneView? lane, string name)
    {
        lane ??= new LaneView(name, LaneLimits.None, 0, 0, null);
        return JsonObject.Of(
            ("name", name),
            ("max", Limit(lane.Limits.Max)),
            ("reserved", lane.Limits.Reserved),
            ("queueMax", Limit(lane.Limits.QueueMax)),
            ("running", lane.Running),
            ("queued", lane.Queued),
            ("oldestSeconds", lane.Oldest is { } oldest
                ? Math.Max(0, (time.GetUtcNow() - oldest).TotalSeconds) : 0));
    }

    private static JsonValue Limit(int limit) => limit == int.MaxValue ? JsonValue.Undefined : limit;

    private static int Number(ApiRequest request, string name, int least, int otherwise)
    {
        if (!request.Has(name))
        {
            return otherwise;
        }

        return request[name].TryGetInt32(out var value) && value >= least
            ? value
            : throw ApiRefusedException.Invalid($"{name} must be a whole number, {least} or more");
    }
}

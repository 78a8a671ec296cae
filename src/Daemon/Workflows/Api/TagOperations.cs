using Analemma.Daemon.Workflows.Catalog;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Api;

/// <summary>Tags of state machines and activities.</summary>
internal sealed class TagOperations(StateMachines machines)
{
    private const int TagsMax = 50;

    /// <summary>Reads tags of a request.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Read(JsonValue json)
    {
        if (!json.TryGetArray(out var items))
        {
            return [];
        }

        List<KeyValuePair<string, string>> tags = [];
        foreach (var item in items)
        {
            if (item.MaybeText("key") is not { Length: > 0 and <= 128 } key)
            {
                throw ApiRefusedException.Constraint("null", "tags.1.member.key", "Member must not be null");
            }

            tags.RemoveAll(tag => tag.Key == key);
            tags.Add(new(key, item.MaybeText("value") ?? ""));
        }

        return tags.Count <= TagsMax ? tags : throw TooMany(null);
    }

    public Task<JsonValue> TagAsync(ApiRequest request)
    {
        var more = Read(request["tags"]);
        var arn = request.Arn("resourceArn");
        return ChangeAsync(arn, tags =>
        {
            var merged = TagList.Merge(tags, more);
            return merged.Count <= TagsMax ? merged : throw TooMany(arn);
        });
    }

    public Task<JsonValue> UntagAsync(ApiRequest request)
    {
        HashSet<string> gone = new(StringComparer.Ordinal);
        if (request["tagKeys"].TryGetArray(out var keys))
        {
            foreach (var key in keys)
            {
                gone.Add(key.TryGetString(out var text)
                    ? text
                    : throw new ApiRefusedException("SerializationException", "tagKeys must be texts"));
            }
        }

        return ChangeAsync(request.Arn("resourceArn"), tags => [.. tags.Where(tag => !gone.Contains(tag.Key))]);
    }

    public Task<JsonValue> ListAsync(ApiRequest request)
    {
        var arn = request.Arn("resourceArn");
        var tags = machines.Find(arn)?.Tags ?? machines.FindActivity(arn)?.Tags
            ?? throw ApiRefusedException.NoResource(arn);
        return Task.FromResult<JsonValue>(JsonObject.Of(("tags", TagList.Write(tags))));
    }

    private Task<JsonValue> ChangeAsync(
        string arn,
        Func<IReadOnlyList<KeyValuePair<string, string>>, IReadOnlyList<KeyValuePair<string, string>>> change) =>
        machines.ChangeAsync(async () =>
        {
            if (machines.Find(arn) is { } machine)
            {
                await machines.PutAsync(machine with { Tags = change(machine.Tags) });
            }
            else if (machines.FindActivity(arn) is { } activity)
            {
                await machines.PutAsync(activity with { Tags = change(activity.Tags) });
            }
            else
            {
                throw ApiRefusedException.NoResource(arn);
            }

            return (JsonValue)JsonObject.Empty;
        });

    private static ApiRefusedException TooMany(string? arn) =>
        new("TooManyTags", $"Too many tags: a resource has at most {TagsMax}") { Resource = arn };
}

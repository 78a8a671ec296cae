using Analemma.Workflow.Definitions;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Catalog;

/// <summary>
/// What a state machine was at one time: its definition and role. Executions keep the one they began with.
/// </summary>
internal sealed record MachineRevision(string Id, string Definition, string RoleArn, bool IsExpress)
{
    private readonly Lazy<StateMachineDefinition> _compiled = new(() => Compile(Definition, IsExpress));

    public JsonValue Logging { get; init; }

    public JsonValue Tracing { get; init; }

    public JsonValue Encryption { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public StateMachineDefinition Compiled => _compiled.Value;

    public byte[] Write() => JsonValue.From(JsonObject.Of(
        ("definition", Definition),
        ("role", RoleArn),
        ("express", IsExpress),
        ("logging", Logging),
        ("tracing", Tracing),
        ("encryption", Encryption),
        ("created", CreatedAt.UtcTicks))).ToUtf8();

    public static MachineRevision Read(string id, byte[] bytes)
    {
        var json = JsonValue.Parse(bytes, JsonLimits.Widest);
        return new MachineRevision(id, json["definition"].AsString(), json["role"].AsString(), json["express"].IsTrue)
        {
            Logging = json["logging"],
            Tracing = json["tracing"],
            Encryption = json["encryption"],
            CreatedAt = Ticks(json["created"]),
        };
    }

    internal static DateTimeOffset Ticks(JsonValue json) =>
        new(json.TryGetInt64(out var ticks) ? ticks : 0, TimeSpan.Zero);

    private static StateMachineDefinition Compile(string definition, bool isExpress)
    {
        // It was taken once: what later versions would refuse goes on running.
        var reading = DefinitionReader.Read(definition, isExpress);
        return reading.Readable
            ?? throw new InvalidOperationException($"a definition that was taken is none: {reading.Problem}");
    }
}

/// <summary>A state machine: what it is now, and its versions.</summary>
internal sealed record Machine(string Arn, string Name, bool IsExpress, DateTimeOffset CreatedAt)
{
    /// <summary>What it is now.</summary>
    public required MachineRevision Revision { get; init; }

    /// <summary>Whether it was never changed: it then has no revision id to the world.</summary>
    public bool IsInitial { get; init; } = true;

    public DateTimeOffset UpdatedAt { get; init; }

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<MachineVersion> Versions { get; init; } = [];

    /// <summary>The number of the next version; none is given twice.</summary>
    public int NextVersion { get; init; } = 1;

    public IReadOnlyList<KeyValuePair<string, string>> Tags { get; init; } = [];

    public byte[] Write()
    {
        JsonArrayBuilder versions = new(Versions.Count);
        foreach (var version in Versions)
        {
            versions.Add(JsonObject.Of(
                ("number", version.Number),
                ("revision", version.Revision.Id),
                ("created", version.CreatedAt.UtcTicks),
                ("description", Json.Maybe(version.Description))));
        }

        return JsonValue.From(JsonObject.Of(
            ("name", Name),
            ("express", IsExpress),
            ("created", CreatedAt.UtcTicks),
            ("revision", Revision.Id),
            ("initial", IsInitial),
            ("updated", UpdatedAt.UtcTicks),
            ("versions", versions.Build()),
            ("next_version", NextVersion),
            ("tags", TagList.Write(Tags)))).ToUtf8();
    }

    public static Machine Read(string arn, byte[] bytes, Func<string, MachineRevision> revision)
    {
        var json = JsonValue.Parse(bytes, JsonLimits.Widest);
        List<MachineVersion> versions = [];
        foreach (var each in json["versions"].AsArray())
        {
            each["number"].TryGetInt32(out var number);
            versions.Add(new MachineVersion(
                number,
                revision(each["revision"].AsString()),
                MachineRevision.Ticks(each["created"]),
                each.MaybeText("description")));
        }

        var created = MachineRevision.Ticks(json["created"]);
        return new Machine(arn, json["name"].AsString(), json["express"].IsTrue, created)
        {
            Revision = revision(json["revision"].AsString()),
            IsInitial = json["initial"].IsTrue,
            UpdatedAt = MachineRevision.Ticks(json["updated"]),
            Versions = versions,
            NextVersion = json["next_version"].TryGetInt32(out var next) ? next : 1,
            Tags = TagList.Read(json["tags"]),
        };
    }
}

/// <summary>A revision that was given a number.</summary>
internal sealed record MachineVersion(
    int Number, MachineRevision Revision, DateTimeOffset CreatedAt, string? Description);

/// <summary>A name that leads to one version, or to two by weight.</summary>
internal sealed record MachineAlias(string Arn, string Name, string MachineArn, DateTimeOffset CreatedAt)
{
    public string? Description { get; init; }

    public required IReadOnlyList<AliasRoute> Routes { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }

    public byte[] Write()
    {
        JsonArrayBuilder routes = new(Routes.Count);
        foreach (var route in Routes)
        {
            routes.Add(JsonObject.Of(("version", route.Version), ("weight", route.Weight)));
        }

        return JsonValue.From(JsonObject.Of(
            ("name", Name),
            ("machine", MachineArn),
            ("description", Json.Maybe(Description)),
            ("routes", routes.Build()),
            ("created", CreatedAt.UtcTicks),
            ("updated", UpdatedAt.UtcTicks))).ToUtf8();
    }

    public static MachineAlias Read(string arn, byte[] bytes)
    {
        var json = JsonValue.Parse(bytes, JsonLimits.Widest);
        List<AliasRoute> routes = [];
        foreach (var each in json["routes"].AsArray())
        {
            each["version"].TryGetInt32(out var version);
            each["weight"].TryGetInt32(out var weight);
            routes.Add(new AliasRoute(version, weight));
        }

        return new MachineAlias(
            arn, json["name"].AsString(), json["machine"].AsString(), MachineRevision.Ticks(json["created"]))
        {
            Description = json.MaybeText("description"),
            Routes = routes,
            UpdatedAt = MachineRevision.Ticks(json["updated"]),
        };
    }
}

/// <summary>One way of an alias.</summary>
/// <param name="Version">Which version.</param>
/// <param name="Weight">Percent of the executions that go there.</param>
internal readonly record struct AliasRoute(int Version, int Weight);

/// <summary>Something that workers poll for.</summary>
internal sealed record Activity(string Arn, string Name, DateTimeOffset CreatedAt)
{
    public IReadOnlyList<KeyValuePair<string, string>> Tags { get; init; } = [];

    /// <summary>As it was sent; undefined for none.</summary>
    public JsonValue Encryption { get; init; }

    public byte[] Write() => JsonValue.From(JsonObject.Of(
        ("name", Name),
        ("created", CreatedAt.UtcTicks),
        ("tags", TagList.Write(Tags)),
        ("encryption", Encryption))).ToUtf8();

    public static Activity Read(string arn, byte[] bytes)
    {
        var json = JsonValue.Parse(bytes, JsonLimits.Widest);
        return new Activity(arn, json["name"].AsString(), MachineRevision.Ticks(json["created"]))
        {
            Tags = TagList.Read(json["tags"]),
            Encryption = json["encryption"],
        };
    }
}

/// <summary>Tags as they are kept, and as the service's protocol has them.</summary>
internal static class TagList
{
    public static JsonArray Write(IReadOnlyList<KeyValuePair<string, string>> tags)
    {
        JsonArrayBuilder made = new(tags.Count);
        foreach (var (key, value) in tags)
        {
            made.Add(JsonObject.Of(("key", key), ("value", value)));
        }

        return made.Build();
    }

    public static IReadOnlyList<KeyValuePair<string, string>> Read(JsonValue json)
    {
        List<KeyValuePair<string, string>> tags = [];
        if (json.TryGetArray(out var items))
        {
            foreach (var item in items)
            {
                tags.Add(new(item["key"].AsString(), item.MaybeText("value") ?? ""));
            }
        }

        return tags;
    }

    /// <summary>Those of the first, with the second's over them.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Merge(
        IReadOnlyList<KeyValuePair<string, string>> tags, IReadOnlyList<KeyValuePair<string, string>> more) =>
        [.. tags.Where(tag => more.All(other => other.Key != tag.Key)), .. more];
}

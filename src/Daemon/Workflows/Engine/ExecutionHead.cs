using System.Globalization;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Json;
using Analemma.Workflow.Payloads;

namespace Analemma.Daemon.Workflows.Engine;

/// <summary>What an execution is from its start to its end: the row's head in the store.</summary>
internal sealed record ExecutionHead
{
    public required string Arn { get; init; }

    public required string Name { get; init; }

    /// <summary>Of the machine, without version and alias.</summary>
    public required string MachineArn { get; init; }

    public required string MachineName { get; init; }

    /// <summary>The definition and role that it began with, and keeps.</summary>
    public required string Revision { get; init; }

    public required string RoleArn { get; init; }

    /// <summary>Secret: its tokens come from it.</summary>
    public required string Seed { get; init; }

    public bool IsExpress { get; init; }

    /// <summary>The version that it was started by; null for none.</summary>
    public string? VersionArn { get; init; }

    /// <summary>The alias that it was started by; null for none.</summary>
    public string? AliasArn { get; init; }

    public string? TraceHeader { get; init; }

    /// <summary>Of a machine inside the definition, for items of a distributed Map; empty for the whole.</summary>
    public string Inner { get; init; } = "";

    /// <summary>The run of a distributed Map that it is a part of.</summary>
    public string? MapRunArn { get; init; }

    /// <summary>Who is told when it has ended; 0 for nobody.</summary>
    public long ParentKey { get; init; }

    public long ParentTask { get; init; }

    public int ParentIndex { get; init; }

    /// <summary>Which redrive of its Map run started it; 0 for the first run.</summary>
    public int MapRedrive { get; init; }

    /// <summary>Items of a distributed Map that are in it.</summary>
    public int ItemCount { get; init; } = 1;

    /// <summary>Whether the execution that started it waits for it: it then has a place already.</summary>
    public bool IsNested { get; init; }

    /// <summary>
    /// The idempotency key of the task that started it; null for none. A task that asks again knows it by that.
    /// </summary>
    public string? StartedBy { get; init; }

    /// <summary>Bytes of a payload. It keeps the limit that it began with: a replay must fail where it did.</summary>
    public int PayloadBytesMax { get; init; } = ExecutionLimits.PayloadBytesMax;

    /// <summary>How long it may take; null for ever. It keeps that too.</summary>
    public long? SecondsMax { get; init; }

    /// <summary>Whether its history goes on in segments when it is as long as the service lets one be.</summary>
    public bool Rolls { get; init; }

    /// <summary>Not printed: it has the seed.</summary>
    public override string ToString() => Arn;

    public ExecutionIdentity Identity(WorkflowOptions options) => new()
    {
        Id = Arn,
        Name = Name,
        RoleArn = RoleArn,
        StateMachineArn = MachineArn,
        StateMachineName = MachineName,
        VersionArn = VersionArn,
        AliasArn = AliasArn,
        IsExpress = IsExpress,
        Seed = Seed,
        Region = options.Region,
        Account = options.Account,
        PayloadBytesMax = PayloadBytesMax,
        SecondsMax = SecondsMax,
        EventsMax = Rolls ? long.MaxValue : ExecutionLimits.EventsMax,
    };

    /// <summary>What it runs, of the whole definition.</summary>
    public StateMachineDefinition DefinitionIn(StateMachineDefinition whole) => Inner.Length == 0
        ? whole
        : whole.AllStates().SelectMany(state => state.Inner).First(inner => inner.Location == Inner);

    public byte[] Write()
    {
        JsonObjectBuilder made = new(16);
        made.Set("arn", Arn).Set("name", Name).Set("machine", MachineArn).Set("machine_name", MachineName);
        made.Set("revision", Revision).Set("role", RoleArn).Set("seed", Seed).Set("express", IsExpress);
        made.Set("version", Json.Maybe(VersionArn)).Set("alias", Json.Maybe(AliasArn));
        made.Set("trace", Json.Maybe(TraceHeader)).Set("inner", Inner).Set("map_run", Json.Maybe(MapRunArn));
        if (IsNested)
        {
            made.Set("nested", true);
        }

        if (ItemCount != 1)
        {
            made.Set("items", ItemCount);
        }

        if (StartedBy is not null)
        {
            made.Set("started_by", StartedBy);
        }

        if (Rolls)
        {
            made.Set("rolls", true);
        }

        if (PayloadBytesMax != ExecutionLimits.PayloadBytesMax)
        {
            made.Set("payload_max", PayloadBytesMax);
        }

        if (SecondsMax is { } seconds)
        {
            made.Set("seconds_max", seconds);
        }

        if (ParentKey != 0)
        {
            made.Set("parent", ParentKey.ToString(CultureInfo.InvariantCulture));
            made.Set("task", ParentTask).Set("index", ParentIndex);
            made.Set("map_redrive", MapRedrive > 0 ? MapRedrive : JsonValue.Undefined);
        }

        return JsonValue.From(made.Build()).ToUtf8();
    }

    public static ExecutionHead Read(byte[] bytes)
    {
        var json = JsonValue.Parse(bytes, JsonLimits.Widest);
        return new ExecutionHead
        {
            Arn = json["arn"].AsString(),
            Name = json["name"].AsString(),
            MachineArn = json["machine"].AsString(),
            MachineName = json["machine_name"].AsString(),
            Revision = json["revision"].AsString(),
            RoleArn = json["role"].AsString(),
            Seed = json["seed"].AsString(),
            IsExpress = json["express"].IsTrue,
            VersionArn = json.MaybeText("version"),
            AliasArn = json.MaybeText("alias"),
            TraceHeader = json.MaybeText("trace"),
            Inner = json.MaybeText("inner") ?? "",
            MapRunArn = json.MaybeText("map_run"),
            ParentKey = json.MaybeText("parent") is { } key ? long.Parse(key, CultureInfo.InvariantCulture) : 0,
            ParentTask = json["task"].TryGetInt64(out var task) ? task : 0,
            ParentIndex = json["index"].TryGetInt32(out var index) ? index : 0,
            MapRedrive = json["map_redrive"].TryGetInt32(out var redrive) ? redrive : 0,
            ItemCount = json["items"].TryGetInt32(out var items) ? items : 1,
            IsNested = json["nested"].IsTrue,
            StartedBy = json.MaybeText("started_by"),
            Rolls = json["rolls"].IsTrue,
            SecondsMax = json["seconds_max"].TryGetInt64(out var seconds) ? seconds : null,
            PayloadBytesMax = json["payload_max"].TryGetInt32(out var most) ? most : ExecutionLimits.PayloadBytesMax,
        };
    }
}

/// <summary>How an execution ended: the row's tail in the store.</summary>
/// <param name="Status">How.</param>
/// <param name="Output">When it succeeded; undefined when it was read and is kept beside.</param>
/// <param name="Error">When it did not.</param>
/// <param name="Cause">When it did not.</param>
/// <param name="EndedAt">When.</param>
/// <param name="RedriveCount">How often it was started again.</param>
internal sealed record ExecutionEnd(
    ExecutionStatus Status, JsonValue Output, string? Error, string? Cause, DateTimeOffset EndedAt, int RedriveCount)
{
    /// <summary>The output, when it is too large for the row; null when it is not.</summary>
    public PayloadReference? Paged { get; init; }

    /// <summary>Which redrive of its Map run it was redriven by; 0 for none.</summary>
    public int MapRedrive { get; init; }

    /// <summary>In its history; 0 where that was not kept.</summary>
    public long Events { get; init; }

    public static ExecutionEnd Of(ExecutionState state) => new(
        state.Status, state.Output, state.Error, state.Cause, state.EndedAt ?? state.StartedAt, state.RedriveCount)
    {
        Paged = PayloadReference.OfLarge(state.Output),
        MapRedrive = state.MapRedrive,
        Events = state.LastEventId,
    };

    public byte[] Write() => JsonValue.From(JsonObject.Of(
        ("status", Status.ToString()),
        ("output", Paged is null ? Output : default),
        ("output_blob", Paged is null ? default : JsonArray.Of(Paged.Sha256, Paged.Bytes)),
        ("error", Json.Maybe(Error)),
        ("cause", Json.Maybe(Cause)),
        ("ended", EndedAt.UtcTicks),
        ("redrives", RedriveCount),
        ("events", Events),
        ("map_redrive", MapRedrive > 0 ? MapRedrive : JsonValue.Undefined))).ToUtf8(JsonWriteOptions.Service);

    public static ExecutionEnd Read(byte[] bytes)
    {
        var json = JsonValue.Parse(bytes, JsonLimits.Widest);
        return new ExecutionEnd(
            Enum.Parse<ExecutionStatus>(json["status"].AsString()),
            json["output"],
            json.MaybeText("error"),
            json.MaybeText("cause"),
            new DateTimeOffset(json["ended"].TryGetInt64(out var ticks) ? ticks : 0, TimeSpan.Zero),
            json["redrives"].TryGetInt32(out var redrives) ? redrives : 0)
        {
            MapRedrive = json["map_redrive"].TryGetInt32(out var map) ? map : 0,
            Events = json["events"].TryGetInt64(out var events) ? events : 0,
            Paged = json["output_blob"] is { IsArray: true } paged && paged[1].TryGetInt64(out var size)
                ? new PayloadReference(paged[0].AsString(), size) : null,
        };
    }
}

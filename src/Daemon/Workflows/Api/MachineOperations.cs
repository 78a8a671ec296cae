using Analemma.Daemon.Workflows.Catalog;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Api;

/// <summary>State machines: made, changed, looked at and removed.</summary>
internal sealed class MachineOperations(WorkflowOptions options, StateMachines machines, TimeProvider time)
{
    private static readonly JsonValue NoLogging =
        JsonObject.Of(("level", "OFF"), ("includeExecutionData", false));

    private const string ReusePeriod = "kmsDataKeyReusePeriodSeconds";

    /// <summary>How long data keys are used, when a request does not say.</summary>
    private const int ReuseSeconds = 300;

    private static readonly JsonValue NoTracing = JsonObject.Of(("enabled", false));

    public static readonly JsonValue OwnedKey = JsonObject.Of(("type", "AWS_OWNED_KEY"));

    public Task<JsonValue> CreateAsync(ApiRequest request)
    {
        var name = Arns.CheckName(request.Text("name"));
        var role = Arns.Check(request.Text("roleArn", Arns.LengthMax));
        var isExpress = request.Word("type", "STANDARD", "EXPRESS") == "EXPRESS";
        var publish = request.Flag("publish");
        var description = request.MaybeText("versionDescription", 256);
        if (description is not null && !publish)
        {
            throw ApiRefusedException.Invalid("Version description can only be set when publish is true");
        }

        var revision = CheckedRevision(request.Text("definition"), role, isExpress) with
        {
            Logging = LoggingOf(request),
            Tracing = request["tracingConfiguration"],
            Encryption = EncryptionOf(request),
        };
        var tags = TagOperations.Read(request["tags"]);
        var arn = options.Arn("stateMachine", name);
        return machines.ChangeAsync(async () =>
        {
            if (machines.Find(arn) is { } there)
            {
                var first = there.Versions.FirstOrDefault(version => version.CreatedAt == there.CreatedAt);
                if (!IsSame(there.Revision, revision) || publish != first is not null
                    || description != first?.Description)
                {
                    throw new ApiRefusedException(
                        "StateMachineAlreadyExists", $"State Machine Already Exists: '{arn}'");
                }

                return Created(there, first?.Number);
            }

            Machine machine = new(arn, name, isExpress, revision.CreatedAt)
            {
                Revision = revision,
                UpdatedAt = revision.CreatedAt,
                Tags = tags,
            };
            if (publish)
            {
                machine = VersionOperations.Published(machine, description, revision.CreatedAt);
            }

            await machines.PutAsync(machine);
            return Created(machine, publish ? 1 : null);
        });
    }

    public Task<JsonValue> UpdateAsync(ApiRequest request)
    {
        var (arn, qualifier) = Arns.Machine(request.Text("stateMachineArn"));
        var publish = request.Flag("publish");
        var description = request.MaybeText("versionDescription", 256);
        if (description is not null && !publish)
        {
            throw ApiRefusedException.Invalid("Version description can only be set when publish is true");
        }

        return machines.ChangeAsync(async () =>
        {
            var machine = qualifier is null ? machines.Find(arn) : null;
            if (machine is null)
            {
                throw ApiRefusedException.NoMachine(request.Text("stateMachineArn"));
            }

            var changes = request.Has("definition") || request.Has("roleArn") || request.Has("loggingConfiguration")
                || request.Has("tracingConfiguration") || request.Has("encryptionConfiguration");
            if (!changes && !publish)
            {
                throw new ApiRefusedException(
                    "MissingRequiredParameter",
                    "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must "
                    + "be specified");
            }

            var now = time.GetUtcNow();
            if (changes && Changed(machine, request) is var revision
                && (request.Has("roleArn") || !IsSame(machine.Revision, revision)))
            {
                machine = machine with { Revision = revision, IsInitial = false, UpdatedAt = now };
            }

            JsonObjectBuilder made = new(3);
            if (publish)
            {
                machine = VersionOperations.Published(machine, description, now);
                var number = VersionOperations.NumberOf(machine, machine.Revision.Id)!.Value;
                made.Set("stateMachineVersionArn", Arns.Version(arn, number));
            }

            await machines.PutAsync(machine);
            made.Set("updateDate", Json.Time(now));
            if (!machine.IsInitial)
            {
                made.Set("revisionId", machine.Revision.Id);
            }

            return (JsonValue)made.Build();
        });
    }

    public Task<JsonValue> DescribeAsync(ApiRequest request)
    {
        var asked = Arns.Check(request.Text("stateMachineArn"));
        var (arn, qualifier) = Arns.Machine(asked);
        if (qualifier is not null && Arns.VersionOf(qualifier) is null)
        {
            // An alias is described by what it leads to.
            var alias = machines.FindAlias(asked) ?? throw ApiRefusedException.NoMachine(asked);
            qualifier = Arns.Version(arn, alias.Routes[0].Version)[(arn.Length + 1)..];
        }

        var machine = machines.Find(arn) ?? throw ApiRefusedException.NoMachine(asked);
        var version = Arns.VersionOf(qualifier) is { } number
            ? machine.Versions.FirstOrDefault(each => each.Number == number)
                ?? throw ApiRefusedException.NoMachine(asked)
            : null;
        var revision = version?.Revision ?? machine.Revision;
        JsonObjectBuilder made = new(12);
        made.Set("stateMachineArn", asked);
        made.Set("name", machine.Name);
        made.Set("status", "ACTIVE");
        Describe(made, revision, request);
        made.Set("type", machine.IsExpress ? "EXPRESS" : "STANDARD");
        made.Set("creationDate", Json.Time(version?.CreatedAt ?? machine.CreatedAt));
        made.Set("description", Json.Maybe(version?.Description));
        var isInitial = machine.IsInitial || revision.Id != machine.Revision.Id && machine.Versions is [var first, ..]
            && first.Revision.Id == revision.Id && first.Revision.CreatedAt == machine.CreatedAt;
        if (!isInitial)
        {
            made.Set("revisionId", revision.Id);
        }

        return Task.FromResult<JsonValue>(made.Build());
    }

    public Task<JsonValue> DeleteAsync(ApiRequest request)
    {
        var (arn, qualifier) = Arns.Machine(request.Text("stateMachineArn"));
        if (qualifier is not null)
        {
            throw ApiRefusedException.Invalid(
                "A state machine is deleted by its own ARN, with all its versions and aliases, not by the ARN of one");
        }

        return machines.ChangeAsync(async () =>
        {
            if (machines.Find(arn) is not null)
            {
                await machines.RemoveAsync(arn);
            }

            return (JsonValue)JsonObject.Empty;
        });
    }

    public Task<JsonValue> ListAsync(ApiRequest request)
    {
        var (page, next) = PageToken.Take(
            request, machines.Machines, machine => PageToken.Key(machine.CreatedAt, machine.Arn));
        JsonArrayBuilder items = new(page.Count);
        foreach (var machine in page)
        {
            items.Add(JsonObject.Of(
                ("stateMachineArn", machine.Arn),
                ("name", machine.Name),
                ("type", machine.IsExpress ? "EXPRESS" : "STANDARD"),
                ("creationDate", Json.Time(machine.CreatedAt))));
        }

        return Task.FromResult<JsonValue>(
            JsonObject.Of(("stateMachines", items.Build()), ("nextToken", Json.Maybe(next))));
    }

    public static Task<JsonValue> ValidateAsync(ApiRequest request)
    {
        var isExpress = request.Word("type", "STANDARD", "EXPRESS") == "EXPRESS";
        var withWarnings = request.Word("severity", "ERROR", "WARNING") == "WARNING";
        var most = request.Page(most: 100);
        var reading = DefinitionReader.Read(request.Text("definition"), isExpress);
        var told = reading.Diagnostics.Where(found => withWarnings || found.IsError).ToList();
        JsonArrayBuilder items = new(told.Count);
        foreach (var found in told.Take(most))
        {
            items.Add(JsonObject.Of(
                ("severity", found.Severity),
                ("code", found.Code),
                ("message", found.Message),
                ("location", Json.Maybe(found.Location))));
        }

        return Task.FromResult<JsonValue>(JsonObject.Of(
            ("result", reading.Machine is null ? "FAIL" : "OK"),
            ("diagnostics", items.Build()),
            ("truncated", told.Count > most)));
    }

    /// <summary>What a revision is described by, of a machine and of an execution.</summary>
    public static void Describe(JsonObjectBuilder made, MachineRevision revision, ApiRequest request)
    {
        if (request.Word("includedData", "ALL_DATA", "METADATA_ONLY") != "METADATA_ONLY")
        {
            made.Set("definition", revision.Definition);
        }

        made.Set("roleArn", revision.RoleArn);
        var logging = revision.Logging.TryGetObject(out var given) ? new JsonObjectBuilder(given) : new(3);
        foreach (var (name, value) in NoLogging.AsObject())
        {
            if (logging[name].IsUndefined)
            {
                logging.Set(name, value);
            }
        }

        made.Set("loggingConfiguration", logging.Build());
        made.Set("tracingConfiguration", revision.Tracing.IsDefined ? revision.Tracing : NoTracing);
        made.Set("encryptionConfiguration", revision.Encryption.IsDefined ? revision.Encryption : OwnedKey);
        JsonObjectBuilder uses = new(4);
        foreach (var state in revision.Compiled.AllStates())
        {
            if (state.VariableReferences() is { Count: > 0 } names)
            {
                uses.Set(state.Name, JsonArray.Of([.. names.Select(JsonValue.From)]));
            }
        }

        if (uses.Count > 0)
        {
            made.Set("variableReferences", uses.Build());
        }
    }

    private MachineRevision CheckedRevision(string definition, string role, bool isExpress)
    {
        var reading = DefinitionReader.Read(definition, isExpress);
        if (reading.Machine is null)
        {
            throw new ApiRefusedException("InvalidDefinition", InvalidDefinition.Message(reading, definition));
        }

        return new MachineRevision(Guid.NewGuid().ToString(), definition, role, isExpress)
        {
            CreatedAt = time.GetUtcNow(),
        };
    }

    private MachineRevision Changed(Machine machine, ApiRequest request)
    {
        var role = request.MaybeText("roleArn") is { } given ? Arns.Check(given) : machine.Revision.RoleArn;
        var revision = CheckedRevision(
            request.MaybeText("definition") ?? machine.Revision.Definition, role, machine.IsExpress);
        return revision with
        {
            Logging = request.Has("loggingConfiguration") ? LoggingOf(request) : machine.Revision.Logging,
            Tracing = request.Has("tracingConfiguration")
                ? request["tracingConfiguration"] : machine.Revision.Tracing,
            Encryption = request.Has("encryptionConfiguration")
                ? EncryptionOf(request) : machine.Revision.Encryption,
        };
    }

    private static JsonValue LoggingOf(ApiRequest request)
    {
        var logging = request["loggingConfiguration"];
        var isOff = logging.MaybeText("level") is null or "OFF";
        var destinations = logging["destinations"].TryGetArray(out var given) ? given.Count : 0;
        return isOff || destinations == 1
            ? logging
            : throw new ApiRefusedException(
                "InvalidLoggingConfiguration",
                "Invalid Logging Configuration: Must specify exactly one Log Destination.");
    }

    /// <summary>Of a request: a key of the customer's must be named, and the service's own is not.</summary>
    public static JsonValue EncryptionOf(ApiRequest request)
    {
        if (!request["encryptionConfiguration"].TryGetObject(out var given))
        {
            return JsonValue.Undefined;
        }

        var isCustomers = given["type"].AsString() == "CUSTOMER_MANAGED_KMS_KEY";
        if (isCustomers == given["kmsKeyId"].IsString)
        {
            return isCustomers && !given.Has(ReusePeriod) ? given.With(ReusePeriod, ReuseSeconds) : given;
        }

        throw new ApiRefusedException(
            "InvalidEncryptionConfiguration",
            isCustomers
                ? "Invalid Encryption Configuration: kmsKeyId must be specified when type is CUSTOMER_MANAGED_KMS_KEY"
                : "Invalid Encryption Configuration: kmsKeyId must not be specified when type is AWS_OWNED_KEY");
    }

    private static bool IsSame(MachineRevision one, MachineRevision other) =>
        one.Definition == other.Definition && one.IsExpress == other.IsExpress
            && one.Logging == other.Logging && one.Tracing == other.Tracing && one.Encryption == other.Encryption;

    private static JsonValue Created(Machine machine, int? version) => JsonObject.Of(
        ("stateMachineArn", machine.Arn),
        ("creationDate", Json.Time(machine.CreatedAt)),
        ("stateMachineVersionArn", version is { } number ? Arns.Version(machine.Arn, number) : JsonValue.Undefined));
}

using Analemma.Workflow.Json;
using Analemma.Workflow.Times;

namespace Analemma.Workflow.Definitions;

/// <summary>Reads one state of any type.</summary>
internal static class StateReader
{
    private static readonly string[] Types =
        ["Task", "Wait", "Pass", "Succeed", "Fail", "Choice", "Parallel", "Map"];

    public static StateDefinition? Read(FieldReader reader, string name, ReadingContext context, int depth)
    {
        if (!reader.Require("Type") || reader.Text("Type") is not { } type)
        {
            return null;
        }

        if (!Types.Contains(type))
        {
            // Told otherwise than of any other field.
            reader.Wrong($"The field 'Type' should have one of these values: [{string.Join(", ", Types)}]", "Type");
            return null;
        }

        reader.OneOf("QueryLanguage", "JSONPath", "JSONata");
        var other = reader.IsJsonata ? QueryLanguage.JsonPath : QueryLanguage.Jsonata;
        reader.AllowOnly(StateFieldNames.Of(type, reader.Language), StateFieldNames.Of(type, other));
        if (context.Language is QueryLanguage.Jsonata && !reader.IsJsonata)
        {
            reader.Wrong("'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine");
        }

        CheckEnd(reader, type);
        var fields = ReadFields(reader, name, type);
        return type switch
        {
            "Pass" => ReadPass(reader, fields),
            "Task" => ReadTask(reader, fields, context),
            "Choice" => ChoiceReader.Read(reader, fields),
            "Wait" => ReadWait(reader, fields),
            "Succeed" => new SucceedDefinition(fields),
            "Fail" => ReadFail(reader, fields),
            "Parallel" => ReadParallel(reader, fields, context, depth),
            _ => MapReader.Read(reader, fields, context, depth),
        };
    }

    private static StateFields ReadFields(FieldReader reader, string name, string type)
    {
        var isJsonata = reader.IsJsonata;
        return new StateFields
        {
            Name = name,
            Location = reader.Location,
            Language = reader.Language,
            Comment = reader.Text("Comment"),
            Next = type is "Choice" ? null : reader.Text("Next"),
            InputPath = isJsonata ? PathField.Whole : reader.Path("InputPath"),
            OutputPath = isJsonata ? PathField.Whole : reader.Path("OutputPath"),
            // Of a Map, they are what its items are made by.
            Parameters = type is "Map" ? null : reader.Template(isJsonata ? "Arguments" : "Parameters"),
            ResultSelector = isJsonata ? null : reader.Template("ResultSelector"),
            ResultPath = isJsonata ? PathField.Whole : reader.ReferencePath("ResultPath"),
            Output = isJsonata ? reader.Template("Output") : null,
            Assign = reader.Assignments(),
            Retry = ErrorReader.ReadRetry(reader),
            Catch = ErrorReader.ReadCatch(reader),
        };
    }

    private static void CheckEnd(FieldReader reader, string type)
    {
        if (type is "Choice" or "Succeed" or "Fail")
        {
            return;
        }

        // End that is false counts as none.
        var ends = reader.Flag("End") is true;
        if (ends == reader.Has("Next"))
        {
            reader.Wrong(
                $"{(ends ? "There should only be one" : "This object should have only one")} of the following fields: "
                + "[Next, End]");
        }
    }

    private static PassDefinition ReadPass(FieldReader reader, StateFields fields)
    {
        if (reader["Result"].TryGetObject(out var result) && AnyPath(result))
        {
            reader.Diagnostics.Warn(
                DiagnosticCodes.PassResultIsStatic,
                "Attempt to use a path in the result of a pass state. The result is static.",
                reader.At("Result"));
        }

        return new PassDefinition(fields) { Result = reader["Result"] };
    }

    private static bool AnyPath(JsonObject result)
    {
        foreach (var name in result.Names)
        {
            if (name.EndsWith(".$", StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    private static TaskDefinition? ReadTask(FieldReader reader, StateFields fields, ReadingContext context)
    {
        if (!reader.Require("Resource") || reader.Text("Resource") is not { } arn)
        {
            return null;
        }

        var resource = ResourceReader.Read(reader, arn, context) ?? ResourceReader.None;
        if (reader.Object("Credentials") is { } credentials)
        {
            CheckCredentials(reader, credentials, resource);
        }

        if (!reader.IsJsonata)
        {
            reader.HasOneOf(isRequired: false, "TimeoutSeconds", "TimeoutSecondsPath");
            reader.HasOneOf(isRequired: false, "HeartbeatSeconds", "HeartbeatSecondsPath");
        }

        var task = new TaskDefinition(fields)
        {
            Resource = resource,
            TimeoutSeconds = reader.Value("TimeoutSeconds", Seconds),
            HeartbeatSeconds = reader.Value("HeartbeatSeconds", Seconds),
            Credentials = reader.Template("Credentials"),
        };
        CheckHeartbeat(reader, task);
        return task;
    }

    private static void CheckCredentials(FieldReader reader, JsonObject credentials, TaskResource resource)
    {
        if (resource.Kind is ResourceKind.Activity)
        {
            reader.Wrong("The field 'Credentials' is not supported for activities", "Credentials");
        }
        else if (!credentials.Has("RoleArn") && !credentials.Has("RoleArn.$"))
        {
            reader.Wrong("The field 'RoleArn' is required but was missing", "Credentials");
        }
    }

    private static void CheckHeartbeat(FieldReader reader, TaskDefinition task)
    {
        if (task.HeartbeatSeconds?.Literal.TryGetInt64(out var heartbeat) is true
            && task.TimeoutSeconds?.Literal.TryGetInt64(out var timeout) is true
            && heartbeat >= timeout)
        {
            reader.Wrong("HeartbeatSeconds must be smaller than TimeoutSeconds", "HeartbeatSeconds");
        }
    }

    private static WaitDefinition ReadWait(FieldReader reader, StateFields fields)
    {
        ReadOnlySpan<string> names = reader.IsJsonata
            ? ["Seconds", "Timestamp"]
            : ["SecondsPath", "Seconds", "TimestampPath", "Timestamp"];
        reader.HasOneOf(isRequired: true, names);
        return new WaitDefinition(fields)
        {
            Seconds = reader.Value("Seconds", SecondsFromZero),
            Timestamp = reader.Value("Timestamp", Timestamp),
        };
    }

    private static FailDefinition ReadFail(FieldReader reader, StateFields fields)
    {
        if (!reader.IsJsonata)
        {
            reader.HasOneOf(isRequired: false, "Error", "ErrorPath");
            reader.HasOneOf(isRequired: false, "Cause", "CausePath");
        }

        return new FailDefinition(fields)
        {
            Error = reader.Value("Error", Text, pathMayCall: true),
            Cause = reader.Value("Cause", Text, pathMayCall: true),
        };
    }

    private static ParallelDefinition? ReadParallel(
        FieldReader reader, StateFields fields, ReadingContext context, int depth)
    {
        if (!reader.Require("Branches") || reader.Filled("Branches") is not { } branches)
        {
            return null;
        }

        List<StateMachineDefinition> read = new(branches.Count);
        for (var i = 0; i < branches.Count; i++)
        {
            var at = FormattableString.Invariant($"Branches[{i}]");
            if (!branches[i].TryGetObject(out var branch))
            {
                reader.Wrong("Expected value of type Object", at);
                continue;
            }

            var below = reader.Below(branch, at, context.Language);
            if (DefinitionReader.ReadMachine(below, context, depth + 1) is { } machine)
            {
                read.Add(machine);
            }
        }

        return read.Count == branches.Count ? new ParallelDefinition(fields) { Branches = read } : null;
    }

    private static string? Seconds(JsonValue value) => Bounds.Whole(value, 1, DefinitionLimits.SecondsMax);

    private static string? SecondsFromZero(JsonValue value) => Bounds.Whole(value, 0, DefinitionLimits.SecondsMax);

    private static string? Timestamp(JsonValue value) =>
        value.TryGetString(out var text) && Rfc3339.TryParse(text, out _)
            ? null
            : "String does not match RFC3339 timestamp";

    private static string? Text(JsonValue value) => value.IsString ? null : "Expected value of type String";
}

/// <summary>Reads Resource.</summary>
internal static class ResourceReader
{
    /// <summary>Stands for one that could not be read.</summary>
    public static TaskResource None { get; } = new("", ResourceKind.Service, "", "", TaskPattern.RequestResponse);

    public static TaskResource? Read(FieldReader reader, string arn, ReadingContext context)
    {
        if (!arn.StartsWith("arn:", StringComparison.Ordinal))
        {
            reader.Wrong("Value is not a valid resource ARN", "Resource");
            return null;
        }

        if (TaskResource.TryParse(arn) is not { } resource || !KnownIntegrations.Has(resource))
        {
            reader.Wrong(
                $"The resource provided {arn} is not recognized. The value is not a valid resource ARN, or the "
                + "resource is not available in this region.",
                "Resource");
            return null;
        }

        if (context.IsExpress && resource.Kind is ResourceKind.Activity)
        {
            reader.Wrong("Express state machine does not support Activity ARN", "Resource");
        }
        else if (context.IsExpress && resource.IsSubmitted)
        {
            // With the two blanks, as the service has it.
            var pattern = resource.ResourceName[resource.Action.Length..];
            reader.Wrong($"Express state machine does not support '{pattern}' service integration ", "Resource");
        }

        return resource;
    }
}

using System.Text;
using Analemma.Workflow.Json;

namespace Analemma.Workflow.Definitions;

/// <summary>Reads Map with all its parts.</summary>
internal static class MapReader
{
    private const string LabelForbidden = "?*<>{}[]:;,\\|^~$#%&`\" ";

    /// <summary>Before a character that may not be in a label.</summary>
    public const string BadInLabel = "Label contains invalid character: ";

    /// <summary>Of MaxItems.</summary>
    private const long ItemsMax = 100_000_000;

    private static readonly HashSet<string> ReaderFields = Set("Comment Resource Parameters Arguments ReaderConfig");
    private static readonly HashSet<string> ReaderConfigFields = Set(
        "Comment InputType CSVHeaderLocation CSVHeaders CSVDelimiter MaxItems MaxItemsPath ManifestType Transformation "
        + "ItemsPointer");
    private static readonly HashSet<string> BatcherFields = Set(
        "Comment BatchInput MaxItemsPerBatch MaxItemsPerBatchPath MaxInputBytesPerBatch MaxInputBytesPerBatchPath");
    private static readonly HashSet<string> WriterFields = Set("Comment Resource Parameters Arguments WriterConfig");

    public static MapDefinition? Read(FieldReader reader, StateFields fields, ReadingContext context, int depth)
    {
        reader.HasOneOf(isRequired: true, "ItemProcessor", "Iterator");
        var name = reader.Has("ItemProcessor") ? "ItemProcessor" : "Iterator";
        if (reader.Object(name) is not { } processor)
        {
            return null;
        }

        var machine = DefinitionReader.ReadMachine(
            reader.Below(processor, name, context.Language), context, depth + 1);
        var (isDistributed, isExpress) = ReadConfig(reader, processor, name, context);
        var label = ReadLabel(reader, context);
        return machine is null
            ? null
            : new MapDefinition(fields)
            {
                Processor = machine,
                IsDistributed = isDistributed,
                IsExpress = isExpress,
                Label = label,
                ItemsPath = reader.IsJsonata ? PathField.Whole : reader.Path("ItemsPath"),
                Items = reader.IsJsonata ? reader.Template("Items") : null,
                ItemSelector = reader.Template(reader.Has("ItemSelector") ? "ItemSelector" : "Parameters"),
                MaxConcurrency = ReadNumber(reader, "MaxConcurrency", FromZero),
                ToleratedFailureCount = ReadNumber(reader, "ToleratedFailureCount", FromZero),
                ToleratedFailurePercentage = ReadNumber(reader, "ToleratedFailurePercentage", Percentage),
                Reader = ReadReader(reader),
                Batcher = ReadBatcher(reader),
                Writer = ReadWriter(reader),
            };
    }

    private static (bool IsDistributed, bool IsExpress) ReadConfig(
        FieldReader reader, JsonObject processor, string name, ReadingContext context)
    {
        if (!processor["ProcessorConfig"].TryGetObject(out var config))
        {
            return (false, false);
        }

        var below = reader.Below(config, $"{name}/ProcessorConfig");
        var mode = below.OneOf("Mode", "INLINE", "DISTRIBUTED");
        var isDistributed = mode is "DISTRIBUTED";
        if (isDistributed)
        {
            below.Require("ExecutionType");
            if (context.IsExpress)
            {
                // Developer Guide, Distributed Map state fields.
                below.Wrong(
                    "The field 'Mode' with value 'DISTRIBUTED' is not supported inside 'EXPRESS' state machines",
                    "Mode");
            }
        }
        else if (mode is "INLINE" && below.Has("ExecutionType"))
        {
            below.Wrong("Field 'ExecutionType' is not supported");
        }

        return (isDistributed, below.OneOf("ExecutionType", "STANDARD", "EXPRESS") is "EXPRESS");
    }

    private static string? ReadLabel(FieldReader reader, ReadingContext context)
    {
        if (reader.Text("Label") is not { } label)
        {
            return null;
        }

        if (label.Length > DefinitionLimits.LabelCharsMax)
        {
            Tell($"Label cannot exceed {DefinitionLimits.LabelCharsMax} characters");
        }
        else if (FindForbidden(label) is { } bad)
        {
            Tell($"{BadInLabel}'{bad}'");
        }
        else if (!context.Labels.Add(label))
        {
            reader.Diagnostics.Add(
                DiagnosticCodes.DuplicateLabelName, $"Label \"{label}\" is not unique", reader.At("Label"));
        }

        return label;

        void Tell(string what) =>
            reader.Diagnostics.Add(DiagnosticCodes.InvalidLabelName, what, reader.At("Label"));
    }

    // Half a surrogate pair is no character: it cannot be written to a store.
    private static string? FindForbidden(string label)
    {
        for (var i = 0; i < label.Length; i++)
        {
            if (!Rune.TryGetRuneAt(label, i, out var rune))
            {
                return $"\\u{(int)label[i]:x4}";
            }

            if (Rune.IsControl(rune) || (rune.IsBmp && LabelForbidden.Contains(label[i])))
            {
                return rune.ToString();
            }

            i += rune.Utf16SequenceLength - 1;
        }

        return null;
    }

    private static ItemReaderDefinition? ReadReader(FieldReader reader)
    {
        if (reader.Object("ItemReader") is not { } fields)
        {
            return null;
        }

        var below = reader.Part(fields, "ItemReader");
        below.AllowOnly(ReaderFields);
        if (!below.Require("Resource") || below.Text("Resource") is not { } arn)
        {
            return null;
        }

        var resource = TaskResource.TryParse(arn) ?? ResourceReader.None;
        if (resource is not { Service: "s3", ResourceName: "getObject" or "listObjectsV2" })
        {
            below.Wrong("The field 'Resource' does not match any of the allowed values", "Resource");
        }

        var config = below.Object("ReaderConfig") ?? JsonObject.Empty;
        var inConfig = below.Part(config, "ReaderConfig");
        inConfig.AllowOnly(ReaderConfigFields);
        CheckConfig(inConfig);
        return new ItemReaderDefinition
        {
            Resource = resource,
            Parameters = below.Template(below.IsJsonata ? "Arguments" : "Parameters"),
            InputType = inConfig.OneOf("InputType", "CSV", "JSON", "JSONL", "PARQUET", "MANIFEST"),
            CsvHeaderLocation = inConfig.OneOf("CSVHeaderLocation", "FIRST_ROW", "GIVEN"),
            CsvHeaders = Texts(inConfig, "CSVHeaders"),
            CsvDelimiter = Delimiter(inConfig.OneOf("CSVDelimiter", "COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB")),
            MaxItems = ReadNumber(inConfig, "MaxItems", Items),
            ManifestType = inConfig.OneOf("ManifestType", "ATHENA_DATA", "S3_INVENTORY"),
            ItemsPointer = inConfig.Text("ItemsPointer"),
            LoadsObjects = inConfig.OneOf("Transformation", "NONE", "LOAD_AND_FLATTEN") is "LOAD_AND_FLATTEN",
        };
    }

    // Which fields go together (Developer Guide, ItemReader).
    private static void CheckConfig(FieldReader config)
    {
        if (Has("ManifestType", "S3_INVENTORY") && config.Has("InputType"))
        {
            config.Wrong("InputType must not be specified when ManifestType is S3_INVENTORY", "InputType");
        }
        else if (Has("InputType", "CSV") && !config.Has("CSVHeaderLocation"))
        {
            config.Wrong("The field 'CSVHeaderLocation' is required");
        }
        else if (Has("InputType", "JSON") && config.Has("CSVHeaderLocation"))
        {
            config.Wrong("Field 'CSVHeaderLocation' is not supported");
        }

        if (Has("CSVHeaderLocation", "GIVEN"))
        {
            config.Require("CSVHeaders");
        }

        if (Has("Transformation", "LOAD_AND_FLATTEN") || Has("ManifestType", "ATHENA_DATA"))
        {
            config.Require("InputType");
        }

        bool Has(string name, string value) => config[name].TryGetString(out var text) && text == value;
    }

    private static ItemBatcherDefinition? ReadBatcher(FieldReader reader)
    {
        if (reader.Object("ItemBatcher") is not { } fields)
        {
            return null;
        }

        var below = reader.Part(fields, "ItemBatcher");
        below.AllowOnly(BatcherFields);
        ItemBatcherDefinition batcher = new()
        {
            BatchInput = below.Template("BatchInput"),
            MaxItemsPerBatch = ReadNumber(below, "MaxItemsPerBatch", FromZero),
            MaxInputBytesPerBatch = ReadNumber(below, "MaxInputBytesPerBatch", FromZero),
        };
        if (batcher.MaxItemsPerBatch is null && batcher.MaxInputBytesPerBatch is null)
        {
            below.Wrong("At least one of the fields [MaxItemsPerBatch, MaxInputBytesPerBatch] is required");
        }

        return batcher;
    }

    private static ResultWriterDefinition? ReadWriter(FieldReader reader)
    {
        if (reader.Object("ResultWriter") is not { Count: > 0 } fields)
        {
            return null;
        }

        var below = reader.Part(fields, "ResultWriter");
        below.AllowOnly(WriterFields);
        var config = below.Part(below.Object("WriterConfig") ?? JsonObject.Empty, "WriterConfig");
        return new ResultWriterDefinition
        {
            Resource = below.Text("Resource") is { } arn ? TaskResource.TryParse(arn) ?? Unknown(below, arn) : null,
            Parameters = below.Template(below.IsJsonata ? "Arguments" : "Parameters"),
            Transformation = config.OneOf("Transformation", "NONE", "COMPACT", "FLATTEN")
                ?? (below.Has("Resource") ? "NONE" : "COMPACT"),
            OutputType = config.OneOf("OutputType", "JSON", "JSONL") ?? "JSON",
        };
    }

    private static TaskResource Unknown(FieldReader reader, string arn)
    {
        reader.Wrong(
            $"The resource provided {arn} is not recognized. The value is not a valid resource ARN, or the resource "
            + "is not available in this region.",
            "Resource");
        return ResourceReader.None;
    }

    private static List<string> Texts(FieldReader reader, string name)
    {
        List<string> texts = [];
        foreach (var item in reader.Array(name) ?? JsonArray.Empty)
        {
            if (item.TryGetString(out var text))
            {
                texts.Add(text);
            }
            else
            {
                reader.Wrong("Expected value of type String", name);
            }
        }

        return texts;
    }

    private static string Delimiter(string? name) => name switch
    {
        "PIPE" => "|",
        "SEMICOLON" => ";",
        "SPACE" => " ",
        "TAB" => "\t",
        _ => ",",
    };

    // A path to a number of a Map, unlike other paths, names one node, and not of the context object.
    private static ValueField? ReadNumber(FieldReader reader, string name, Func<JsonValue, string?> check)
    {
        if (!reader.IsJsonata)
        {
            reader.HasOneOf(isRequired: false, name, $"{name}Path");
        }

        return reader.Value(name, check, isReference: true);
    }

    private static string? FromZero(JsonValue value) => Bounds.Whole(value, 0);

    private static string? Items(JsonValue value) => Bounds.Whole(value, 0, ItemsMax);

    private static string? Percentage(JsonValue value) => Bounds.Number(value, 0, 100);

    private static HashSet<string> Set(string names) => new(names.Split(' '), StringComparer.Ordinal);
}

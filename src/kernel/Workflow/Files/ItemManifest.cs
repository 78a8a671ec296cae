using System.Diagnostics.CodeAnalysis;
using System.Text;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Json;

namespace Analemma.Workflow.Files;

// FILES THAT NAME THE FILES WITH THE ITEMS (Step Functions Developer Guide, ItemReader)
//
//   S3_INVENTORY  JSON: keys of the same bucket, whose rows have the columns that it names; MANIFEST as InputType too
//   ATHENA_DATA   a URI a line, of files that are as InputType says
/// <summary>The files that a manifest names.</summary>
/// <param name="Files">Their names, in order.</param>
/// <param name="Reader">How each is read.</param>
public sealed record ItemManifest(IReadOnlyList<ManifestFile> Files, ItemReaderDefinition Reader)
{
    /// <summary>Reads one.</summary>
    /// <param name="reader">Of the manifest.</param>
    /// <param name="utf8">It.</param>
    /// <param name="manifest">What it says.</param>
    /// <param name="cause">Of States.ItemReaderFailed, when it cannot be read.</param>
    public static bool TryRead(
        ItemReaderDefinition reader,
        ReadOnlySpan<byte> utf8,
        [NotNullWhen(true)] out ItemManifest? manifest,
        [NotNullWhen(false)] out string? cause)
    {
        if (reader.ManifestType == "ATHENA_DATA")
        {
            var lines = CsvRows.Read(Encoding.UTF8.GetString(utf8), ',');
            manifest = new ItemManifest([.. lines.Select(row => new ManifestFile(row[0], IsUri: true))], reader);
            cause = null;
            return true;
        }

        (manifest, cause) = ReadInventory(reader, utf8);
        return manifest is not null;
    }

    private static (ItemManifest? Manifest, string? Cause) ReadInventory(
        ItemReaderDefinition reader, ReadOnlySpan<byte> utf8)
    {
        if (!JsonValue.TryParse(utf8, JsonLimits.Widest, out var inventory, out var error))
        {
            return (null, $"The manifest is no JSON: {error}");
        }

        if (!inventory["files"].TryGetArray(out var files) || !inventory["fileSchema"].TryGetString(out var schema))
        {
            return (null, "The manifest has no files, or no fileSchema");
        }

        List<ManifestFile> named = [];
        foreach (var file in files)
        {
            if (file["key"].TryGetString(out var key))
            {
                named.Add(new ManifestFile(key, IsUri: false));
            }
        }

        return (
            new ItemManifest(named, new ItemReaderDefinition
            {
                Resource = reader.Resource,
                InputType = "CSV",
                CsvHeaderLocation = "GIVEN",
                CsvHeaders = schema.Split(',', StringSplitOptions.TrimEntries),
                CsvDelimiter = reader.CsvDelimiter,
            }),
            null);
    }
}

/// <summary>A file that a manifest names.</summary>
/// <param name="Name">Its key in the manifest's bucket, or its URI.</param>
/// <param name="IsUri">Which of them.</param>
public sealed record ManifestFile(string Name, bool IsUri);

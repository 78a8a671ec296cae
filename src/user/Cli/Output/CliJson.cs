using System.Text.Json;
using System.Text.Json.Serialization;
using Analemma.Cli.Fleets;

namespace Analemma.Cli.Output;

/// <summary>A piece of output as <c>logs</c> and <c>exec</c> print it with --json.</summary>
internal sealed record OutputLine(string Stream, string Text);

/// <summary>A line that a function printed; without a request when it printed it between two events.</summary>
internal sealed record FunctionLine(string Environment, string Stream, string? RequestId, string Line);

/// <summary>What <c>cp</c> has done.</summary>
internal sealed record CopyReport(int Files, int Folders, long Bytes, IReadOnlyList<string> Skipped);

/// <summary>A file that is wrong: an error with each of its problems.</summary>
internal sealed record FileErrorBody(string Code, string Message, string File, IReadOnlyList<FileProblem> Problems);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(OutputLine))]
[JsonSerializable(typeof(FunctionLine))]
[JsonSerializable(typeof(CopyReport))]
[JsonSerializable(typeof(FileErrorBody))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(Dictionary<string, JsonElement>))]
internal sealed partial class CliJsonContext : JsonSerializerContext;

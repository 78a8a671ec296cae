using Analemma.Workflow.Definitions;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Tasks;

/// <summary>Where distributed Maps read their items from and write their results to.</summary>
internal interface IMapFiles
{
    /// <exception cref="MapFileException">They cannot be read.</exception>
    Task<MapFileItems> ReadAsync(
        ItemReaderDefinition reader, JsonValue parameters, long? itemsMax, CancellationToken cancelled);

    /// <summary>Gives what the state hands on: where the results are.</summary>
    /// <exception cref="MapFileException">They cannot be written.</exception>
    Task<JsonValue> WriteAsync(
        ResultWriterDefinition writer,
        JsonValue parameters,
        string mapRunArn,
        MapResults results,
        CancellationToken cancelled);
}

/// <summary>Items that were read.</summary>
/// <param name="Items">They.</param>
/// <param name="Sources">Which of them come from where.</param>
internal sealed record MapFileItems(JsonArray Items, IReadOnlyList<ItemSource> Sources);

/// <summary>A file of a distributed Map cannot be read or written: an error of the state.</summary>
internal sealed class MapFileException(string error, string cause) : Exception(cause)
{
    public string Error { get; } = error;
}

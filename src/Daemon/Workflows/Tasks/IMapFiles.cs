using Analemma.Workflow.Definitions;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Tasks;

/// <summary>Where distributed Maps read their items from and write their results to.</summary>
internal interface IMapFiles
{
    /// <exception cref="MapFileException">They cannot be read.</exception>
    Task<JsonArray> ReadAsync(
        ItemReaderDefinition reader, JsonValue parameters, long? itemsMax, CancellationToken cancelled);

    /// <summary>Gives what the state hands on: where the results are.</summary>
    /// <exception cref="MapFileException">They cannot be written.</exception>
    Task<JsonValue> WriteAsync(
        ResultWriterDefinition writer,
        JsonValue parameters,
        string mapRunArn,
        JsonArray results,
        CancellationToken cancelled);
}

/// <summary>A file of a distributed Map cannot be read or written: an error of the state.</summary>
internal sealed class MapFileException(string error, string cause) : Exception(cause)
{
    public string Error { get; } = error;
}

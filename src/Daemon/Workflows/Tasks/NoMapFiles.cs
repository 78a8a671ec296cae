using Analemma.Workflow.Definitions;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Tasks;

/// <summary>Where there is no store of objects.</summary>
internal sealed class NoMapFiles : IMapFiles
{
    private const string Why =
        "There is no store of objects: set workflows.aws_endpoint, or AWS_ENDPOINT_URL, where the kernel starts.";

    public Task<MapFileItems> ReadAsync(
        ItemReaderDefinition reader, JsonValue parameters, long? itemsMax, CancellationToken cancelled) =>
        throw new MapFileException("States.ItemReaderFailed", Why);

    public Task<JsonValue> WriteAsync(
        ResultWriterDefinition writer,
        JsonValue parameters,
        string mapRunArn,
        MapResults results,
        CancellationToken cancelled) =>
        throw new MapFileException("States.ResultWriterFailed", Why);
}

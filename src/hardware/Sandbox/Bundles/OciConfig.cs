using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Analemma.Sandbox.Bundles;

// OCI runtime-spec 1.0.2, config.json: only what we write. Names are the specification's.
internal sealed record OciConfig(
    string OciVersion,
    OciProcess Process,
    OciRoot Root,
    string Hostname,
    IReadOnlyList<OciMount> Mounts,
    OciLinux Linux,
    IReadOnlyDictionary<string, string>? Annotations);

internal sealed record OciProcess(
    bool Terminal,
    OciUser User,
    IReadOnlyList<string> Args,
    IReadOnlyList<string> Env,
    string Cwd,
    OciCapabilities Capabilities,
    IReadOnlyList<OciRlimit> Rlimits,
    bool NoNewPrivileges,
    int OomScoreAdj);

internal sealed record OciUser(uint Uid, uint Gid);

internal sealed record OciCapabilities
{
    public IReadOnlyList<string> Bounding { get; init; } = [];

    public IReadOnlyList<string> Effective { get; init; } = [];

    public IReadOnlyList<string> Inheritable { get; init; } = [];

    public IReadOnlyList<string> Permitted { get; init; } = [];

    public IReadOnlyList<string> Ambient { get; init; } = [];
}

internal sealed record OciRlimit(string Type, long Hard, long Soft);

internal sealed record OciRoot(string Path, bool Readonly);

internal sealed record OciMount(string Destination, string Type, string Source, IReadOnlyList<string> Options);

internal sealed record OciLinux(
    IReadOnlyList<OciNamespace> Namespaces,
    IReadOnlyList<OciIdMapping>? UidMappings,
    IReadOnlyList<OciIdMapping>? GidMappings,
    IReadOnlyList<string> MaskedPaths,
    IReadOnlyList<string> ReadonlyPaths,
    JsonObject? Seccomp,
    string? CgroupsPath);

internal sealed record OciNamespace(string Type);

internal sealed record OciIdMapping(
    [property: JsonPropertyName("containerID")] uint ContainerId,
    [property: JsonPropertyName("hostID")] uint HostId,
    uint Size);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    WriteIndented = true,
    GenerationMode = JsonSourceGenerationMode.Serialization)]
[JsonSerializable(typeof(OciConfig))]
[JsonSerializable(typeof(OciProcess))]
internal sealed partial class OciJson : JsonSerializerContext
{
    public static byte[] Write(OciConfig config) => JsonSerializer.SerializeToUtf8Bytes(config, Default.OciConfig);

    public static byte[] Write(OciProcess process) => JsonSerializer.SerializeToUtf8Bytes(process, Default.OciProcess);
}

using System.Text.Json;
using System.Text.Json.Serialization;

namespace Analemma.Abi.AgentOs;

// The request payloads of AgentOS programs, as they send them. Fields that Analemma has no use for yet are read, so
// that a wrong type is still refused, and then ignored.

internal sealed record AgentOsSpawn
{
    public string? Name { get; init; }

    public string? Script { get; init; }

    public string? Python { get; init; }

    public bool? Sandboxed { get; init; }

    public bool? Network { get; init; }

    public AgentOsLimits? Limits { get; init; }

    public string? RestartPolicy { get; init; }

    [JsonConverter(typeof(WholeNumberConverter))]
    public long? MaxRestarts { get; init; }

    [JsonConverter(typeof(WholeNumberConverter))]
    public long? RestartWindow { get; init; }
}

internal sealed record AgentOsLimits
{
    [JsonConverter(typeof(WholeNumberConverter))]
    public long? Memory { get; init; }

    [JsonConverter(typeof(WholeNumberConverter))]
    public long? MaxPids { get; init; }

    [JsonConverter(typeof(WholeNumberConverter))]
    public long? CpuQuota { get; init; }

    [JsonConverter(typeof(WholeNumberConverter))]
    public long? CpuPeriod { get; init; }

    [JsonConverter(typeof(WholeNumberConverter))]
    public long? CpuShares { get; init; }
}

internal sealed record AgentOsTarget
{
    [JsonConverter(typeof(WholeNumberConverter))]
    public long? Id { get; init; }

    public string? Name { get; init; }
}

internal sealed record AgentOsExec
{
    public string? Command { get; init; }

    public string? Cwd { get; init; }

    /// <summary>Seconds.</summary>
    public double? Timeout { get; init; }

    public bool? Async { get; init; }

    public ulong? RequestId { get; init; }

    [JsonConverter(typeof(WholeNumberConverter))]
    public long? Id { get; init; }

    public string? Name { get; init; }
}

internal sealed record AgentOsFile
{
    public string? Path { get; init; }

    public string? Content { get; init; }

    public string? Mode { get; init; }

    [JsonConverter(typeof(WholeNumberConverter))]
    public long? Id { get; init; }

    public string? Name { get; init; }
}

internal sealed record AgentOsHttp
{
    public string? Url { get; init; }

    public string? Method { get; init; }

    public Dictionary<string, string>? Headers { get; init; }

    public string? Body { get; init; }

    /// <summary>Seconds.</summary>
    public double? Timeout { get; init; }

    public bool? Async { get; init; }

    public ulong? RequestId { get; init; }
}

internal sealed record AgentOsThink
{
    public string? Prompt { get; init; }

    public AgentOsImage? Image { get; init; }

    public string? SystemInstruction { get; init; }

    public string? ThinkingLevel { get; init; }

    public double? Temperature { get; init; }

    public string? Model { get; init; }
}

internal sealed record AgentOsPerms
{
    [JsonConverter(typeof(WholeNumberConverter))]
    public long? AgentId { get; init; }

    public string? Level { get; init; }

    public Dictionary<string, JsonElement>? Permissions { get; init; }
}

internal sealed record AgentOsAuditQuery
{
    public string? Category { get; init; }

    [JsonConverter(typeof(WholeNumberConverter))]
    public long? AgentId { get; init; }

    [JsonConverter(typeof(WholeNumberConverter))]
    public long? SinceId { get; init; }

    [JsonConverter(typeof(WholeNumberConverter))]
    public long? Limit { get; init; }
}

internal sealed record AgentOsCgroup
{
    public string? CgroupPath { get; init; }
}

internal sealed record AgentOsStore
{
    public string? Key { get; init; }

    public JsonElement Value { get; init; }

    public string? Scope { get; init; }

    public string? Prefix { get; init; }

    /// <summary>Seconds.</summary>
    public double? Ttl { get; init; }
}

internal sealed record AgentOsImage
{
    public string? Data { get; init; }

    public string? MimeType { get; init; }
}

internal sealed record AgentOsPoll
{
    [JsonConverter(typeof(WholeNumberConverter))]
    public long? Max { get; init; }
}

/// <summary>A whole number, however it is written: AgentOS took 1e6 and 268435456.0 too.</summary>
internal sealed class WholeNumberConverter : JsonConverter<long?>
{
    public override long? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        if (reader.TokenType == JsonTokenType.Number)
        {
            if (reader.TryGetInt64(out var whole))
            {
                return whole;
            }

            // 2^63 is a double; the largest long is not.
            if (reader.TryGetDouble(out var real)
                && real is >= -9223372036854775808.0 and < 9223372036854775808.0
                && Math.Floor(real) == real)
            {
                return (long)real;
            }
        }

        throw new JsonException("expected a whole number of 64 bits");
    }

    public override void Write(Utf8JsonWriter writer, long? value, JsonSerializerOptions options) =>
        throw new NotSupportedException("requests are only read");
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    MaxDepth = AbiLimits.JsonDepthMax)]
[JsonSerializable(typeof(AgentOsSpawn))]
[JsonSerializable(typeof(AgentOsTarget))]
[JsonSerializable(typeof(AgentOsExec))]
[JsonSerializable(typeof(AgentOsFile))]
[JsonSerializable(typeof(AgentOsThink))]
[JsonSerializable(typeof(AgentOsHttp))]
[JsonSerializable(typeof(AgentOsPoll))]
[JsonSerializable(typeof(AgentOsSend))]
[JsonSerializable(typeof(AgentOsReceive))]
[JsonSerializable(typeof(AgentOsBroadcast))]
[JsonSerializable(typeof(AgentOsRegister))]
[JsonSerializable(typeof(AgentOsStore))]
[JsonSerializable(typeof(AgentOsSubscription))]
[JsonSerializable(typeof(AgentOsEmit))]
[JsonSerializable(typeof(AgentOsPerms))]
[JsonSerializable(typeof(AgentOsAuditQuery))]
[JsonSerializable(typeof(AgentOsCgroup))]
[JsonSerializable(typeof(Dictionary<string, JsonElement>))]
internal sealed partial class AgentOsJsonContext : JsonSerializerContext;

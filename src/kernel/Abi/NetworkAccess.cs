using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Analemma.Abi.Syscalls;

namespace Analemma.Abi;

/// <summary>
/// What of the network an agent has: nothing (<c>false</c>), the host's own (<c>true</c>), or what a list of rules
/// allows, through the kernel.
/// </summary>
[JsonConverter(typeof(NetworkAccessConverter))]
public sealed record NetworkAccess
{
    /// <summary>No network at all.</summary>
    public static NetworkAccess None { get; } = new();

    /// <summary>The host's network, past the kernel.</summary>
    public bool IsShared { get; init; }

    /// <summary>The first that fits a request counts; a request that fits none is denied.</summary>
    public IReadOnlyList<NetworkRule> Rules { get; init; } = [];

    /// <summary>The host's network, or none.</summary>
    public static implicit operator NetworkAccess(bool isShared) => new() { IsShared = isShared };

    /// <summary>What the rules allow.</summary>
    public static NetworkAccess Allow(params IReadOnlyList<NetworkRule> rules) => new() { Rules = rules };

    /// <summary><c>true</c>, <c>false</c>, or a list of rules.</summary>
    public sealed class NetworkAccessConverter : JsonConverter<NetworkAccess>
    {
        /// <inheritdoc/>
        public override NetworkAccess Read(
            ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
            {
                JsonTokenType.True => true,
                JsonTokenType.False => None,
                JsonTokenType.StartArray => new NetworkAccess { Rules = ReadRules(ref reader, options) },
                _ => throw new JsonException("expected true, false or a list of rules"),
            };

        private static NetworkRule[] ReadRules(ref Utf8JsonReader reader, JsonSerializerOptions options)
        {
            // Those of the journal know no rules by themselves.
            var type = options.TryGetTypeInfo(typeof(NetworkRule[]), out var own)
                ? (JsonTypeInfo<NetworkRule[]>)own
                : AbiJsonContext.Default.NetworkRuleArray;
            try
            {
                return JsonSerializer.Deserialize(ref reader, type)!;
            }
            catch (JsonException wrong) when (JsonWords.UnknownField(wrong, type) is { } unknown)
            {
                throw new JsonException(unknown);
            }
            catch (JsonException wrong) when (wrong.Path is ['$', ..] path)
            {
                // Without its path, which begins at the list, so that the field's own is told.
                throw new JsonException($"{path[1..]} is of another type than it takes");
            }
        }

        /// <inheritdoc/>
        public override void Write(Utf8JsonWriter writer, NetworkAccess value, JsonSerializerOptions options)
        {
            if (value.Rules.Count == 0)
            {
                writer.WriteBooleanValue(value.IsShared);
                return;
            }

            JsonSerializer.Serialize(writer, value.Rules.ToArray(), AbiJsonContext.Default.NetworkRuleArray);
        }
    }
}

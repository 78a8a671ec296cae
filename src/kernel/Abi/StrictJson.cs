using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Analemma.Abi.Syscalls;

namespace Analemma.Abi;

// A field that a reader does not know is skipped, so that both sides may be of different ages. What grants or limits is
// the exception, in requests: there a field that is skipped is a restriction that does not hold.

/// <summary>Requests whose grants and limits must be understood whole.</summary>
internal static class StrictJson
{
    private static readonly HashSet<Type> Whole =
    [
        typeof(ResourceLimits), typeof(NetworkRule), typeof(Permissions), typeof(ModelShare), typeof(ModelBudget),
        typeof(MountRequest),
    ];

    private static readonly JsonSerializerOptions Options = new(AbiJsonContext.Default.Options)
    {
        TypeInfoResolver = ((IJsonTypeInfoResolver)AbiJsonContext.Default).WithAddedModifier(Refuse),
    };

    public static JsonTypeInfo<Spawn> Spawn { get; } = Of<Spawn>();

    public static JsonTypeInfo<SetPerms> SetPerms { get; } = Of<SetPerms>();

    public static JsonTypeInfo<FleetApply> FleetApply { get; } = Of<FleetApply>();

    public static JsonTypeInfo<Http> Http { get; } = Of<Http>();

    private static JsonTypeInfo<T> Of<T>() => (JsonTypeInfo<T>)Options.GetTypeInfo(typeof(T));

    private static void Refuse(JsonTypeInfo type)
    {
        if (Whole.Contains(type.Type))
        {
            type.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        }
    }
}

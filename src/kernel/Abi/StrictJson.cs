using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Analemma.Abi.Syscalls;

namespace Analemma.Abi;

// A field that a reader does not know is skipped, so that both sides may be of different ages. What grants or limits is
// the exception, in requests: there a field that is skipped is a restriction that does not hold. So is who sends a
// message: whoever says so believes that it counts.

/// <summary>Requests whose grants and limits must be understood whole, and whose sender the kernel names.</summary>
internal static class StrictJson
{
    private static readonly HashSet<Type> Whole =
    [
        typeof(ResourceLimits), typeof(NetworkRule), typeof(Permissions), typeof(ModelShare), typeof(ModelBudget),
        typeof(MountRequest),
    ];

    private static readonly string[] SenderFields = ["from", "from_name"];

    private static readonly JsonSerializerOptions Options = new(AbiJsonContext.Default.Options)
    {
        TypeInfoResolver = ((IJsonTypeInfoResolver)AbiJsonContext.Default).WithAddedModifier(Refuse),
    };

    public static JsonTypeInfo<Spawn> Spawn { get; } = Of<Spawn>();

    public static JsonTypeInfo<SetPerms> SetPerms { get; } = Of<SetPerms>();

    public static JsonTypeInfo<FleetApply> FleetApply { get; } = Of<FleetApply>();

    public static JsonTypeInfo<Http> Http { get; } = Of<Http>();

    public static JsonTypeInfo<Send> Send { get; } = Of<Send>();

    public static JsonTypeInfo<Broadcast> Broadcast { get; } = Of<Broadcast>();

    private static JsonTypeInfo<T> Of<T>() => (JsonTypeInfo<T>)Options.GetTypeInfo(typeof(T));

    private static void Refuse(JsonTypeInfo type)
    {
        if (Whole.Contains(type.Type))
        {
            type.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        }
        else if (type.Type == typeof(Send) || type.Type == typeof(Broadcast))
        {
            foreach (var name in SenderFields)
            {
                var field = type.CreateJsonPropertyInfo(typeof(JsonElement), name);
                field.Set = (_, _) => throw new JsonException("who sends is the kernel's to say");
                type.Properties.Add(field);
            }
        }
    }
}

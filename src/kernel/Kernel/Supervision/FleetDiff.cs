using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;

namespace Analemma.Kernel.Supervision;

/// <summary>The difference between two declarations of a fleet, field by field.</summary>
internal static class FleetDiff
{
    /// <summary>Changes of these need another process; all others are heeded by the one that runs.</summary>
    private static readonly string[] NeedRestart = ["spawn", "digest"];

    public static FleetApplyReply Between(FleetView? before, IReadOnlyList<FleetAgent> old, FleetApply request)
    {
        var known = old.ToDictionary(agent => agent.Name, StringComparer.Ordinal);
        List<string> added = [], unchanged = [];
        List<FleetChange> changed = [];
        foreach (var agent in request.Agents)
        {
            if (!known.Remove(agent.Name, out var was))
            {
                added.Add(agent.Name);
                continue;
            }

            string[] fields = [.. Fields(Json(was), Json(agent), "")];
            if (fields.Length == 0)
            {
                unchanged.Add(agent.Name);
            }
            else
            {
                changed.Add(new FleetChange(agent.Name, fields, NeedsRestart(fields) ? "restart" : "update"));
            }
        }

        return new FleetApplyReply(request.Fleet, before?.Revision ?? 0)
        {
            Added = added,
            Changed = changed,
            Removed = [.. known.Keys.Order(StringComparer.Ordinal)],
            Unchanged = unchanged,
            DryRun = request.DryRun,
        };
    }

    private static bool NeedsRestart(string[] fields) =>
        fields.Any(field => NeedRestart.Contains(field.Split('.')[0], StringComparer.Ordinal));

    private static JsonElement Json(FleetAgent agent) =>
        JsonSerializer.SerializeToElement(agent, AbiJsonContext.Default.FleetAgent);

    /// <summary>Fields whose values differ; of objects that are on both sides those inside.</summary>
    private static IEnumerable<string> Fields(JsonElement old, JsonElement now, string path)
    {
        var names = old.EnumerateObject().Concat(now.EnumerateObject()).Select(field => field.Name)
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
        foreach (var name in names)
        {
            var (has, had) = (now.TryGetProperty(name, out var value), old.TryGetProperty(name, out var before));
            if (has && had && JsonElement.DeepEquals(value, before))
            {
                continue;
            }

            if (path.Length == 0 && has && had
                && value.ValueKind is JsonValueKind.Object && before.ValueKind is JsonValueKind.Object)
            {
                foreach (var inner in Fields(before, value, name + "."))
                {
                    yield return inner;
                }
            }
            else
            {
                yield return path + name;
            }
        }
    }
}

using Analemma.Workflow.Json;

namespace Analemma.Conformance.Tests;

/// <summary>
/// The language against cases recorded from the real service, in one process and on virtual time. What needs more than
/// the language runs through the API, by the runner that came with the cases.
/// </summary>
public sealed class RecordedCaseTests(ITestOutputHelper output)
{
    /// <summary>Full matches of those that are run here, in per cent.</summary>
    private const double FullMin = 98;

    [Fact]
    public void Executions_and_checks_of_definitions_are_as_the_service_has_them()
    {
        var cases = RecordedCase.Load()
            .Where(recorded => recorded.Category == "pure" && recorded.Kind is "execution" or "validate" or "teststate")
            .ToList();
        Assert.SkipWhen(cases.Count == 0, "the recorded cases are not here: set ANALEMMA_ASL_CASES to their folder");
        var wanted = Environment.GetEnvironmentVariable("ANALEMMA_ASL_FILTER");
        var (run, full) = (0, 0);
        foreach (var recorded in cases.Where(each => wanted is null || each.Id.Contains(wanted)))
        {
            try
            {
                var differences = Differences(recorded, new CaseRun(recorded).Run());
                run++;
                full += differences.Count == 0 ? 1 : 0;
                if (differences.Count > 0)
                {
                    output.WriteLine($"{recorded.Id}\n    {string.Join("\n    ", differences)}");
                }
            }
            catch (NotHereException)
            {
                // Counted by the runner over HTTP.
            }
            catch (Exception wrong) when (wrong is InvalidOperationException or KeyNotFoundException)
            {
                run++;
                output.WriteLine($"{recorded.Id}\n    {wrong.Message}");
            }
        }

        output.WriteLine($"{run} of {cases.Count} cases run here, {full} match in full");
        Assert.True(full * 100.0 >= run * FullMin, $"{full} of {run} cases match in full");
    }

    private static List<string> Differences(RecordedCase recorded, JsonObject actual)
    {
        var inOrder = Compare(recorded, recorded.Expected, actual);
        return inOrder.Count == 0 || !recorded.IsParallel
            ? inOrder
            : Compare(recorded, Sorted(recorded.Expected), Sorted(actual)) is { Count: > 0 } ? inOrder : [];
    }

    private static List<string> Compare(RecordedCase recorded, JsonObject expected, JsonObject actual)
    {
        Unification unification = new(recorded.Wildcards);
        foreach (var (key, value) in expected)
        {
            unification.Compare(value, actual[key], $"$.{key}");
        }

        return unification.Differences;
    }

    // Events of branches, by what they are: only how they interleave differs.
    private static JsonObject Sorted(JsonObject answers)
    {
        JsonObjectBuilder made = new();
        foreach (var (key, answer) in answers)
        {
            made.Set(key, answer["events"].TryGetArray(out var events)
                ? answer.AsObject().With("events", JsonArray.Of([.. events.Items.ToArray()
                    .Select(each => (JsonValue)each.AsObject().With("id", 0).With("previousEventId", 0))
                    .OrderBy(each => each["type"].ToString(), StringComparer.Ordinal)
                    .ThenBy(each => Ordered(each.AsObject().Without("timestamp")), StringComparer.Ordinal)]))
                : answer);
        }

        return made.Build();
    }

    private static string Ordered(JsonValue value)
    {
        if (!value.TryGetObject(out var fields))
        {
            return value.ToString();
        }

        var names = fields.Names.ToArray().Order(StringComparer.Ordinal);
        return $"{{{string.Join(',', names.Select(name => $"\"{name}\":{Ordered(fields[name])}"))}}}";
    }
}

using Analemma.Workflow.Executions;
using Analemma.Workflow.Json;
using FsCheck;
using FsCheck.Fluent;

namespace Analemma.Unit.Tests.Workflow;

/// <summary>The machine and an interpreter that shares nothing with it agree on whatever they are given.</summary>
public sealed class ReferenceTests
{
    [Fact]
    public void A_machine_ends_as_the_reference_says_in_whatever_order_its_tasks_end() =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed => Agree(seed, World))
            .QuickCheckThrowOnFailure();

    [Fact]
    public void A_machine_that_does_otherwise_is_found() =>
        Assert.Contains(Enumerable.Range(0, 50), seed => !Agree(seed, (name, input, retry) =>
        {
            var ending = World(name, input, retry);
            return ending.Error is null ? ending with { Output = 13 } : ending;
        }));

    [Fact]
    public void A_snapshot_anywhere_and_what_came_after_it_are_the_fold_of_all() =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
        {
            var bench = Run(seed);
            return SnapshotProperty.Broken(bench.Machine, bench.Identity, bench.Events) is null;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_snapshot_that_says_something_else_is_found() => Assert.Contains(Enumerable.Range(0, 50), seed =>
    {
        // The next id, which tokens come from, is one more.
        var bench = Run(seed);
        return SnapshotProperty.Broken(
            bench.Machine,
            bench.Identity,
            bench.Events,
            written =>
            {
                var snapshot = JsonValue.Parse(written, JsonLimits.Widest).AsObject();
                var state = snapshot["s"].AsObject();
                state["id"].TryGetInt64(out var id);
                return JsonValue.From(snapshot.With("s", state.With("id", id + 1)))
                    .ToUtf8(JsonWriteOptions.Service);
            }) is not null;
    });

    private static bool Agree(int seed, Func<string, JsonValue, int, Ending> told)
    {
        RandomMachine made = new(new Random(seed));
        var (definition, input) = (made.Make(), made.Input());
        var expected = new ReferenceInterpreter(told).Run(definition, input);
        var bench = Run(seed);
        return expected.Error is null
            ? bench.State.Status is ExecutionStatus.Succeeded && bench.State.Output == expected.Output
            : bench.State.Status is ExecutionStatus.Failed && bench.State.Error == expected.Error;
    }

    private static MachineBench Run(int seed)
    {
        Random random = new(seed);
        RandomMachine made = new(random);
        var (definition, input) = (made.Make(), made.Input());
        MachineBench bench = new(definition.ToString());
        bench.Start(input.ToString());
        while (bench.Tasks.Count > 0 || bench.HasTimers)
        {
            if (bench.Tasks.Count == 0 || (bench.HasTimers && random.Next(3) == 0))
            {
                bench.Wait();
                continue;
            }

            // Any of those that run ends first.
            for (var skip = random.Next(bench.Tasks.Count); skip > 0; skip--)
            {
                bench.Tasks.Enqueue(bench.Tasks.Dequeue());
            }

            var task = bench.Tasks.Peek();
            var ending = World(task.StateName, task.Input, task.RetryCount);
            if (ending.Error is { } error)
            {
                bench.Fail(error, "c");
            }
            else
            {
                bench.Succeed(ending.Output.ToString());
            }
        }

        return bench;
    }

    // What a task comes to depends on what it is asked, and not on when.
    private static Ending World(string name, JsonValue input, int retry)
    {
        var mixed = $"{name} {input} {retry}".Aggregate(17, (hash, c) => unchecked((hash * 31) + c));
        return (mixed & 3) == 0 ? new Ending(default, "E") : new Ending(mixed & 0xFF, null);
    }
}

using Analemma.Fuzz;
using Analemma.Workflow.Json;

namespace Analemma.Unit.Tests.Workflow;

public sealed class StatesFuzzTests
{
    [Fact]
    public void No_definition_input_or_answer_breaks_the_machine() =>
        Assert.Null(StatesTarget.Run(seed: 7, count: 3_000));

    [Fact]
    public void No_path_or_intrinsic_function_breaks_a_state()
    {
        FuzzRun run = new(new PathMaker(7), PathTarget.Run, framesPerCase: 1);
        run.Run(frames: 20_000, threads: 1);

        Assert.Null(run.Failure);
    }

    [Fact]
    public void What_is_made_to_break_parsers_is_refused() => Assert.Null(HostileTarget.Run());

    [Fact]
    public void A_transform_changes_its_copy_and_nothing_that_others_have()
    {
        Assert.Equal("{}", ExpressionTarget.Outcome("{} ~> |{}|{'a': 1}|", JsonValue.Null));

        Assert.Equal(0, JsonObject.Empty.Count);
        Assert.Equal("{}", ExpressionTarget.Outcome("{}", JsonValue.Null));
    }
}

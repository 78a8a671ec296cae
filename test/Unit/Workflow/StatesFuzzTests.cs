using Analemma.Fuzz;

namespace Analemma.Unit.Tests.Workflow;

public sealed class StatesFuzzTests
{
    [Fact]
    public void No_definition_input_or_answer_breaks_the_machine() =>
        Assert.Null(StatesTarget.Run(seed: 7, count: 3_000));
}

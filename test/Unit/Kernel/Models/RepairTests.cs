using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;

namespace Analemma.Unit.Tests.Kernel.Models;

/// <summary>Answers that do not satisfy their schema: asked again if wanted, within one call, or refused.</summary>
public sealed class RepairTests
{
    private static readonly AnswerFlaw Flaw = new("/a", "type", "is a number; it must be string");

    private static readonly Think Wanted = ModelBench.Hello with
    {
        ResponseSchema = JsonElement.Parse("""{"type":"object"}"""),
        Repair = 2,
    };

    private readonly ModelBench _bench = new();

    [Fact]
    public void A_wrong_answer_is_asked_again_with_what_is_wrong_and_billed_as_one_call()
    {
        var call = _bench.Think(Wanted);
        _bench.End(call, 1, Invalid());

        Assert.Equal([Flaw], _bench.Started().Repair);
        Assert.Equal(2, _bench.Started().Attempt);
        Assert.Empty(_bench.Kernel.Effects.OfType<Raise>());

        _bench.End(call, attempt: 2);
        var answer = _bench.Answer();
        Assert.Equal((1, 2, 60L), (answer.Repairs, answer.Attempts, answer.Tokens));
    }

    [Fact]
    public void An_answer_that_stays_wrong_is_refused_with_pointer_and_rule()
    {
        var call = _bench.Think(Wanted);
        for (var attempt = 1; attempt <= 3; attempt++)
        {
            _bench.End(call, attempt, Invalid());
        }

        var refused = _bench.Kernel.One<Refuse>().Error;
        Assert.Equal(SysErrorCode.AnswerInvalid, refused.Code);
        Assert.Equal([Flaw], refused.Flaws);
    }

    [Fact]
    public void Nobody_is_asked_again_who_did_not_want_it()
    {
        var call = _bench.Think(Wanted with { Repair = null });
        _bench.End(call, 1, Invalid());
        Assert.Equal(SysErrorCode.AnswerInvalid, _bench.Kernel.One<Refuse>().Error.Code);
    }

    [Fact]
    public void What_was_streamed_is_not_repaired()
    {
        var call = _bench.Think(Wanted);
        _bench.End(call, 1, Invalid() with { Delivered = true });
        Assert.Equal(SysErrorCode.AnswerInvalid, _bench.Kernel.One<Refuse>().Error.Code);
    }

    [Fact]
    public void A_repair_reserves_what_the_wrong_answer_adds_to_the_question()
    {
        var call = _bench.Think(Wanted);
        var before = _bench.Kernel.State.Models.Reserved.Tokens;
        _bench.End(call, 1, Invalid());
        Assert.True(_bench.Kernel.State.Models.Reserved.Tokens >= before + 30 + 50);
    }

    [Fact]
    public void A_repair_beyond_the_budget_tells_what_was_wrong()
    {
        var call = _bench.Think(Wanted with { Budget = new ModelBudget { Tokens = 1_000 } });
        _bench.End(call, 1, Invalid());
        Assert.Equal(SysErrorCode.AnswerInvalid, _bench.Kernel.One<Refuse>().Error.Code);
    }

    [Fact]
    public void A_failure_in_passing_keeps_what_is_to_be_repaired()
    {
        var call = _bench.Think(Wanted);
        _bench.End(call, 1, Invalid());
        _bench.FailAndRetry(call, 2);
        Assert.Equal([Flaw], _bench.Started().Repair);
    }

    private static ModelResult Invalid() => new()
    {
        InputTokens = 10,
        OutputTokens = 20,
        Failure = new ModelFailure(ModelFailureKind.Invalid, "wrong") { Flaws = [Flaw], AnswerBytes = 50 },
    };
}

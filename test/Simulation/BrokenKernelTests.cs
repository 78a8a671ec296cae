using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Network;
using Analemma.Simulator;

namespace Analemma.Simulation.Tests;

/// <summary>Kernels broken on purpose: the simulator must notice each, or its silence means nothing.</summary>
public sealed class BrokenKernelTests
{
    private const int SeedsMax = 400;

    [Fact]
    public void A_dropped_answer_is_noticed() =>
        AssertNoticed(
            () => new DropsEvery<Answer>(20), "every request is answered", "a handle is in a mailbox until it leaves");

    [Fact]
    public void A_dropped_refusal_is_noticed() =>
        AssertNoticed(() => new DropsEvery<Refuse>(20), "every request is answered");

    [Fact]
    public void An_answer_given_twice_is_noticed() =>
        AssertNoticed(() => new AnswersTwice(), "every request is answered once");

    [Fact]
    public void An_effect_that_leaves_before_its_event_is_durable_is_noticed() =>
        AssertNoticed(() => new WaitsForNothing(), "durable state is the fold of the journal");

    [Fact]
    public void A_process_id_used_twice_is_noticed() =>
        AssertNoticed(() => new ReusesAnId(), "no process id is used twice");

    [Fact]
    public void An_exit_that_the_kernel_does_not_hear_of_is_noticed() =>
        AssertNoticed(() => new ForgetsExits(), "the kernel hears of every end", "what is stopped ends");

    [Fact]
    public void A_kill_that_is_not_carried_out_is_noticed() =>
        AssertNoticed(() => new DropsEvery<KillAll>(1), "what is stopped ends");

    [Fact]
    public void A_pause_that_does_not_freeze_is_noticed() =>
        AssertNoticed(() => new DropsEvery<Freeze>(1), "table and sandboxes agree");

    [Fact]
    public void A_sandbox_that_is_never_launched_is_noticed() =>
        AssertNoticed(() => new DropsEvery<Launch>(5), "every process has a sandbox");

    [Fact]
    public void A_launch_that_is_not_as_it_was_foreseen_is_noticed() =>
        AssertNoticed(() => new ForeseesAnotherName(), "what is foreseen is launched");

    [Fact]
    public void State_that_is_not_in_the_journal_is_noticed() =>
        AssertNoticed(() => new ForgetsAnAudit(), "durable state is the fold of the journal");

    [Fact]
    public void A_model_call_made_twice_is_noticed() =>
        AssertNoticed(() => new CallsModelsTwice(), "an attempt is made once");

    [Fact]
    public void A_model_call_that_is_not_taken_back_is_noticed() =>
        AssertNoticed(() => new DropsEvery<CancelModelCall>(1), "calls of those who have gone are taken back");

    [Fact]
    public void A_model_call_whose_end_is_not_heard_of_is_noticed() =>
        AssertNoticed(() => new ForgetsModelCalls(), "model accounts are consistent", "every request is answered");

    [Fact]
    public void A_model_answer_that_is_dropped_is_noticed() =>
        AssertNoticed(() => new DropsEvery<AnswerModelCall>(2), "every request is answered");

    [Fact]
    public void A_model_that_may_write_more_than_is_reserved_is_noticed() =>
        AssertNoticed(
            () => new ReservesTooLittle(), "budgets are never overspent", "every token used is accounted");

    [Fact]
    public void A_body_that_is_never_kept_is_noticed() =>
        AssertNoticed(() => new DropsEvery<KeepBodies>(1), "every request is answered", "no body outlives");

    [Fact]
    public void A_body_that_is_left_behind_is_noticed() =>
        AssertNoticed(() => new DropsEvery<DropBodies>(1), "no body outlives its conversations");

    [Fact]
    public void A_body_that_is_dropped_while_a_conversation_has_it_is_noticed() =>
        AssertNoticed(
            () => new DropsTooMuch(), "every body that the kernel names is there",
            "no body outlives its conversations");

    [Fact]
    public void A_value_that_is_never_kept_is_noticed() =>
        AssertNoticed(() => new DropsEvery<KeepValue>(1), "every request is answered", "no body outlives");

    [Fact]
    public void A_value_that_is_left_behind_is_noticed() =>
        AssertNoticed(() => new DropsEvery<DropValues>(1), "no body outlives its value");

    [Fact]
    public void A_value_that_is_told_to_be_stored_and_is_not_is_noticed() =>
        AssertNoticed(() => new StoresOthers(), "FETCH gives what was stored");

    [Fact]
    public void A_request_that_goes_elsewhere_than_its_rule_is_noticed() =>
        AssertNoticed(() => new SendsElsewhere(), "requests keep to their rule");

    [Fact]
    public void A_request_by_a_rule_that_its_agent_has_not_is_noticed() =>
        AssertNoticed(() => new WidensRules(), "requests go by the rules of their agent");

    [Fact]
    public void A_request_that_is_not_sent_is_noticed() =>
        AssertNoticed(() => new DropsEvery<SendHttp>(3), "requests under way are known", "every request is answered");

    [Fact]
    public void A_request_whose_end_is_not_heard_of_is_noticed() =>
        AssertNoticed(() => new ForgetsRequests(), "requests under way are known");

    [Fact]
    public void A_secret_of_an_agents_asking_is_noticed() =>
        AssertNoticed(() => new ServesAgentsSecrets(), "secrets are the host's alone");

    [Fact]
    public void A_tool_called_twice_is_noticed() =>
        AssertNoticed(() => new CallsToolsTwice(), "a tool is called once for a call");

    [Fact]
    public void A_tool_call_that_is_not_taken_back_is_noticed() =>
        AssertNoticed(
            () => new DropsEvery<CancelToolCall>(1), "tool calls of those who have gone are taken back");

    [Fact]
    public void A_tool_call_whose_end_is_not_heard_of_is_noticed() =>
        AssertNoticed(() => new ForgetsToolCalls(), "tool accounts are consistent", "every request is answered");

    [Fact]
    public void A_result_of_a_tool_that_is_dropped_is_noticed() =>
        AssertNoticed(() => new DropsEvery<AnswerToolCall>(1), "every request is answered");

    [Fact]
    public void A_server_of_tools_whose_end_is_not_heard_of_is_noticed() =>
        AssertNoticed(() => new ForgetsToolServers(), "the kernel hears of every end of a server");

    [Fact]
    public void A_server_of_tools_started_twice_is_noticed() =>
        AssertNoticed(() => new StartsToolServersTwice(), "one start of a server at a time");

    [Fact]
    public void A_tool_called_without_the_right_is_noticed() =>
        AssertNoticed(() => new CallsForOthers(), "no tool is called without the right");

    [Fact]
    public void A_tool_called_before_its_record_is_on_disk_is_noticed() =>
        AssertNoticed(
            () => new WaitsForNothing(),
            "no tool is called before its record is on disk",
            "durable state is the fold of the journal");

    [Fact]
    public void An_end_of_a_pipe_that_is_closed_twice_is_noticed() =>
        AssertNoticed(() => new ClosesEndsTwice(), "an end of a pipe is closed once");

    [Fact]
    public void A_pipe_whose_second_end_is_not_its_last_is_noticed() =>
        AssertNoticed(() => new KeepsPipes(), "a pipe is gone with its second end");

    [Fact]
    public void A_pipe_that_outlives_its_holder_is_noticed() =>
        AssertNoticed(
            () => new KeepsEnds(), "ends of pipes close with their holders",
            "durable state is the fold of the journal");

    [Fact]
    public void An_event_that_is_not_sent_is_noticed() =>
        AssertNoticed(() => new DropsEvery<Publish>(7), "no event is lost unsaid");

    [Fact]
    public void A_kept_event_that_is_left_out_is_noticed() =>
        AssertNoticed(() => new LeavesOutKept(), "no event is lost unsaid");

    [Fact]
    public void An_event_sent_twice_is_noticed() =>
        AssertNoticed(() => new SendsEventsTwice(), "events come in their order");

    [Fact]
    public void An_event_told_to_a_stranger_is_noticed() =>
        AssertNoticed(
            () => new TellsStrangers(),
            "agents are told of those alone whom they may read",
            "events come in their order");

    [Fact]
    public void An_agent_that_is_started_twice_is_noticed() =>
        AssertNoticed(() => new StartsTwice(), "never two live incarnations of one agent");

    [Fact]
    public void A_restart_that_never_comes_is_noticed() =>
        AssertNoticed(() => new ForgetsUnitTimers(), "what is due happens");

    [Fact]
    public void A_failure_that_is_forgotten_is_noticed() =>
        AssertNoticed(() => new ForgetsFailures(), "durable state is the fold of the journal");

    [Fact]
    public void A_report_says_how_to_see_it_again()
    {
        var result = FirstNoticed(() => new AnswersTwice());

        var report = result.Report();
        Assert.StartsWith($"./analemma sim --seed {result.Seed} --steps {result.Steps}: FAILED at step", report);
        Assert.True(result.LastEvents.Count > 10);
        Assert.Contains(result.LastEvents[^1], report, StringComparison.Ordinal);
    }

    private static void AssertNoticed(Func<Sabotage> sabotage, params string[] invariants)
    {
        var result = FirstNoticed(sabotage);
        Assert.True(
            invariants.Any(name => result.Violation!.StartsWith(name + ":", StringComparison.Ordinal)),
            $"noticed otherwise: {result.Report()}");
    }

    private static SimulationResult FirstNoticed(Func<Sabotage> sabotage) =>
        Enumerable.Range(1, SeedsMax)
            .Select(seed => SimulationRun.Run(seed, sabotage: sabotage()))
            .FirstOrDefault(result => result.Violation is not null)
        ?? throw new InvalidOperationException($"not noticed in {SeedsMax} worlds");

    private sealed class DropsTooMuch : Sabotage
    {
        private KernelState _state = new();

        public override void AfterTurn(KernelState state) => _state = state;

        public override IEnumerable<Effect> Change(IReadOnlyList<Effect> effects) => effects.Select(effect =>
            effect is DropBodies drop ? new DropBodies([.. drop.Bodies, .. _state.Conversations.Bodies]) : effect);
    }

    private sealed class DropsEvery<T>(int nth) : Sabotage
        where T : Effect
    {
        private int _count;

        public override IEnumerable<Effect> Change(IReadOnlyList<Effect> effects) =>
            effects.Where(effect => effect is not T || ++_count % nth != 0);
    }

    private sealed class ClosesEndsTwice : Sabotage
    {
        public override IEnumerable<Effect> Change(IReadOnlyList<Effect> effects) =>
            effects.SelectMany<Effect, Effect>(effect => effect is ClosePipeEnd ? [effect, effect] : [effect]);
    }

    private sealed class KeepsPipes : Sabotage
    {
        public override IEnumerable<Effect> Change(IReadOnlyList<Effect> effects) =>
            effects.Select(effect => effect is ClosePipeEnd close ? close with { IsLast = false } : effect);
    }

    private sealed class KeepsEnds : Sabotage
    {
        public override void AfterTurn(KernelState state)
        {
            if (state.Pipes.All.FirstOrDefault() is { Reader: { } reader } pipe)
            {
                pipe.Reader = reader with { Holder = new ProcessId(4_000_000) };
            }
        }
    }

    private sealed class LeavesOutKept : Sabotage
    {
        public override IEnumerable<Effect> Change(IReadOnlyList<Effect> effects) => effects.Select(effect =>
            effect is PublishKept { Events.Count: > 2 } kept
                ? kept with { Events = [kept.Events[0], .. kept.Events.Skip(2)] } : effect);
    }

    private sealed class SendsEventsTwice : Sabotage
    {
        public override IEnumerable<Effect> Change(IReadOnlyList<Effect> effects) =>
            effects.SelectMany<Effect, Effect>(effect => effect is Publish ? [effect, effect] : [effect]);
    }

    /// <summary>What happens to anybody, to the one who was told of something before.</summary>
    private sealed class TellsStrangers : Sabotage
    {
        private CallId? _agents;

        public override bool Hears(KernelEvent @event)
        {
            _agents = @event switch
            {
                KernelStarted => null,
                CallCancelled cancelled when cancelled.Call == _agents => null,
                SyscallArrived { Caller.IsHost: false, Syscall: Subscribe { Stream: not false, From: null } } arrived =>
                    arrived.Call,
                _ => _agents,
            };
            return true;
        }

        public override IEnumerable<Effect> Change(IReadOnlyList<Effect> effects) => effects.Select(effect =>
            effect is Publish publish && _agents is { } other ? publish with { Subscriber = other } : effect);
    }

    private sealed class ForeseesAnotherName : Sabotage
    {
        public override Launch Foresee(Launch launch) =>
            launch with { Plan = launch.Plan with { Name = launch.Plan.Name + "_" } };
    }

    private sealed class AnswersTwice : Sabotage
    {
        private int _count;

        public override IEnumerable<Effect> Change(IReadOnlyList<Effect> effects) =>
            effects.SelectMany<Effect, Effect>(
                effect => effect is Answer && ++_count % 20 == 0 ? [effect, effect] : [effect]);
    }

    private sealed class WaitsForNothing : Sabotage
    {
        public override bool WaitsForDisk => false;
    }

    private sealed class ReusesAnId : Sabotage
    {
        private ProcessId? _first;

        public override IEnumerable<Effect> Change(IReadOnlyList<Effect> effects)
        {
            foreach (var effect in effects)
            {
                if (effect is Launch launch)
                {
                    _first ??= launch.Process;
                    yield return launch with { Process = _first.Value };
                }
                else
                {
                    yield return effect;
                }
            }
        }
    }

    private sealed class ForgetsExits : Sabotage
    {
        public override bool Hears(KernelEvent @event) => @event is not SandboxExited;
    }

    /// <summary>As if two kernels, or one that forgot, had seen to the same agent.</summary>
    private sealed class StartsTwice : Sabotage
    {
        private KernelState _state = new();

        public override void AfterTurn(KernelState state) => _state = state;

        public override IEnumerable<Effect> Change(IReadOnlyList<Effect> effects) =>
            effects.SelectMany<Effect, Effect>(effect => effect is Launch launch
                && _state.Fleets.TryUnit(launch.Process, out _)
                ? [effect, launch with { Process = new ProcessId(launch.Process.Value + 1_000_000) }] : [effect]);
    }

    private sealed class ForgetsUnitTimers : Sabotage
    {
        public override bool Hears(KernelEvent @event) => @event is not UnitDue;
    }

    private sealed class ForgetsFailures : Sabotage
    {
        public override void AfterTurn(KernelState state)
        {
            foreach (var unit in state.Fleets.Units)
            {
                unit.Failures = 0;
            }
        }
    }

    private sealed class CallsModelsTwice : Sabotage
    {
        private int _count;

        public override IEnumerable<Effect> Change(IReadOnlyList<Effect> effects) =>
            effects.SelectMany<Effect, Effect>(
                effect => effect is StartModelCall && ++_count % 20 == 0 ? [effect, effect] : [effect]);
    }

    private sealed class SendsElsewhere : Sabotage
    {
        public override IEnumerable<Effect> Change(IReadOnlyList<Effect> effects) => effects.Select(effect =>
            effect is SendHttp { Rule.Host: not "*" } send
                ? send with { Target = HttpUrl.Parse("https://evil.test/", out _)! } : effect);
    }

    /// <summary>What FETCH answers has the version of another value.</summary>
    private sealed class StoresOthers : Sabotage
    {
        public override IEnumerable<Effect> Change(IReadOnlyList<Effect> effects) => effects.Select(effect =>
            effect is Answer { Reply: Analemma.Abi.Syscalls.FetchReply { Version: > 1 } fetch } answer
                ? answer with { Reply = fetch with { Version = fetch.Version - 1 } } : effect);
    }

    private sealed class WidensRules : Sabotage
    {
        public override IEnumerable<Effect> Change(IReadOnlyList<Effect> effects) => effects.Select(effect =>
            effect is SendHttp { Rule.AllowPrivate: false } send
                ? send with { Rule = send.Rule with { AllowPrivate = true } } : effect);
    }

    private sealed class ForgetsRequests : Sabotage
    {
        private int _count;

        public override bool Hears(KernelEvent @event) => @event is not HttpEnded || ++_count % 5 != 0;
    }

    private sealed class ServesAgentsSecrets : Sabotage
    {
        public override IEnumerable<Effect> Change(IReadOnlyList<Effect> effects) => effects.Select(effect =>
            effect is Refuse { Error.Hint: { } hint } refuse && hint.Contains("capability: secrets")
                ? new PerformSecret(refuse.Call, new Analemma.Abi.Syscalls.SecretList()) : effect);
    }

    private sealed class CallsToolsTwice : Sabotage
    {
        public override IEnumerable<Effect> Change(IReadOnlyList<Effect> effects) =>
            effects.SelectMany<Effect, Effect>(effect => effect is StartToolCall ? [effect, effect] : [effect]);
    }

    private sealed class StartsToolServersTwice : Sabotage
    {
        public override IEnumerable<Effect> Change(IReadOnlyList<Effect> effects) =>
            effects.SelectMany<Effect, Effect>(effect => effect is StartToolServer ? [effect, effect] : [effect]);
    }

    /// <summary>In the name of the first process, whatever it may.</summary>
    private sealed class CallsForOthers : Sabotage
    {
        public override IEnumerable<Effect> Change(IReadOnlyList<Effect> effects) =>
            effects.Select(effect => effect is StartToolCall start ? start with { Process = new(1) } : effect);
    }

    private sealed class ForgetsToolCalls : Sabotage
    {
        private int _count;

        public override bool Hears(KernelEvent @event) => @event is not ToolCallEnded || ++_count % 5 != 0;
    }

    private sealed class ForgetsToolServers : Sabotage
    {
        public override bool Hears(KernelEvent @event) => @event is not ToolServerEnded;
    }

    private sealed class ForgetsModelCalls : Sabotage
    {
        private int _count;

        public override bool Hears(KernelEvent @event) => @event is not ModelCallEnded || ++_count % 20 != 0;
    }

    private sealed class ReservesTooLittle : Sabotage
    {
        public override IEnumerable<Effect> Change(IReadOnlyList<Effect> effects) =>
            effects.Select(effect => effect is StartModelCall start
                ? start with { OutputTokensMax = start.OutputTokensMax * 10 }
                : effect);
    }

    private sealed class ForgetsAnAudit : Sabotage
    {
        public override void AfterTurn(KernelState state)
        {
            foreach (var process in state.Processes.Living)
            {
                process.AuditRecords = 0;
            }
        }
    }
}

using System.Diagnostics;
using System.Text;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Json;
using Analemma.Workflow.Testing;

namespace Analemma.Fuzz;

/// <summary>
/// Hostile definitions, inputs and answers, against the reader and the machine of the States Language: whatever they
/// are, there are diagnostics or an execution, and never an exception. Each case is made from the seed and its number.
/// </summary>
internal static class StatesTarget
{
    private const int EventsMax = 40;

    private static readonly string[] Definitions =
    [
        """
        {"StartAt":"A","TimeoutSeconds":9,"States":{"A":{"Type":"Pass","InputPath":"$.a","Parameters":{"b.$":
        "States.Format('{} {}', $.a[0], $$.State.Name)","c":[1,{"d.$":"$..x[?(@.y > 1 && @.z =~ /a+/)]"}]},
        "ResultPath":"$.r[0].s","OutputPath":"$['r']","Assign":{"v.$":"$.a.length()"},"Next":"B"},"B":{"Type":"Choice",
        "Choices":[{"And":[{"Variable":"$v","NumericGreaterThan":1},{"Not":{"Variable":"$.t","TimestampLessThan":
        "2016-12-05T21:29:29Z"}}],"Next":"C"},{"Variable":"$.s","StringMatches":"a*\\*b","Next":"A"}],"Default":"C"},
        "C":{"Type":"Wait","SecondsPath":"$.n","Next":"D"},"D":{"Type":"Fail","ErrorPath":"$.e","Cause":"c"}}}
        """,
        """
        {"StartAt":"P","States":{"P":{"Type":"Parallel","Branches":[{"StartAt":"X","States":{"X":{"Type":"Task",
        "Resource":"arn:aws:states:::sqs:sendMessage.waitForTaskToken","Parameters":{"t.$":"$$.Task.Token"},
        "HeartbeatSeconds":3,"TimeoutSecondsPath":"$.t","ResultSelector":{"x.$":"$.y[1:3:2]"},"End":true}}}],
        "Retry":[{"ErrorEquals":["States.ALL"],"IntervalSeconds":1,"MaxAttempts":2,"BackoffRate":1.5,"JitterStrategy":
        "FULL","MaxDelaySeconds":5}],"Catch":[{"ErrorEquals":["States.ALL"],"ResultPath":"$.e","Next":"M"}],"Next":"M"},
        "M":{"Type":"Map","ItemsPath":"$.items","MaxConcurrency":2,"ItemSelector":{"i.$":"$$.Map.Item.Index"},
        "ItemProcessor":{"StartAt":"Y","States":{"Y":{"Type":"Pass","End":true}}},"End":true}}}
        """,
        """
        {"QueryLanguage":"JSONata","StartAt":"A","States":{"A":{"Type":"Task","Resource":
        "arn:aws:lambda:us-east-1:000000000000:function:f","Arguments":{"a":"{% $states.input.items.(n * 2) %}"},
        "Assign":{"w":"{% $states.result %}"},"Output":"{% {'r': $w, 't': $now()} %}","Next":"D"},"D":{"Type":"Map",
        "Items":"{% [1..3] %}","Label":"l","ToleratedFailurePercentage":50,"ItemBatcher":{"MaxItemsPerBatch":2},
        "ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"Z","States":
        {"Z":{"Type":"Succeed"}}},"ResultWriter":{"WriterConfig":{"Transformation":"FLATTEN"}},"End":true}}}
        """,
    ];

    private static readonly string[] Words =
    [
        "null", "\"$\"", "\"$$\"", "\"$.a..*\"", "\"States.UUID()\"", "\"{% $ %}\"", "\"{% $states %}\"", "-1", "1e999",
        "0.5", "99999999999999999999", "[]", "{}", "true", "\"\"", "\"\\ud800\"", "\"2016-12-05T21:29:29Z\"", "[[[[",
        "}}",
        "\"States.Array($.a, $.b[?(@)], States.MathAdd(1, -1))\"", "\"$.a[-1:2]\"", "\"A\"", "\"DISTRIBUTED\"",
    ];

    /// <summary>Runs cases until the first that breaks something.</summary>
    /// <returns>Null, or what broke and how to run it again.</returns>
    public static string? Run(ulong seed, long count, ulong first = 0, double minutes = 0)
    {
        var started = Stopwatch.GetTimestamp();
        var (machines, last) = (0, first + (ulong)count);
        for (var number = first; number < last || minutes > 0; number++)
        {
            if (minutes > 0 && Stopwatch.GetElapsedTime(started).TotalMinutes >= minutes)
            {
                count = (long)(number - first);
                break;
            }

            FuzzRandom random = new(seed, number);
            try
            {
                machines += RunCase(ref random) ? 1 : 0;
            }
            catch (Exception broken)
            {
                return $"states: seed {seed} --case {number}: {broken}";
            }
        }

        var took = Stopwatch.GetElapsedTime(started).TotalSeconds;
        Console.WriteLine(
            $"states: seed {seed}, {count} definitions, {machines} of them run, {took:F1} s, "
            + $"{count / took:F0} a second");
        return null;
    }

    private static bool RunCase(ref FuzzRandom random)
    {
        var text = Mutate(ref random, random.Pick(Definitions));
        var reading = DefinitionReader.Read(text, isExpress: random.OneIn(4));
        _ = InvalidDefinition.Message(reading, text);
        _ = ExecutionInput.TryParse(text, out _, out _);
        if (reading.Machine is null)
        {
            return false;
        }

        var input = InputOf(ref random);
        Execute(ref random, reading.Machine, input);
        StateTest.Begin(new StateTestRequest
        {
            Definition = text,
            StateName = reading.Machine.StartAt,
            Input = input.ToString(),
            Mock = random.OneIn(2) ? new StateMock { Result = random.Pick(Words) } : null,
            RoleArn = "r",
            Identity = Identity,
            At = default,
        });
        return true;
    }

    private static void Execute(ref FuzzRandom random, StateMachineDefinition machine, JsonValue input)
    {
        ExecutionState state = new();
        var at = DateTimeOffset.UnixEpoch;
        var result = ExecutionMachine.Step(machine, Identity, state, new ExecutionEvent.Started(at, input));
        for (var i = 0; i < EventsMax && !state.IsOver; i++)
        {
            if (result.History.Any(happened => happened.ToService().IsUndefined))
            {
                throw new InvalidOperationException("an event that cannot be told");
            }

            at = at.AddSeconds(random.Below(5));
            result = ExecutionMachine.Step(machine, Identity, state, EventOf(ref random, state, at));
        }
    }

    // Also such as nobody waits for.
    private static ExecutionEvent EventOf(ref FuzzRandom random, ExecutionState state, DateTimeOffset at)
    {
        var tasks = state.OpenTasks().Select(task => task.TaskId).DefaultIfEmpty(random.Below(9)).ToArray();
        var timers = state.OpenTimers().Select(timer => timer.TimerId).DefaultIfEmpty(random.Below(9)).ToArray();
        var value = InputOf(ref random);
        long task = random.Pick(tasks);
        return random.Below(12) switch
        {
            0 or 1 => new ExecutionEvent.TaskSubmitted(at, task, value),
            2 or 3 => new ExecutionEvent.TaskSucceeded(at, task, value),
            4 => new ExecutionEvent.TaskFailed(at, task, random.OneIn(2) ? "States.ALL" : null, null),
            5 => new ExecutionEvent.TaskHeartbeat(at, task),
            6 => new ExecutionEvent.ItemsRead(at, random.Below(9), JsonArray.Of(value, value, value)),
            7 or 8 => new ExecutionEvent.ChildEnded(
                at, random.Below(9), random.Below(4) - 1, (ExecutionStatus)random.Below(5), value, "E", null),
            9 => new ExecutionEvent.Redriven(at),
            10 when random.OneIn(8) => new ExecutionEvent.Stopped(at, null, null),
            _ => new ExecutionEvent.TimerFired(at, random.Pick(timers)),
        };
    }

    private static JsonValue InputOf(ref FuzzRandom random)
    {
        var word = random.Pick(Words);
        var known = """{"a":[{"x":1,"y":2},"b"],"n":1,"t":3,"s":"ab","e":"E","items":[{"n":1},{"n":2}]}""";
        return JsonValue.TryParse(
            Encoding.UTF8.GetBytes(random.OneIn(2) ? known : word), JsonLimits.Default, out var value, out _)
            ? value
            : JsonValue.Null;
    }

    private static string Mutate(ref FuzzRandom random, string text)
    {
        StringBuilder made = new(text);
        for (var times = random.Below(6); times > 0 && made.Length > 8; times--)
        {
            var (at, length) = (random.Below(made.Length - 8), random.Below(8));
            switch (random.Below(5))
            {
                case 0:
                    made.Remove(at, length);
                    break;
                case 1:
                    made.Insert(at, made.ToString(at, length));
                    break;
                case 2:
                    made[at] = (char)random.Below(0x250);
                    break;
                default:
                    Replace(ref random, made, at);
                    break;
            }
        }

        return made.ToString();
    }

    // A value of the document by another one: what stays JSON comes furthest.
    private static void Replace(ref FuzzRandom random, StringBuilder text, int from)
    {
        var whole = text.ToString();
        var colon = whole.IndexOf(':', from);
        var end = colon < 0 ? -1 : whole.IndexOfAny([',', '}'], colon);
        if (end > colon)
        {
            text.Remove(colon + 1, end - colon - 1);
            text.Insert(colon + 1, random.Pick(Words));
        }
    }

    internal static ExecutionIdentity Identity { get; } = new()
    {
        Id = "arn:e",
        Name = "e",
        RoleArn = "r",
        StateMachineArn = "arn:m",
        StateMachineName = "m",
        Seed = "seed",
        EventsMax = 2_000,
    };
}

using System.Globalization;
using System.Text;
using Analemma.Workflow.Definitions;

namespace Analemma.Simulator.Workflows;

/// <summary>
/// Draws state machines that are valid: what waits, what asks outside, what branches, each with retries, catchers and
/// timeouts as they come.
/// </summary>
internal sealed class MachineMaker(SeededRandom random)
{
    private const int DepthMax = 2;
    private const int LoopRounds = 400;
    private const string Function = "arn:aws:lambda:us-east-1:000000000000:function:f";
    private const string Token = "arn:aws:states:::lambda:invoke.waitForTaskToken";

    /// <summary>Of executions: an object, as all states here leave one.</summary>
    public const string Input = """{"n":0,"items":[1,2,3]}""";

    private int _names;

    public StateMachineDefinition Make()
    {
        _names = 0;
        var text = random.Chance(700) ? Loop() : Machine(DepthMax);
        if (random.Chance(1_000))
        {
            text = string.Create(
                CultureInfo.InvariantCulture, $"{{\"TimeoutSeconds\":{random.Between(5, 100_000)},{text[1..]}");
        }

        var reading = DefinitionReader.Read(text);
        return reading.Machine ?? throw new InvalidOperationException($"no machine: {reading.Problem}\n{text}");
    }

    private string Machine(int depth)
    {
        var names = Enumerable.Range(0, random.Below(4) + 1).Select(_ => Name()).ToArray();
        StringBuilder text = new($"{{\"StartAt\":\"{names[0]}\",\"States\":{{");
        for (var i = 0; i < names.Length; i++)
        {
            var next = i + 1 < names.Length ? names[i + 1] : null;
            text.Append(i > 0 ? "," : "").Append(CultureInfo.InvariantCulture, $"\"{names[i]}\":{{");
            text.Append(State(depth, next)).Append('}');
        }

        return text.Append("}}").ToString();
    }

    private string State(int depth, string? next)
    {
        var goes = next is null ? "\"End\":true" : $"\"Next\":\"{next}\"";
        return random.Below(depth > 0 ? 11 : 7) switch
        {
            0 => $"\"Type\":\"Pass\",{goes}",
            1 => string.Create(
                CultureInfo.InvariantCulture, $"\"Type\":\"Wait\",\"Seconds\":{random.Between(0, Seconds())},{goes}"),
            2 when next is not null =>
                $"\"Type\":\"Choice\",\"Choices\":[{{\"Variable\":\"$.n\",\"IsPresent\":true,\"Next\":\"{next}\"}}],"
                + $"\"Default\":\"{next}\"",
            2 or 3 or 4 => $"\"Type\":\"Task\",\"Resource\":\"{Function}\",\"ResultPath\":\"$.r\","
                + Limits(mayBeat: false) + Failures(next) + goes,
            5 or 6 => $"\"Type\":\"Task\",\"Resource\":\"{Token}\",\"ResultPath\":\"$.r\",\"Parameters\":"
                + "{\"FunctionName\":\"f\",\"Payload\":{\"token.$\":\"$$.Task.Token\"}},"
                + Limits(mayBeat: true) + Failures(next) + goes,
            7 or 8 => $"\"Type\":\"Parallel\",\"ResultPath\":\"$.p\",\"Branches\":[{Machine(depth - 1)},"
                + $"{Machine(depth - 1)}],{Failures(next)}{goes}",
            9 => Map(Machine(depth - 1), next) + goes,
            _ => Map(Distributed(Machine(random.Chance(1_000) ? depth - 1 : 0)), next) + goes,
        };
    }

    private string Map(string processor, string? next) => string.Create(
        CultureInfo.InvariantCulture,
        $"\"Type\":\"Map\",\"ItemsPath\":\"$.items\",\"ResultPath\":\"$.m\",")
        + "\"ItemSelector\":{\"n\":1,\"items\":[1,2]},\"ItemProcessor\":" + processor
        + string.Create(CultureInfo.InvariantCulture, $",\"MaxConcurrency\":{random.Below(3)},")
        + Failures(next);

    // EXPRESS executions wait for no token and have no Maps of executions.
    private string Distributed(string machine)
    {
        var mayBeExpress = !machine.Contains(Token, StringComparison.Ordinal)
            && !machine.Contains("DISTRIBUTED", StringComparison.Ordinal);
        var type = mayBeExpress && random.Chance(5_000) ? "EXPRESS" : "STANDARD";
        return $"{{\"ProcessorConfig\":{{\"Mode\":\"DISTRIBUTED\",\"ExecutionType\":\"{type}\"}},{machine[1..]}";
    }

    // Hundreds of states that want nothing: more than one turn may take.
    private string Loop()
    {
        var rounds = LoopRounds.ToString(CultureInfo.InvariantCulture);
        return "{\"StartAt\":\"Add\",\"States\":{\"Add\":{\"Type\":\"Pass\",\"Parameters\":"
            + "{\"n.$\":\"States.MathAdd($.n, 1)\",\"items.$\":\"$.items\"},\"Next\":\"Again\"},"
            + "\"Again\":{\"Type\":\"Choice\",\"Choices\":[{\"Variable\":\"$.n\",\"NumericLessThan\":" + rounds
            + ",\"Next\":\"Add\"}],\"Default\":\"Last\"},\"Last\":{" + State(0, null) + "}}}";
    }

    private string Limits(bool mayBeat)
    {
        StringBuilder text = new();
        var timeout = random.Between(2, 600);
        if (random.Chance(5_000))
        {
            text.Append(CultureInfo.InvariantCulture, $"\"TimeoutSeconds\":{timeout},");
        }

        if (mayBeat && random.Chance(5_000))
        {
            text.Append(CultureInfo.InvariantCulture, $"\"HeartbeatSeconds\":{random.Between(1, timeout - 1)},");
        }

        return text.ToString();
    }

    private string Failures(string? next)
    {
        StringBuilder text = new();
        if (random.Chance(5_000))
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"\"Retry\":[{{\"ErrorEquals\":[\"Boom\",\"States.Timeout\"],");
            text.Append(CultureInfo.InvariantCulture, $"\"IntervalSeconds\":{random.Between(1, 60)},");
            text.Append(CultureInfo.InvariantCulture, $"\"MaxAttempts\":{random.Between(0, 4)},\"BackoffRate\":2");
            text.Append(random.Chance(5_000) ? ",\"JitterStrategy\":\"FULL\"}]," : "}],");
        }

        if (next is not null && random.Chance(5_000))
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"\"Catch\":[{{\"ErrorEquals\":[\"States.ALL\"],\"ResultPath\":\"$.e\",\"Next\":\"{next}\"}}],");
        }

        return text.ToString();
    }

    private long Seconds() => random.Chance(1_000) ? 40_000_000 : random.Chance(5_000) ? 3_600 : 5;

    private string Name() => string.Create(CultureInfo.InvariantCulture, $"S{++_names}");
}

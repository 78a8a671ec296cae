using System.Globalization;
using Analemma.Integration.Tests.Models.Wire;
using Analemma.Models.Simulated;

namespace Analemma.Integration.Tests.Models;

/// <summary>What a provider does in one test: on the wire, or as a script of the simulated model.</summary>
internal abstract record Scene
{
    private Scene()
    {
    }

    /// <summary>Answers; a stream has one event for each piece.</summary>
    public sealed record Answers(params string[] Pieces) : Scene
    {
        public bool HasUsage { get; init; } = true;
    }

    public sealed record CallsTool(string Tool, string Arguments) : Scene;

    public sealed record Fails(WireError Error, string Message = "It does not work.", string Headers = "") : Scene;

    /// <summary>Ends the connection after the first piece of a stream, or within the body of an answer.</summary>
    public sealed record Cuts(params string[] Pieces) : Scene;

    /// <summary>Says the first piece and then nothing; without pieces, nothing at all.</summary>
    public sealed record Stalls(params string[] Pieces) : Scene;

    /// <summary>Whatever the test writes.</summary>
    public sealed record Wire(Func<Exchange, Task> Script) : Scene;

    public async Task PlayAsync(ProviderWire wire, Exchange exchange)
    {
        var isStream = wire.Read(exchange.Request).IsStream;
        switch (this)
        {
            case Answers answers when isStream:
                await PlayStreamAsync(exchange, wire.Stream(answers.Pieces, answers.HasUsage));
                break;
            case Answers answers:
                await exchange.AnswerAsync(200, wire.Answer(string.Concat(answers.Pieces), answers.HasUsage));
                break;
            case CallsTool call when isStream:
                await PlayStreamAsync(exchange, wire.StreamedToolCall(call.Tool, call.Arguments));
                break;
            case CallsTool call:
                await exchange.AnswerAsync(200, wire.ToolCall(call.Tool, call.Arguments));
                break;
            case Fails fails:
                var (status, body) = wire.Error(fails.Error, fails.Message);
                await exchange.AnswerAsync(status, body, fails.Headers);
                break;
            case Cuts cuts:
                await CutAsync(wire, exchange, isStream, cuts.Pieces);
                break;
            case Stalls stalls:
                await StallAsync(wire, exchange, stalls.Pieces);
                break;
            case Wire script:
                await script.Script(exchange);
                break;
        }
    }

    /// <summary>The same for the simulated model.</summary>
    public IReadOnlyList<SimulatedRule> Rules() => this switch
    {
        Answers answers => [Say(answers.Pieces)],
        CallsTool call => [new(".*", new SimulatedAnswer.ToolCall(call.Tool, Literal(call.Arguments)))],
        Fails fails => [new(".*", new SimulatedAnswer.Fault(FaultOf(fails)))],
        Cuts cuts => [Break(SimulatedFaultKind.Cut, 1), Say(cuts.Pieces)],
        Stalls { Pieces: [] } => [Break(SimulatedFaultKind.Stall, 0)],
        Stalls stalls => [Break(SimulatedFaultKind.Stall, 1), Say(stalls.Pieces)],
        Wire => [],
        _ => throw new NotSupportedException($"{this} is of the wire."),
    };

    private static async Task PlayStreamAsync(Exchange exchange, IEnumerable<string> events)
    {
        await exchange.BeginStreamAsync();
        foreach (var each in events)
        {
            await exchange.ChunkAsync(each);
        }

        await exchange.EndStreamAsync();
    }

    private static async Task CutAsync(ProviderWire wire, Exchange exchange, bool isStream, string[] pieces)
    {
        if (isStream)
        {
            await exchange.BeginStreamAsync();
            foreach (var each in UntilFirst(wire, pieces))
            {
                await exchange.ChunkAsync(each);
            }
        }
        else
        {
            var body = wire.Answer(string.Concat(pieces), true);
            await exchange.WriteAsync(string.Create(
                CultureInfo.InvariantCulture, $"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body[..20]}"));
        }

        exchange.Close();
    }

    private static async Task StallAsync(ProviderWire wire, Exchange exchange, string[] pieces)
    {
        if (pieces.Length > 0)
        {
            await exchange.BeginStreamAsync();
            foreach (var each in UntilFirst(wire, pieces))
            {
                await exchange.ChunkAsync(each);
            }
        }

        await exchange.StallAsync();
    }

    /// <summary>The events up to and with the first piece.</summary>
    private static IEnumerable<string> UntilFirst(ProviderWire wire, string[] pieces)
    {
        foreach (var each in wire.Stream([pieces[0], "never sent"], true))
        {
            if (each.Contains("never sent", StringComparison.Ordinal))
            {
                yield break;
            }

            yield return each;
        }
    }

    private static SimulatedRule Say(string[] pieces) =>
        new(".*", new SimulatedAnswer.Text(Literal(string.Concat(pieces))));

    private static SimulatedRule Break(SimulatedFaultKind kind, int after) =>
        new(".*", new SimulatedAnswer.Fault(new SimulatedFault(kind) { After = after }));

    private static string Literal(string text) => text.Replace("$", "$$", StringComparison.Ordinal);

    private static SimulatedFault FaultOf(Fails fails) => fails.Error switch
    {
        WireError.RateLimited => new(SimulatedFaultKind.RateLimited) { RetryAfter = TimeSpan.FromSeconds(7) },
        WireError.ServerError => new(SimulatedFaultKind.ServerError),
        WireError.Overloaded => new(SimulatedFaultKind.Overloaded),
        _ => throw new NotSupportedException($"{fails.Error} is of the wire."),
    };
}

using System.CommandLine;
using System.Globalization;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Values;

namespace Analemma.Cli.Commands;

/// <summary>Makes vectors of texts, as an agent would, and tells how near the texts are to the first.</summary>
internal sealed class EmbedCommand : ICliCommand
{
    private const int NumbersShown = 4;

    private readonly Argument<string[]> _texts = new("TEXT")
    {
        Description = "What to make vectors of.",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string?> _model = new("--model", "-m")
    {
        HelpName = "MODEL",
        Description = "A model or alias that makes vectors. Default: the kernel's default model.",
    };

    private readonly Option<long?> _dimensions = new("--dimensions")
    {
        HelpName = "N",
        Description = "Numbers in a vector, of models that can make shorter ones.",
    };

    private readonly Option<string?> _timeout = new("--timeout")
    {
        HelpName = "TIME",
        Description = "Give up after this long, queueing included.",
    };

    public Command Declare(CommandSet set) => set.Does(
        new Command("embed", "Make vectors of texts.") { _texts, _model, _dimensions, _timeout },
        RunAsync,
        """
          analemma embed "a cat on a mat" "a dog on a mat" "stock prices fell"
          analemma embed "a query" --model text-embedding-3-small --json | jq -c .vectors[0]
        """);

    private async Task<int> RunAsync(Session session)
    {
        var texts = session.Parsed.GetValue(_texts)!;
        Embed embed = new()
        {
            Inputs = texts,
            Model = session.Parsed.GetValue(_model),
            Dimensions = session.Parsed.GetValue(_dimensions),
            TimeoutMs = Durations.Option(session.Parsed, _timeout),
        };
        await using var kernel = await session.ConnectAsync();
        var reply = await kernel.EmbedAsync(embed, session.CancellationToken);
        if (session.Json)
        {
            session.WriteJson(reply, AbiJsonContext.Default.EmbedReply);
            return ExitCodes.Ok;
        }

        for (var i = 0; i < texts.Length; i++)
        {
            var vector = reply.Vectors[i];
            var start = string.Join(", ", vector.Take(NumbersShown).Select(Number));
            var nearness = Number(Cosine(reply.Vectors[0], vector));
            session.Terminal.Output.WriteLine($"{nearness,6}  [{start}, … {vector.Count}]  {texts[i]}");
        }

        if (reply.Simulated)
        {
            session.Terminal.Error.WriteLine("simulated: no model was asked; see `analemma doctor` for providers");
        }

        return ExitCodes.Ok;
    }

    private static string Number(float number) => number.ToString("0.00", CultureInfo.InvariantCulture);

    private static float Cosine(IReadOnlyList<float> one, IReadOnlyList<float> other)
    {
        var (dot, a, b) = (0f, 0f, 0f);
        for (var i = 0; i < one.Count; i++)
        {
            (dot, a, b) = (dot + (one[i] * other[i]), a + (one[i] * one[i]), b + (other[i] * other[i]));
        }

        return dot / MathF.Sqrt(a * b);
    }
}

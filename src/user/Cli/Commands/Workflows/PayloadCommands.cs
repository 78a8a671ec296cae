using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Analemma.Cli.Commands.Workflows;

/// <summary>Payloads that answers leave out, because they are large.</summary>
internal sealed class PayloadCommands
{
    private readonly Argument<string?> _digest = new("SHA256")
    {
        Description = "Its digest, as answers have it.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<bool> _sweep = new("--sweep")
    {
        Description = "Delete at once what no execution refers to.",
    };

    public IEnumerable<Command> Declare(CommandSet set)
    {
        yield return set.Does(
            new Command("payload", "Print a large payload that an answer left out.") { _digest, _sweep },
            RunAsync,
            """
              analemma sm call DescribeExecution '{"executionArn": "arn:…"}'    outputDetails has sha256
              analemma sm payload 3f7a… > output.json
              analemma sm payload --sweep
            """);
    }

    private async Task<int> RunAsync(Session session)
    {
        await using var kernel = await session.ConnectAsync();
        WorkflowApi api = new(kernel, session.CancellationToken);
        if (session.Parsed.GetValue(_sweep))
        {
            JsonText.Write(session, await api.CallAsync("SweepPayloads", []));
            return ExitCodes.Ok;
        }

        var digest = session.Parsed.GetValue(_digest)
            ?? throw CliException.Usage("name a payload by its digest, or give --sweep");
        await PrintAsync(session, api, digest);
        return ExitCodes.Ok;
    }

    /// <summary>Prints an execution's output, also one that is too large for an answer.</summary>
    public static async Task PrintOutputAsync(Session session, WorkflowApi api, JsonElement described)
    {
        if (described.TryGetProperty("outputDetails", out var details)
            && details.TryGetProperty("sha256", out var digest))
        {
            await PrintAsync(session, api, digest.GetString()!);
            session.Terminal.Output.WriteLine();
        }
        else
        {
            session.Terminal.Output.WriteLine(JsonText.Text(described, "output"));
        }
    }

    private static async Task PrintAsync(Session session, WorkflowApi api, string digest)
    {
        // A piece may end within a character.
        var decoder = System.Text.Encoding.UTF8.GetDecoder();
        var text = new char[16 * 1024];
        for (long offset = 0, bytes = 1; offset < bytes;)
        {
            var answer = await api.CallAsync(
                "ReadPayload", new JsonObject { ["sha256"] = digest, ["offset"] = offset });
            bytes = answer.GetProperty("bytes").GetInt64();
            var piece = answer.GetProperty("data").GetBytesFromBase64();
            offset += piece.Length;
            for (ReadOnlyMemory<byte> rest = piece; !rest.IsEmpty;)
            {
                decoder.Convert(rest.Span, text, flush: false, out var used, out var made, out _);
                session.Terminal.Output.Write(text.AsSpan(0, made));
                rest = rest[used..];
            }
        }
    }
}

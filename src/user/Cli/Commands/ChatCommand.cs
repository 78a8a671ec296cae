using System.CommandLine;
using System.Text;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Output;
using Analemma.Client;

namespace Analemma.Cli.Commands;

/// <summary>Talks with a model, line by line, in a conversation that the kernel keeps.</summary>
internal sealed class ChatCommand : ICliCommand
{
    private const string Help =
        "/tokens how long it is · /fork go on in another that begins like this · /compact shorten it · "
        + "/history what was said · /quit leave, and forget it · /keep leave, and keep it";

    private readonly Option<string?> _model = new("--model", "-m")
    {
        HelpName = "MODEL",
        Description = "A model or alias of the kernel's settings. Default: its default model.",
    };

    private readonly Option<string?> _system = new("--system")
    {
        HelpName = "TEXT",
        Description = "Who the model shall be and what it shall heed.",
    };

    private readonly Option<long?> _id = new("--conversation", "-c")
    {
        HelpName = "ID",
        Description = "Go on with a conversation that was kept.",
    };

    private readonly Option<long?> _compact = new("--compact-at")
    {
        HelpName = "TOKENS",
        Description = "Have the kernel shorten the conversation when a call would read so many tokens.",
    };

    private readonly Option<bool> _list = new("--list") { Description = "List the conversations that are kept." };

    public Command Declare(CommandSet set) => set.Does(
        new Command("chat", "Talk with a model.") { _model, _system, _id, _compact, _list },
        RunAsync,
        """
          analemma chat --system "Be brief."
          printf 'Name a city.\nAnother one.\n' | analemma chat
          analemma chat --list --json | jq '.conversations[].conversation'
          In it: /tokens, /fork, /compact, /history, /keep, /quit.
        """);

    private async Task<int> RunAsync(Session session)
    {
        await using var kernel = await session.ConnectAsync();
        if (session.Parsed.GetValue(_list))
        {
            return await ListAsync(session, kernel);
        }

        var asked = session.Parsed.GetValue(_id);
        var talk = asked is { } id
            ? new Conversation(kernel, id)
            : await kernel.OpenConversationAsync(
                new ConversationOpen
                {
                    Name = "chat",
                    Model = session.Parsed.GetValue(_model),
                    SystemInstruction = session.Parsed.GetValue(_system),
                    Compaction = session.Parsed.GetValue(_compact) is { } tokens ? new CompactionRule(tokens) : null,
                },
                session.CancellationToken);
        using var reader = session.Terminal.PipedInput is { } piped
            ? new StreamReader(piped, Encoding.UTF8, leaveOpen: true) : null;
        // One that was kept stays so, unless it is said otherwise.
        var state = new State(talk) { Keeps = asked is not null };
        try
        {
            await TalkAsync(session, state, reader);
        }
        finally
        {
            if (!state.Keeps)
            {
                await state.Talk.CloseAsync(CancellationToken.None);
            }
        }

        return ExitCodes.Ok;
    }

    private static async Task<int> ListAsync(Session session, KernelClient kernel)
    {
        var all = await kernel.ConversationListAsync(session.CancellationToken);
        if (session.Json)
        {
            session.WriteJson(all, AbiJsonContext.Default.ConversationListReply);
        }
        else
        {
            session.Terminal.Console.Write(ConversationTable.Of(all, session.Terminal.Console.Profile.Width));
        }

        return ExitCodes.Ok;
    }

    private static async Task TalkAsync(Session session, State state, StreamReader? piped)
    {
        if (piped is null)
        {
            session.Terminal.Error.WriteLine($"conversation {state.Talk.Id}; {Help}");
        }

        while (await NextAsync(session, piped) is { } line)
        {
            switch (line.Trim())
            {
                case "":
                    break;
                case "/quit" or "/exit":
                    state.Keeps = false;
                    return;
                case "/keep":
                    state.Keeps = true;
                    session.Terminal.Error.WriteLine($"kept: analemma chat --conversation {state.Talk.Id}");
                    return;
                case "/fork":
                    state.Talk = await ForkAsync(session, state.Talk);
                    break;
                case var word when word.StartsWith('/'):
                    await CommandAsync(session, state.Talk, word);
                    break;
                default:
                    await SayAsync(session, state.Talk, line);
                    break;
            }
        }
    }

    private static async Task<string?> NextAsync(Session session, StreamReader? piped)
    {
        if (piped is not null)
        {
            return await piped.ReadLineAsync(session.CancellationToken);
        }

        session.Terminal.Error.Write("> ");
        // A keyboard's line cannot be waited for with a token; Ctrl-C ends the program all the same.
        return await Task.Run(Console.In.ReadLine, session.CancellationToken).WaitAsync(session.CancellationToken);
    }

    private static async Task<Conversation> ForkAsync(Session session, Conversation talk)
    {
        var fork = await talk.ForkAsync(cancellationToken: session.CancellationToken);
        session.Terminal.Error.WriteLine(
            $"now in conversation {fork.Id}; {talk.Id} stays as it is: analemma chat --conversation {talk.Id}");
        return fork;
    }

    private static async Task CommandAsync(Session session, Conversation talk, string word)
    {
        var (output, token) = (session.Terminal.Error, session.CancellationToken);
        switch (word)
        {
            case "/tokens":
                var count = await talk.CountTokensAsync(cancellationToken: token);
                output.WriteLine($"{count.Tokens} tokens{(count.Exact ? "" : ", estimated")}; "
                    + $"{count.Model} reads at most {count.ContextTokens}");
                break;
            case "/compact":
                var compact = await talk.CompactAsync(cancellationToken: token);
                output.WriteLine($"{compact.Replaced} messages became a summary; about {compact.Conversation.Tokens} "
                    + "tokens are left");
                break;
            case "/history":
                foreach (var message in await talk.MessagesAsync(token))
                {
                    output.WriteLine($"{message.Role.ToString().ToLowerInvariant()}: {message.Content}");
                }

                break;
            default:
                output.WriteLine(word == "/help" ? Help : $"there is no {word}; {Help}");
                break;
        }
    }

    /// <summary>Where the talk is, and whether it stays there.</summary>
    private sealed class State(Conversation talk)
    {
        public Conversation Talk { get; set; } = talk;

        public bool Keeps { get; set; }
    }

    private static async Task SayAsync(Session session, Conversation talk, string line)
    {
        try
        {
            if (session.Json)
            {
                session.WriteJsonLine(
                    await talk.SayAsync(line, session.CancellationToken), AbiJsonContext.Default.ThinkReply);
                return;
            }

            var answer = talk.Stream(line);
            await foreach (var piece in answer.WithCancellation(session.CancellationToken))
            {
                session.Terminal.Output.Write(piece);
                await session.Terminal.Output.FlushAsync(session.CancellationToken);
            }

            session.Terminal.Output.WriteLine();
            if (answer.Reply.Simulated)
            {
                session.Terminal.Error.WriteLine("(simulated)");
            }
        }
        catch (SyscallException refused) when (session.Terminal.PipedInput is null)
        {
            // A person may want to say something else; a script wants to know.
            session.Terminal.Output.WriteLine();
            ErrorOutput.Write(
                session.Terminal.Error, session.Json, refused.Error.CodeName, refused.Message, refused.Hint);
        }
    }
}

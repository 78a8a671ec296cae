using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Output;
using Analemma.Cli.Values;

namespace Analemma.Cli.Commands;

/// <summary>Looks into the store where agents keep values, and changes it.</summary>
internal sealed class StoreCommand : ICliCommand
{
    private static readonly Column[] Columns =
    [
        new("KEY"), new("SCOPE"), new("OWNER"), new("VERSION"), new("BYTES", Rank: 1), new("CHANGED", Rank: 3),
        new("EXPIRES", Rank: 2),
    ];

    private readonly Argument<string> _key = new("KEY") { Description = "1 to 512 bytes." };

    private readonly Argument<string?> _value = new("VALUE")
    {
        Description = "JSON; what is none is taken as text. Default: from standard input.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Argument<string?> _prefix = new("PREFIX")
    {
        Description = "Only keys that begin so.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> _scope = new("--scope")
    {
        HelpName = "SCOPE",
        Description = "agent, group, global (default) or any.",
    };

    private readonly Option<string?> _of = new("--of")
    {
        HelpName = "OWNER",
        Description = "Whose: an agent as `keys` names it, or a group. Without --scope: the agent's.",
    };

    private readonly Option<string?> _ttl = new("--ttl")
    {
        HelpName = "TIME",
        Description = "Forget it after so long, such as 90s or 2h.",
    };

    private readonly Option<long?> _ifVersion = new("--if-version")
    {
        HelpName = "N",
        Description = "Only if the key has this version now; 0: only if there is no such key.",
    };

    public StoreCommand() => _scope.AcceptOnlyFromAmong("agent", "group", "global", "any");

    public Command Declare(CommandSet set)
    {
        var get = new Command("get", "Print the value of a key.") { _key, _scope, _of };
        var put = new Command("set", "Store a value under a key.") { _key, _value, _scope, _of, _ttl, _ifVersion };
        var delete = new Command("delete", "Forget the value of a key.") { _key, _scope, _of, _ifVersion };
        var keys = new Command("keys", "List keys, of everybody unless told.") { _prefix, _scope, _of };
        return set.Explain(
            new Command("store", "Values that agents keep, by key: durable, with versions and times to live.")
            {
                set.Does(get, GetAsync, """
                      analemma store get config/rate                      of the global scope
                      analemma store get progress --of crawler            of an agent
                      analemma store get plan --scope group --of research
                    """),
                set.Does(put, SetAsync, """
                      analemma store set config/rate 5
                      analemma store set leader '"node-1"' --if-version 0 --ttl 30s
                      analemma store set big < value.json
                    """),
                set.Does(delete, DeleteAsync, """
                      analemma store delete config/rate
                    """),
                set.Does(keys, KeysAsync, """
                      analemma store keys
                      analemma store keys config/ --scope global --json
                    """),
            },
            """
              analemma store keys
              analemma store set config/rate 5
              analemma store get config/rate
            """);
    }

    private async Task<int> GetAsync(Session session)
    {
        await using var kernel = await session.ConnectAsync();
        var reply = await kernel.FetchAsync(
            new Fetch { Key = session.Parsed.GetValue(_key)!, Scope = Scope(session), Owner = Owner(session) },
            session.CancellationToken);
        if (session.Json)
        {
            session.WriteJson(reply, AbiJsonContext.Default.FetchReply);
            return reply.Exists ? ExitCodes.Ok : ExitCodes.Failure;
        }

        if (!reply.Exists)
        {
            throw new CliException(
                "no_such_key", $"there is no key {reply.Key} there", "list them with `analemma store keys`");
        }

        session.Terminal.Output.WriteLine(reply.Value is { } value ? JsonLook.LineOf(value) : "null");
        return ExitCodes.Ok;
    }

    private async Task<int> SetAsync(Session session)
    {
        var text = session.Parsed.GetValue(_value) ?? await PipedAsync(session);
        await using var kernel = await session.ConnectAsync();
        var reply = await kernel.StoreAsync(
            new Store
            {
                Key = session.Parsed.GetValue(_key)!,
                Value = Value(text),
                Scope = Scope(session),
                Owner = Owner(session),
                TtlMs = Durations.Option(session.Parsed, _ttl),
                IfVersion = session.Parsed.GetValue(_ifVersion),
            },
            session.CancellationToken);
        if (session.Json)
        {
            session.WriteJson(reply, AbiJsonContext.Default.StoreReply);
        }
        else
        {
            session.Terminal.Output.WriteLine($"{reply.Key} has version {reply.Version}");
        }

        return ExitCodes.Ok;
    }

    private async Task<int> DeleteAsync(Session session)
    {
        await using var kernel = await session.ConnectAsync();
        var reply = await kernel.DeleteAsync(
            new Delete
            {
                Key = session.Parsed.GetValue(_key)!,
                Scope = Scope(session),
                Owner = Owner(session),
                IfVersion = session.Parsed.GetValue(_ifVersion),
            },
            session.CancellationToken);
        if (session.Json)
        {
            session.WriteJson(reply, AbiJsonContext.Default.DeleteReply);
        }
        else
        {
            session.Terminal.Output.WriteLine(
                reply.Deleted ? $"{reply.Key} is forgotten" : $"there was no {reply.Key}");
        }

        return ExitCodes.Ok;
    }

    private async Task<int> KeysAsync(Session session)
    {
        await using var kernel = await session.ConnectAsync();
        var asked = new Keys
        {
            Prefix = session.Parsed.GetValue(_prefix),
            Scope = Scope(session) ?? StoreScope.Any,
            Owner = Owner(session),
            Limit = 1000,
        };
        List<KeyView> keys = [];
        await foreach (var key in kernel.AllKeysAsync(asked, session.CancellationToken))
        {
            keys.Add(key);
        }

        if (session.Json)
        {
            session.WriteJson(new KeysReply(keys), AbiJsonContext.Default.KeysReply);
        }
        else
        {
            session.Terminal.Console.Write(
                PlainTable.Render(Columns, keys.Select(Cells), session.Terminal.Console.Profile.Width));
        }

        return ExitCodes.Ok;
    }

    private static string[] Cells(KeyView key) =>
    [
        key.Key,
        key.Scope.ToString().ToLowerInvariant(),
        key.Owner.Length == 0 ? "-" : key.Owner,
        key.Version.ToString(CultureInfo.InvariantCulture),
        key.Bytes.ToString(CultureInfo.InvariantCulture),
        Text(key.ChangedAt),
        key.ExpiresAt is { } at ? Text(at) : "-",
    ];

    private StoreScope? Scope(Session session) => session.Parsed.GetValue(_scope) is { } scope
        ? Enum.Parse<StoreScope>(scope, ignoreCase: true)
        : Owner(session) is null ? null : StoreScope.Agent;

    private string? Owner(Session session) => session.Parsed.GetValue(_of);

    private static async Task<string> PipedAsync(Session session)
    {
        using var reader = new StreamReader(session.Terminal.PipedInput ?? throw CliException.Usage(
            "there is no value", "give it after the key, or pipe it into the command"));
        return await reader.ReadToEndAsync(session.CancellationToken);
    }

    /// <summary>What is no JSON is text: nobody likes quotes in quotes.</summary>
    private static JsonElement Value(string text)
    {
        try
        {
            return JsonElement.Parse(text);
        }
        catch (JsonException)
        {
            return JsonSerializer.SerializeToElement(text, AbiJsonContext.Default.String);
        }
    }

    private static string Text(DateTimeOffset at) =>
        at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ssZ", CultureInfo.InvariantCulture);
}

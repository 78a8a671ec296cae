using System.CommandLine;
using System.Globalization;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Values;

namespace Analemma.Cli.Commands;

/// <summary>Sets, lists and removes secrets. A value goes in and is never shown again.</summary>
internal sealed class SecretCommand : ICliCommand
{
    private readonly Argument<string> _name = new("NAME")
    {
        Description = "1 to 64 letters, digits and . _ - inside.",
    };

    private readonly Option<string?> _file = new("--from-file")
    {
        HelpName = "FILE",
        Description = "Take the value from a file. Default: from a pipe, or typed without being shown.",
    };

    public Command Declare(CommandSet set)
    {
        var put = new Command("set", "Set a secret: from a pipe, a file, or typed. Never from an argument.")
        {
            _name, _file,
        };
        return set.Explain(
            new Command("secret", "Values that the kernel keeps, encrypted, for headers and providers' keys.")
            {
                set.Does(put, SetAsync, """
                      analemma secret set GITHUB_TOKEN                    type it, unseen
                      pass show github | analemma secret set GITHUB_TOKEN
                      analemma secret set gemini --from-file key.txt      then [gemini] key = "secret:gemini"
                    """),
                set.Does(new Command("list", "List names and dates of secrets, never their values."), ListAsync, """
                      analemma secret list
                      analemma secret list --json | jq -r '.secrets[].name'
                    """),
                set.Does(new Command("rm", "Forget a secret.") { _name }, RemoveAsync, """
                      analemma secret rm GITHUB_TOKEN
                    """),
            },
            """
              analemma secret set GITHUB_TOKEN
              analemma secret list
              analemma secret rm GITHUB_TOKEN
            """);
    }

    private async Task<int> SetAsync(Session session)
    {
        var name = session.Parsed.GetValue(_name)!;
        await using var kernel = await session.ConnectAsync();
        var value = await SecretInput.ReadAsync(
            session.Terminal, name, session.Parsed.GetValue(_file), session.CancellationToken);
        var reply = await kernel.SecretSetAsync(
            new SecretSet { Name = name, Value = value }, session.CancellationToken);
        if (session.Json)
        {
            session.WriteJson(reply, AbiJsonContext.Default.SecretSetReply);
        }
        else
        {
            session.Terminal.Output.WriteLine(reply.Replaced ? $"{reply.Name} is changed" : $"{reply.Name} is set");
        }

        return ExitCodes.Ok;
    }

    private async Task<int> ListAsync(Session session)
    {
        await using var kernel = await session.ConnectAsync();
        var secrets = await kernel.SecretListAsync(session.CancellationToken);
        if (session.Json)
        {
            session.WriteJson(new SecretListReply(secrets), AbiJsonContext.Default.SecretListReply);
            return ExitCodes.Ok;
        }

        var width = secrets.Select(secret => secret.Name.Length).Append("NAME".Length).Max();
        session.Terminal.Output.WriteLine($"{"NAME".PadRight(width)}  {"CREATED",-20}  CHANGED");
        foreach (var secret in secrets)
        {
            session.Terminal.Output.WriteLine(
                $"{secret.Name.PadRight(width)}  {Text(secret.CreatedAt),-20}  {Text(secret.ChangedAt)}");
        }

        return ExitCodes.Ok;
    }

    private async Task<int> RemoveAsync(Session session)
    {
        await using var kernel = await session.ConnectAsync();
        var reply = await kernel.SecretRemoveAsync(
            new SecretRemove { Name = session.Parsed.GetValue(_name)! }, session.CancellationToken);
        if (session.Json)
        {
            session.WriteJson(reply, AbiJsonContext.Default.SecretRemoveReply);
        }
        else
        {
            session.Terminal.Output.WriteLine($"{reply.Name} is forgotten");
        }

        return ExitCodes.Ok;
    }

    private static string Text(DateTimeOffset at) =>
        at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ssZ", CultureInfo.InvariantCulture);
}

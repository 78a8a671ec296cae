using System.Text;
using Analemma.Daemon.Configuration.Sections;
using Analemma.Daemon.Runners.Network;
using Analemma.Sandbox;
using Analemma.Storage.Secrets;
using Analemma.Tools;
using Microsoft.Extensions.Logging;

namespace Analemma.Daemon.Runners.Tools;

/// <summary>What servers of tools are started with.</summary>
internal sealed record ToolHost(
    ISandboxEngine Engine, ISecretStore Secrets, Func<string, string?> Environment, TimeProvider Time, ILogger Log)
{
    /// <summary>A header's value, with what is not to be seen added to <paramref name="hidden"/>.</summary>
    /// <exception cref="ToolServerException">What it refers to is not there.</exception>
    public string Header(string value, List<string> hidden)
    {
        if (!ToolReference.TryParse(value, out var before, out var kind, out var name))
        {
            return value;
        }

        var found = Find(kind, name).Trim();
        if (found.Any(character => character is < ' ' or > '~'))
        {
            throw new ToolServerException(
                ToolServerFailure.NotUp, $"{kind}:{name} cannot be a header: it has characters that are not printable");
        }

        hidden.AddRange(SecretMask.FormsOf(found));
        return before + found;
    }

    /// <summary>
    /// The variables of a program that are references, with what is not to be seen added to <paramref name="hidden"/>.
    /// </summary>
    /// <exception cref="ToolServerException">What one refers to is not there.</exception>
    public IReadOnlyDictionary<string, string> Variables(ToolSection section, List<string> hidden)
    {
        Dictionary<string, string> variables = new(StringComparer.Ordinal);
        foreach (var (variable, value) in section.Env)
        {
            if (!ToolReference.TryParse(value, out var before, out var kind, out var name))
            {
                continue;
            }

            var found = Find(kind, name);
            if (found.Contains('\0', StringComparison.Ordinal))
            {
                throw new ToolServerException(
                    ToolServerFailure.NotUp, $"{kind}:{name} cannot be a variable: it has a NUL character");
            }

            hidden.AddRange(SecretMask.FormsOf(found));
            variables[variable] = before + found;
        }

        return variables;
    }

    private string Find(string kind, string name) =>
        (kind == "secret" ? ReadSecret(name) : Environment(name)) is { } found && found.Trim().Length > 0
            ? found
            : throw new ToolServerException(ToolServerFailure.NotUp, kind == "secret"
                ? $"the secret {name} is not set; `analemma secret set {name}` sets it"
                : $"the variable {name} is not in the kernel's environment");

    private string? ReadSecret(string name)
    {
        try
        {
            return Secrets.Read(name) is { } value ? Encoding.UTF8.GetString(value) : null;
        }
        catch (SecretStoreException failed)
        {
            throw new ToolServerException(ToolServerFailure.NotUp, $"{failed.Message}; {failed.Hint}", failed);
        }
    }
}

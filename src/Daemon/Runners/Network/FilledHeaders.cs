using System.Text;
using Analemma.Abi;
using Analemma.Daemon.Runners.Secrets;
using Analemma.Kernel.Network;
using Analemma.Storage.Secrets;

namespace Analemma.Daemon.Runners.Network;

/// <summary>A rule's headers with their secrets, for the moment of one request.</summary>
internal sealed record FilledHeaders(IReadOnlyDictionary<string, string> Headers, IReadOnlyList<string> Secrets)
{
    /// <summary>Null, and why, when a secret is not there or fits in no header.</summary>
    public static FilledHeaders? Of(RulePlan rule, int number, ISecretStore store, out SysError? problem)
    {
        problem = null;
        Dictionary<string, string> values = new(StringComparer.Ordinal);
        try
        {
            foreach (var name in rule.Headers.Values.SelectMany(value => HeaderRules.Secrets(value) ?? []).Distinct())
            {
                if (store.Read(name) is not { } value)
                {
                    problem = new SysError(
                        SysErrorCode.NotConfigured,
                        $"rule {number} of this agent's network needs the secret {name}, which is not set",
                        $"the owner sets it with `analemma secret set {name}`");
                    return null;
                }

                values[name] = Encoding.UTF8.GetString(value).Trim();
            }
        }
        catch (SecretStoreException failed)
        {
            problem = SecretRunner.Refusal(failed);
            return null;
        }

        Dictionary<string, string> filled = new(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in rule.Headers)
        {
            var text = HeaderRules.Fill(value, secret => values[secret]);
            if (!HeaderRules.IsValue(text))
            {
                problem = new SysError(
                    SysErrorCode.NotConfigured,
                    $"a secret of rule {number} does not fit in the header {name}: it is no line of printable ASCII",
                    "the owner sets it again");
                return null;
            }

            filled[name] = text;
        }

        return new FilledHeaders(filled, [.. values.Values.Where(value => value.Length > 0)]);
    }

    /// <summary>Never the values.</summary>
    public override string ToString() => $"FilledHeaders {{ {string.Join(", ", Headers.Keys)} }}";
}

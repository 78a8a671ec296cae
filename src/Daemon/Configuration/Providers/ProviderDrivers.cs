using Analemma.Kernel.Policy;
using Analemma.Models;

namespace Analemma.Daemon.Configuration.Providers;

/// <summary>What a provider's driver is opened with, if the provider is set up at all.</summary>
internal static class ProviderDrivers
{
    private const string SecretPrefix = "secret:";

    public static ModelDriverOptions? Open(
        KnownProvider known, MachineOptions machine, Func<string, string?> environment, List<string> problems)
    {
        var section = known.Section(machine);
        var key = section.Key.Length > 0
            ? SecretKey($"{known.Name}.key", section.Key, problems)
            : Key(known, environment, problems);
        var (url, origin) = section.BaseUrl.Length > 0
            ? (section.BaseUrl, $"{known.Name}.base_url")
            : (environment(known.UrlVariable) ?? "", known.UrlVariable);
        if (key is null && !(known.WorksWithoutKey && url.Length > 0))
        {
            return null;
        }

        var models = NamedValues.Names(section.Models);
        if (models.Count == 0)
        {
            problems.Add($"{known.Name}.models is empty; name at least one model of the provider");
            return null;
        }

        Uri? address = null;
        if (url.Length > 0 && !Uri.TryCreate(url, UriKind.Absolute, out address))
        {
            problems.Add($"{origin} must be an absolute http or https URL");
            return null;
        }

        var driver = new ModelDriverOptions
        {
            Name = known.Name,
            Kind = known.Kind,
            BaseUrl = address,
            Key = key,
            DefaultModel = models[0],
        };
        // A URL may hold a password, so what is wrong with it is said without it.
        List<string> wrong = [.. driver.Problems().Select(problem =>
            problem.Replace($"{known.Name}.BaseUrl:", origin, StringComparison.Ordinal))];
        problems.AddRange(wrong);
        return wrong.Count == 0 ? driver : null;
    }

    /// <summary>A key itself is refused, and not shown: machine files are read by many.</summary>
    private static ApiKey? SecretKey(string setting, string written, List<string> problems)
    {
        if (written.StartsWith(SecretPrefix, StringComparison.Ordinal)
            && SecretRules.IsName(written[SecretPrefix.Length..]))
        {
            return ApiKey.OfSecret(written[SecretPrefix.Length..]);
        }

        problems.Add($"{setting} must be secret:NAME; set the key itself with `analemma secret set NAME`");
        return null;
    }

    /// <summary>A wrong key is named by its variable, never shown.</summary>
    private static ApiKey? Key(
        KnownProvider known, Func<string, string?> environment, List<string> problems)
    {
        foreach (var variable in known.KeyVariables)
        {
            if (environment(variable) is not { } value || string.IsNullOrWhiteSpace(value))
            {
                continue;
            }

            if (value.Trim().All(character => character is > ' ' and <= '~'))
            {
                return new ApiKey(value);
            }

            problems.Add($"{variable} is no key: it has characters that are not printable ASCII");
            return null;
        }

        return null;
    }
}

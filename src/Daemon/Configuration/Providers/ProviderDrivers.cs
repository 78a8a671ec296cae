using Analemma.Models;

namespace Analemma.Daemon.Configuration.Providers;

/// <summary>What a provider's driver is opened with, if the provider is set up at all.</summary>
internal static class ProviderDrivers
{
    public static ModelDriverOptions? Open(
        KnownProvider known, MachineOptions machine, Func<string, string?> environment, List<string> problems)
    {
        var section = known.Section(machine);
        var key = Key(known, environment, problems);
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

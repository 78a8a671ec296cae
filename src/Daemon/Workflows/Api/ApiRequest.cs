using System.Globalization;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Api;

/// <summary>The members of a request, each checked as the service checks it.</summary>
internal readonly struct ApiRequest(string operation, JsonObject members, DateTimeOffset at)
{
    public string Operation => operation;

    /// <summary>When it was asked.</summary>
    public DateTimeOffset At => at;

    public JsonValue this[string name] => members[name] is { IsNull: false } value ? value : JsonValue.Undefined;

    public bool Has(string name) => this[name].IsDefined;

    /// <summary>Text that must be there.</summary>
    public string Text(string name, int lengthMax = int.MaxValue) => MaybeText(name, lengthMax)
        ?? throw ApiRefusedException.Constraint("null", name, "Member must not be null");

    public string? MaybeText(string name, int lengthMax = int.MaxValue)
    {
        var value = this[name];
        if (value.IsUndefined)
        {
            return null;
        }

        if (!value.TryGetString(out var text))
        {
            throw new ApiRefusedException("SerializationException", $"{name} must be text, not {KindOf(value)}");
        }

        return text.Length <= lengthMax
            ? text
            : throw ApiRefusedException.Constraint(
                $"'{text}'",
                name,
                string.Create(
                    CultureInfo.InvariantCulture, $"Member must have length less than or equal to {lengthMax}"));
    }

    /// <summary>An ARN that must be there, of whatever kind.</summary>
    public string Arn(string name) => Arns.Check(Text(name, Arns.LengthMax));

    public bool Flag(string name, bool otherwise = false)
    {
        var value = this[name];
        return value.IsUndefined ? otherwise
            : value.IsBoolean ? value.IsTrue
            : throw new ApiRefusedException("SerializationException", $"{name} must be true or false");
    }

    /// <summary>How many are wanted of a list: 0 and none stand for the most that is given by itself.</summary>
    public int Page(string name = "maxResults", int usual = 100, int most = 1000)
    {
        var value = this[name];
        if (value.IsUndefined)
        {
            return usual;
        }

        if (!value.TryGetInt32(out var wanted))
        {
            throw new ApiRefusedException("SerializationException", $"{name} must be a whole number");
        }

        var shown = string.Create(CultureInfo.InvariantCulture, $"'{wanted}'");
        return wanted > most
            ? throw ApiRefusedException.Constraint(
                shown,
                name,
                string.Create(CultureInfo.InvariantCulture, $"Member must have value less than or equal to {most}"))
            : wanted < 0
                ? throw ApiRefusedException.Constraint(
                    shown, name, "Member must have value greater than or equal to 0")
                : wanted == 0 ? usual : wanted;
    }

    /// <summary>One of some words; null when it is not there.</summary>
    public string? Word(string name, params ReadOnlySpan<string> words)
    {
        if (MaybeText(name) is not { } text || words.Contains(text))
        {
            return MaybeText(name);
        }

        throw ApiRefusedException.Constraint(
            $"'{text}'", name, $"Member must satisfy enum value set: [{string.Join(", ", words!)}]");
    }

    /// <summary>Refuses members that the operation has not, which would be words misspelt.</summary>
    public void CheckMembers(params ReadOnlySpan<string> known)
    {
        foreach (var (name, _) in members)
        {
            if (!known.Contains(name))
            {
                throw ApiRefusedException.Invalid($"there is no member {name}; there are {string.Join(", ", known!)}");
            }
        }
    }

    /// <summary>What two requests have in common that ask for pages of the same list.</summary>
    public JsonObject WithoutPage()
    {
        JsonObjectBuilder made = new(members.Count);
        foreach (var name in members.Names.ToArray().Order(StringComparer.Ordinal))
        {
            if (name is not ("nextToken" or "maxResults"))
            {
                made.Set(name, this[name]);
            }
        }

        return made.Build();
    }

    private static string KindOf(JsonValue value) => value.Kind.ToString().ToLowerInvariant();
}

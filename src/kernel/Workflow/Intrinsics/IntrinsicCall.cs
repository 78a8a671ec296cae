using Analemma.Workflow.Json;
using Analemma.Workflow.Paths;

namespace Analemma.Workflow.Intrinsics;

// INTRINSIC FUNCTIONS (States Language, Appendix B)
//
//   call      States.Name(argument, …)
//   argument  'text' | number | true | false | null | a path | call
//
// Inside a text, \' \{ \} and \\ stand for the character itself. Calls nest up to ten deep, as in the service.
/// <summary>A call of an intrinsic function, compiled once; immutable.</summary>
public sealed class IntrinsicCall
{
    private readonly IReadOnlyList<IntrinsicArgument> _arguments;
    private readonly IntrinsicFunction _function;

    internal IntrinsicCall(string text, string name, IReadOnlyList<IntrinsicArgument> arguments)
    {
        (Text, Name, _arguments) = (text, name, arguments);
        _function = IntrinsicFunctions.Of(name) ?? throw new IntrinsicSyntaxException(text, $"there is no {name}");
        if (!_function.Takes(arguments.Count))
        {
            throw new IntrinsicSyntaxException(text, $"{name} does not take {arguments.Count} arguments");
        }
    }

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>With the States in front.</summary>
    public string Name { get; }

    /// <summary>Whether a text is meant as a call.</summary>
    public static bool LooksLikeOne(string text) => text.StartsWith("States.", StringComparison.Ordinal);

    /// <summary>Reads a call.</summary>
    /// <exception cref="IntrinsicSyntaxException">It is none.</exception>
    internal static IntrinsicCall Parse(string text) => new IntrinsicParser(text).Parse();

    /// <summary>Reads a call; null when it is none.</summary>
    public static IntrinsicCall? TryParse(string text)
    {
        try
        {
            return Parse(text);
        }
        catch (IntrinsicSyntaxException)
        {
            return null;
        }
    }

    /// <summary>Calls it.</summary>
    /// <exception cref="IntrinsicFailureException">It cannot do that with these arguments.</exception>
    internal JsonValue Evaluate(IPathRoots roots, IChance chance)
    {
        var values = new JsonValue[_arguments.Count];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = _arguments[i].Evaluate(this, roots, chance);
        }

        return _function.Call(new IntrinsicValues(this, values, chance)
        {
            Template = _arguments.Count > 0 ? _arguments[0].Template : null,
        });
    }

    /// <summary>The paths among the arguments, those of calls within it too.</summary>
    public IEnumerable<JsonPath> Paths() => _arguments.SelectMany(argument => argument.Paths());
}

/// <summary>One argument: exactly one of the three is there.</summary>
internal sealed record IntrinsicArgument(JsonValue Literal, JsonPath? Path, IntrinsicCall? Call)
{
    /// <summary>A text as it was written, with its escapes.</summary>
    public string? Template { get; init; }

    internal JsonValue Evaluate(IntrinsicCall caller, IPathRoots roots, IChance chance)
    {
        if (Call is not null)
        {
            return Call.Evaluate(roots, chance);
        }

        if (Path is null)
        {
            return Literal;
        }

        var found = Path.Find(roots, out _);
        return found.IsDefined
            ? found
            : throw new IntrinsicPathException(caller, Path, roots.Get(PathRoot.Input, null));
    }

    public IEnumerable<JsonPath> Paths() => Path is not null ? [Path] : Call?.Paths() ?? [];
}

/// <summary>Randomness that repeats itself: the same in every replay of an execution.</summary>
public interface IChance
{
    /// <summary>16 bytes, never the same twice.</summary>
    UInt128 Next();
}

/// <summary>A text that is no call.</summary>
internal sealed class IntrinsicSyntaxException(string text, string what)
    : Exception($"'{text}' is no call of an intrinsic function: {what}");

/// <summary>A function cannot do what it was asked for: States.IntrinsicFailure.</summary>
internal sealed class IntrinsicFailureException(IntrinsicCall call, string what)
    : Exception($"The function '{call.Text}' had the following error: {what}");

/// <summary>A path among the arguments found nothing.</summary>
internal sealed class IntrinsicPathException(IntrinsicCall call, JsonPath path, JsonValue input)
    : Exception($"The function '{call.Text}' had the following error: "
        + $"The JsonPath argument for the field '{path}' could not be found in the input '{input}'");

using Analemma.Workflow.Json;

namespace Analemma.Workflow.Jsonata.Functions;

/// <summary>
/// What a function takes: &lt;s-nn?:s&gt; is a string (the context, when it is left out), a number and perhaps another.
/// Which argument goes to which parameter is found as a regular expression over the arguments' types would find it.
/// </summary>
internal sealed class Signature
{
    private const int ParametersMax = 64;

    private readonly Parameter[] _parameters;

    private Signature(Parameter[] parameters)
    {
        _parameters = parameters;
        TakesContext = Array.Exists(parameters, parameter => parameter.IsContext);
    }

    public bool TakesContext { get; }

    /// <exception cref="JsonataException">S0401 or S0402.</exception>
    public static Signature Parse(string text)
    {
        List<Parameter> parameters = [];
        for (var at = 1; at < text.Length && text[at] != ':'; at++)
        {
            var last = parameters.Count - 1;
            switch (text[at])
            {
                case 's' or 'n' or 'b' or 'l' or 'o':
                    parameters.Add(new Parameter(text[at].ToString(), text[at] + "m"));
                    break;
                case 'a' or 'x':
                    parameters.Add(new Parameter(text[at].ToString(), "asnblfom"));
                    break;
                case 'f':
                    parameters.Add(new Parameter("f", "f"));
                    break;
                case 'j':
                    parameters.Add(new Parameter("j", "asnblom"));
                    break;
                case '-' when last >= 0:
                    parameters[last] = parameters[last] with { IsContext = true, IsOptional = true };
                    break;
                case '?' when last >= 0:
                    parameters[last] = parameters[last] with { IsOptional = true };
                    break;
                case '+' when last >= 0:
                    parameters[last] = parameters[last] with { IsRepeated = true };
                    break;
                case '(':
                    var end = ClosingOf(text, at, '(', ')');
                    parameters.Add(Choice(text[(at + 1)..end], at));
                    at = end;
                    break;
                case '<' when last >= 0:
                    end = ClosingOf(text, at, '<', '>');
                    parameters[last] = parameters[last].Type is "a" or "f"
                        ? parameters[last] with { ItemType = text[(at + 1)..end] }
                        : throw new JsonataException("S0401", parameters[last].Type) { Offset = at };
                    at = end;
                    break;
                default:
                    break;
            }
        }

        return parameters.Count <= ParametersMax
            ? new Signature([.. parameters])
            : throw new JsonataException("S0402", text) { Offset = text.Length };
    }

    /// <summary>
    /// The arguments by parameter: contexts put in, single values made arrays where arrays are wanted.
    /// </summary>
    /// <exception cref="JsonataException">T0410, T0411 or T0412.</exception>
    public ReadOnlySpan<JsonValue> Validate(ReadOnlySpan<JsonValue> arguments, JsonValue context)
    {
        if (FitsAsItIs(arguments))
        {
            return arguments;
        }

        Span<char> types = arguments.Length <= 16 ? stackalloc char[arguments.Length] : new char[arguments.Length];
        for (var i = 0; i < arguments.Length; i++)
        {
            types[i] = TypeOf(arguments[i]);
        }

        Span<int> taken = stackalloc int[_parameters.Length];
        if (!Match(types, taken, 0, 0, toEnd: true, []))
        {
            throw Mismatch(arguments, types, taken);
        }

        List<JsonValue> given = new(_parameters.Length);
        var next = 0;
        for (var i = 0; i < _parameters.Length; i++)
        {
            Take(_parameters[i], taken[i], arguments, context, ref next, given);
        }

        return given.ToArray();
    }

    private static void Take(
        Parameter parameter,
        int taken,
        ReadOnlySpan<JsonValue> arguments,
        JsonValue context,
        ref int next,
        List<JsonValue> given)
    {
        if (taken == 0)
        {
            if (!parameter.IsContext)
            {
                given.Add(next < arguments.Length ? arguments[next] : default);
                next++;
                return;
            }

            given.Add(parameter.Types.Contains(TypeOf(context), StringComparison.Ordinal)
                ? context
                : throw new JsonataException("T0411", context) { Index = next + 1 });
            return;
        }

        for (var i = 0; i < taken; i++, next++)
        {
            // Past the end when an optional one before it was passed over, as in the reference implementation.
            var argument = next < arguments.Length ? arguments[next] : default;
            given.Add(parameter.Type == "a" ? AsArray(parameter, argument, next, taken) : argument);
        }
    }

    private static JsonValue AsArray(Parameter parameter, JsonValue argument, int index, int taken)
    {
        var type = TypeOf(argument);
        if (type == 'm')
        {
            return default;
        }

        if (parameter.ItemType is { } itemType && !HoldsOnly(argument, type, itemType, taken))
        {
            throw new JsonataException("T0412", argument) { Index = index + 1, Text = PluralOf(itemType) };
        }

        return type == 'a' ? argument : JsonValue.From(new JsonArray([argument], 1));
    }

    private static bool HoldsOnly(JsonValue argument, char type, string itemType, int taken)
    {
        if (type != 'a')
        {
            return taken == 1 && itemType.Length == 1 && itemType[0] == type;
        }

        foreach (var item in argument.AsArray().Items)
        {
            if (TypeOf(item) != itemType[0])
            {
                return false;
            }
        }

        return true;
    }

    private static string PluralOf(string type) => type switch
    {
        "a" => "arrays",
        "b" => "booleans",
        "f" => "functions",
        "n" => "numbers",
        "o" => "objects",
        "s" => "strings",
        _ => type,
    };

    private static char TypeOf(JsonValue value) => value.Kind switch
    {
        JsonKind.String => 's',
        JsonKind.Number => 'n',
        JsonKind.Boolean => 'b',
        JsonKind.Null => 'l',
        JsonKind.Array => 'a',
        JsonKind.Object => 'o',
        JsonKind.Opaque => 'f',
        _ => 'm',
    };

    private static Parameter Choice(string types, int at) =>
        types.Contains('<', StringComparison.Ordinal)
            ? throw new JsonataException("S0402", types) { Offset = at }
            : new Parameter($"({types})", types + "m");

    private static int ClosingOf(string text, int start, char open, char close)
    {
        var depth = 1;
        var at = start;
        while (at + 1 < text.Length && depth > 0)
        {
            at++;
            depth += text[at] == close ? -1 : text[at] == open ? 1 : 0;
        }

        return at;
    }

    /// <summary>The usual case, without looking for another: the arguments go to the parameters in order.</summary>
    private bool FitsAsItIs(ReadOnlySpan<JsonValue> arguments)
    {
        if (arguments.Length > _parameters.Length)
        {
            return false;
        }

        for (var i = 0; i < _parameters.Length; i++)
        {
            var parameter = _parameters[i];
            if (i >= arguments.Length)
            {
                if (!parameter.IsOptional || parameter.IsContext)
                {
                    return false;
                }

                continue;
            }

            var type = TypeOf(arguments[i]);
            if (!parameter.Types.Contains(type) || (parameter.Type == "a" && !IsArrayOf(parameter, arguments[i], type)))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsArrayOf(Parameter parameter, JsonValue argument, char type) =>
        type == 'a' && (parameter.ItemType is not { } itemType || HoldsOnly(argument, type, itemType, 1));

    /// <summary>As many as can be taken first, then fewer.</summary>
    private bool Match(
        ReadOnlySpan<char> types, Span<int> taken, int parameter, int argument, bool toEnd, HashSet<int> failed)
    {
        if (parameter == _parameters.Length)
        {
            return !toEnd || argument == types.Length;
        }

        // From a place that has failed once, it fails again: otherwise many of "one or more" would take for ever.
        if (failed.Contains((parameter * (types.Length + 1)) + argument))
        {
            return false;
        }

        var wanted = _parameters[parameter];
        var most = 0;
        var limit = wanted.IsRepeated ? types.Length - argument : 1;
        while (most < limit && argument + most < types.Length && wanted.Types.Contains(types[argument + most]))
        {
            most++;
        }

        for (var count = most; count >= (wanted.IsOptional ? 0 : 1); count--)
        {
            taken[parameter] = count;
            if (Match(types, taken, parameter + 1, argument + count, toEnd, failed))
            {
                return true;
            }
        }

        failed.Add((parameter * (types.Length + 1)) + argument);
        return false;
    }

    /// <summary>The first parameter that no longer fits, else one argument too many.</summary>
    private JsonataException Mismatch(ReadOnlySpan<JsonValue> arguments, ReadOnlySpan<char> types, Span<int> taken)
    {
        var good = 0;
        for (var count = 1; count <= _parameters.Length; count++)
        {
            Signature beginning = new(_parameters[..count]);
            if (!beginning.Match(types, taken, 0, 0, toEnd: false, []))
            {
                break;
            }

            good = 0;
            foreach (var number in taken[..count])
            {
                good += number;
            }
        }

        JsonValue wrong = good < arguments.Length ? arguments[good] : default;
        return new JsonataException("T0410", wrong) { Index = good + 1 };
    }

    /// <param name="Type">As written.</param>
    /// <param name="Types">Of arguments that fit; m is a missing one.</param>
    private sealed record Parameter(string Type, string Types)
    {
        public bool IsContext { get; init; }

        public bool IsOptional { get; init; }

        public bool IsRepeated { get; init; }

        public string? ItemType { get; init; }
    }
}

using System.Globalization;

namespace Analemma.Sandbox.Seccomp;

/// <summary>What the filter does with a syscall that a rule names.</summary>
public enum SeccompAction
{
    /// <summary>Runs at full speed.</summary>
    Allow,

    /// <summary>Runs, after the listener has seen it: what is enforced elsewhere and worth knowing.</summary>
    Report,

    /// <summary>Fails with EPERM, and is reported.</summary>
    Refuse,

    /// <summary>Fails with the rule's errno in silence: programs try it without meaning harm.</summary>
    Deny,
}

/// <summary>One line of the profile: these syscalls, with these arguments, get this action, for this reason.</summary>
public sealed record SeccompRule
{
    public required IReadOnlyList<string> Names { get; init; }

    public IReadOnlyList<SeccompCondition> When { get; init; } = [];

    /// <summary>The option that must be on for the rule to be there: auditReads, network or entering.</summary>
    public string? With { get; init; }

    /// <summary>The option that must be off.</summary>
    public string? Without { get; init; }

    public required SeccompAction Action { get; init; }

    /// <summary>For deny: the errno's name.</summary>
    public string? Errno { get; init; }

    /// <summary>For report and refuse: the kind of the attempt, as in <see cref="DeniedAttempt.Kind"/>.</summary>
    public string? Kind { get; init; }

    /// <summary>For refuse: what was tried, in words.</summary>
    public string? What { get; init; }

    /// <summary>For refuse: what to do instead, in words that a model can act on.</summary>
    public string? Advice { get; init; }

    /// <summary>Why the rule is as it is.</summary>
    public required string Reason { get; init; }

    internal bool AppliesTo(SeccompOptions options) =>
        (With is null || options.Has(With)) && (Without is null || !options.Has(Without));

    internal bool Matches(ReadOnlySpan<ulong> args)
    {
        for (var index = 0; index < When.Count; index++)
        {
            if (!When[index].Holds(args[When[index].Arg]))
            {
                return false;
            }
        }

        return true;
    }
}

/// <summary>A test of one argument. Exactly one of the two lists is set; a list in equals is an "or".</summary>
public sealed record SeccompCondition
{
    private readonly ulong _mask = ulong.MaxValue;
    private readonly ulong[] _values = [];

    public required int Arg { get; init; }

    /// <summary>The bits that count, in hexadecimal; all when absent.</summary>
    public string? Mask
    {
        get;
        init
        {
            field = value;
            _mask = value is null ? ulong.MaxValue : Parse(value);
        }
    }

    public IReadOnlyList<string>? EqualTo
    {
        get;
        init
        {
            field = value;
            _values = value is null ? _values : [.. value.Select(Parse)];
        }
    }

    public IReadOnlyList<string>? NotEqualTo
    {
        get;
        init
        {
            field = value;
            _values = value is null ? _values : [.. value.Select(Parse)];
        }
    }

    internal ulong Bits => _mask;

    internal IReadOnlyList<ulong> Values => _values;

    /// <summary>The words for which the condition holds, as sets of which one must contain the argument.</summary>
    internal IReadOnlyList<MaskedValue> Words => NotEqualTo is null
        ? [.. _values.Select(value => new MaskedValue(_mask, value))]
        : MaskedValue.AllBut(_mask, _values);

    /// <summary>Not equal to one whole word, which a filter can say in one comparison.</summary>
    internal ulong? Excluded =>
        NotEqualTo is not null && _mask == ulong.MaxValue && _values.Length == 1 ? _values[0] : null;

    internal bool Holds(ulong word) => (Array.IndexOf(_values, word & _mask) >= 0) == (NotEqualTo is null);

    internal IEnumerable<string> Problems()
    {
        if (Arg is < 0 or > 5)
        {
            yield return $"arg is {Arg}; it must be 0 to 5";
        }

        if ((EqualTo is null) == (NotEqualTo is null) || _values.Length == 0)
        {
            yield return "a condition needs a non-empty equals or notEquals, and not both";
        }

        foreach (var value in _values)
        {
            if ((value & ~_mask) != 0)
            {
                yield return $"0x{value:x} has bits outside of the mask 0x{_mask:x} and would never match";
            }
        }
    }

    private static ulong Parse(string text) =>
        text.StartsWith("0x", StringComparison.Ordinal)
            ? ulong.Parse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)
            : throw new FormatException($"'{text}' is not a hexadecimal number such as 0x1b");
}

using Analemma.Workflow.Json;
using Analemma.Workflow.Jsonata.Functions;
using Analemma.Workflow.Jsonata.Pictures;

namespace Analemma.Workflow.Jsonata.Runtime;

/// <summary>One run of an expression: what it was given, and what it has used up.</summary>
internal sealed class Evaluation
{
    /// <summary>So many levels take less than what is left of a stack when it is said to be nearly full.</summary>
    private const int DepthUnwatched = 8;

    private readonly IReadOnlyDictionary<string, JsonValue>? _variables;
    private readonly IJsonataHost _host;
    private long _steps;
    private int _depth;
    private long? _now;

    public Evaluation(
        JsonataProfile profile,
        JsonataLimits limits,
        JsonValue input,
        IJsonataHost host,
        IReadOnlyDictionary<string, JsonValue>? variables)
    {
        Profile = profile;
        Limits = limits;
        Input = input;
        _host = host;
        _variables = variables;
        _steps = limits.StepsMax;
    }

    public JsonataProfile Profile { get; }

    public JsonataLimits Limits { get; }

    /// <summary>What $$ is.</summary>
    public JsonValue Input { get; }

    public long StepsUsed => Limits.StepsMax - _steps;

    public long NowMillis => _now ??= _host.NowMillis;

    /// <summary>Those of the expression.</summary>
    public required DatePictures DatePictures { get; init; }

    public double NextRandom() => _host.NextRandom();

    public string NextUuid() => _host.NextUuid();

    /// <summary>A node is gone into; every one is left with <see cref="Leave"/>, but for an exception.</summary>
    public void Enter()
    {
        if (++_depth >= Limits.DepthMax)
        {
            throw new JsonataException("D1011", Limits.DepthMax);
        }

        if (_depth % DepthUnwatched == 0)
        {
            StackGuard.Check("D1011", Limits.DepthMax);
        }

        Spend(1);
    }

    public void Leave() => _depth--;

    public void Spend(long steps)
    {
        _steps -= steps;
        if (_steps < 0)
        {
            throw new JsonataException("D1012", Limits.StepsMax);
        }
    }

    /// <summary>A sequence of so many values is about to be made.</summary>
    public void SpendSequence(long count)
    {
        if (count > Limits.SequenceMax)
        {
            throw new JsonataException("D2015", Limits.SequenceMax);
        }

        Spend(count >> 3);
    }

    /// <summary>A string of so many characters is about to be made.</summary>
    public void SpendText(long length)
    {
        if (length > Limits.StringMax)
        {
            throw new JsonataException("D1014", Limits.StringMax);
        }

        Spend(length >> 6);
    }

    /// <summary>The variable as the caller has bound it, else the function of that name.</summary>
    public JsonValue Global(string name)
    {
        if (name == "$")
        {
            return Input;
        }

        return _variables is not null && _variables.TryGetValue(name, out var value)
            ? value
            : Library.Find(name, Profile);
    }

    public bool IsBoundByCaller(string name) => _variables is not null && _variables.ContainsKey(name);
}

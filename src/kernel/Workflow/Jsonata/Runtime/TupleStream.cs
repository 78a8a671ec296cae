using Analemma.Workflow.Json;

namespace Analemma.Workflow.Jsonata.Runtime;

/// <summary>A value on its way along a path, with what was bound on the way (@, # and parents).</summary>
internal sealed class PathTuple(JsonValue value)
{
    private List<(string Name, JsonValue Value)>? _bindings;

    public JsonValue Value { get; set; } = value;

    public IReadOnlyList<(string Name, JsonValue Value)> Bindings => _bindings ?? [];

    public PathTuple Copy()
    {
        PathTuple copy = new(Value);
        if (_bindings is not null)
        {
            copy._bindings = [.. _bindings];
        }

        return copy;
    }

    public void Bind(string name, JsonValue value)
    {
        _bindings ??= [];
        var index = _bindings.FindIndex(binding => binding.Name == name);
        if (index < 0)
        {
            _bindings.Add((name, value));
        }
        else
        {
            _bindings[index] = (name, value);
        }
    }

    public JsonValue Bound(string name) => _bindings?.Find(binding => binding.Name == name).Value ?? default;

    public Scope ScopeIn(Scope parent)
    {
        Scope scope = new(parent);
        foreach (var (name, value) in Bindings)
        {
            scope.Bind(name, value);
        }

        return scope;
    }
}

/// <summary>The tuples that one step of a path hands to the next.</summary>
internal sealed class TupleStream(List<PathTuple> tuples) : JsonOpaque
{
    public List<PathTuple> Tuples { get; } = tuples;
}

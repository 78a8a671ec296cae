using Analemma.Workflow.Json;

namespace Analemma.Workflow.Jsonata.Runtime;

/// <summary>
/// Variables by name, and the scope around them. Names are few, so they are looked through; that of a call shares the
/// parameters' names with all other calls.
/// </summary>
internal sealed class Scope
{
    private readonly Scope? _parent;
    private string[] _names;
    private JsonValue[] _values;
    private int _count;

    public Scope(Evaluation run)
    {
        Run = run;
        (_names, _values) = ([], []);
    }

    public Scope(Scope parent)
        : this(parent.Run) => _parent = parent;

    /// <summary>Takes both arrays over, the values to change; names beyond their number are added to a copy.</summary>
    public Scope(Scope parent, string[] names, JsonValue[] values)
    {
        Run = parent.Run;
        _parent = parent;
        (_names, _values, _count) = (names, values, values.Length);
    }

    public Evaluation Run { get; }

    public JsonValue Find(string name)
    {
        for (var scope = this; scope is not null; scope = scope._parent)
        {
            for (var i = scope._count - 1; i >= 0; i--)
            {
                if (string.Equals(scope._names[i], name))
                {
                    return scope._values[i];
                }
            }
        }

        return Run.Global(name);
    }

    public void Bind(string name, JsonValue value)
    {
        for (var i = 0; i < _count; i++)
        {
            if (string.Equals(_names[i], name))
            {
                _values[i] = value;
                return;
            }
        }

        if (_count == _values.Length)
        {
            var capacity = Math.Max(4, _count * 2);
            Array.Resize(ref _values, capacity);
            var names = new string[capacity];
            _names.AsSpan(0, _count).CopyTo(names);
            _names = names;
        }

        _names[_count] = name;
        _values[_count++] = value;
    }
}

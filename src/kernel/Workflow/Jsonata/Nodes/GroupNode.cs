using Analemma.Workflow.Json;
using Analemma.Workflow.Jsonata.Runtime;

namespace Analemma.Workflow.Jsonata.Nodes;

/// <summary>
/// An object constructor, which is also a group-by: of all values that have the same key, the pair's value is
/// evaluated once, over them all.
/// </summary>
internal sealed class GroupNode : InnerNode
{
    private readonly (Node Key, Node Value)[] _pairs;
    private readonly int _position;

    /// <summary>When all keys are texts that differ.</summary>
    private readonly JsonShape? _shape;

    public GroupNode((Node Key, Node Value)[] pairs, int position)
    {
        _pairs = pairs;
        _position = position;
        string[] names = [.. pairs.Select(pair => (pair.Key as LiteralNode)?.Value)
            .TakeWhile(value => value?.IsString is true).Select(value => value!.Value.AsString())];
        var isFixed = names.Length == pairs.Length && names.Distinct(StringComparer.Ordinal).Count() == names.Length
            && !Array.Exists(names, IsReserved);
        _shape = isFixed ? new JsonShape(names) : null;
    }

    public JsonValue Groups(JsonValue input, Scope scope)
    {
        if (input.TryGetOpaque<TupleStream>(out var stream))
        {
            return Groups(stream.Tuples, scope);
        }

        var array = input.TryGetArray(out var many) ? many : null;
        if (array is null or { Count: <= 1 })
        {
            var only = array is null ? input : array.Count == 1 ? array[0] : default;
            if (_shape is not null)
            {
                return Fixed(only, scope);
            }

            Grouping one = new(_position);
            Add(one, only, only, scope, null);
            return Built(one, scope);
        }

        Grouping groups = new(_position);
        foreach (var item in array.Items)
        {
            Add(groups, item, item, scope, null);
        }

        return Built(groups, scope);
    }

    public JsonValue Groups(List<PathTuple> tuples, Scope scope)
    {
        Grouping groups = new(_position);
        foreach (var tuple in tuples)
        {
            Add(groups, default, tuple.Value, tuple.ScopeIn(scope), tuple);
        }

        JsonObjectBuilder result = new(groups.Entries.Count);
        foreach (var entry in groups.Entries)
        {
            var reduced = Reduced(entry.Tuples!, scope.Run);
            result.Set(entry.Key, _pairs[entry.Pair].Value.Evaluate(reduced.Value, reduced.ScopeIn(scope)));
        }

        return JsonValue.From(result.Build());
    }

    protected override JsonValue Run(JsonValue input, Scope scope) => Groups(input, scope);

    private static bool IsReserved(string key) => key is "_jsonata_lambda" or "_jsonata_function";

    private static PathTuple Reduced(List<PathTuple> tuples, Evaluation run)
    {
        if (tuples.Count == 1)
        {
            return tuples[0].Copy();
        }

        var result = tuples[0].Copy();
        Appender values = new(result.Value, run);
        Dictionary<string, Appender> bindings = new(StringComparer.Ordinal);
        foreach (var (name, value) in result.Bindings)
        {
            bindings[name] = new Appender(value, run);
        }

        foreach (var tuple in tuples.Skip(1))
        {
            values.Append(tuple.Value);
            foreach (var (name, value) in tuple.Bindings)
            {
                if (!bindings.TryGetValue(name, out var appender))
                {
                    bindings[name] = appender = new Appender(default, run);
                    result.Bind(name, default);
                }

                appender.Append(value);
            }
        }

        result.Value = values.Value;
        foreach (var (name, appender) in bindings)
        {
            result.Bind(name, appender.Value);
        }

        return result;
    }

    private JsonValue Fixed(JsonValue input, Scope scope)
    {
        var values = new JsonValue[_pairs.Length];
        var isWhole = true;
        for (var i = 0; i < _pairs.Length; i++)
        {
            values[i] = _pairs[i].Value.Evaluate(input, scope);
            isWhole &= values[i].IsDefined;
        }

        if (isWhole)
        {
            return JsonValue.From(new JsonObject(_shape!, values));
        }

        JsonObjectBuilder present = new(values.Length);
        for (var i = 0; i < values.Length; i++)
        {
            present.Set(_shape!.Names[i], values[i]);
        }

        return JsonValue.From(present.Build());
    }

    private void Add(Grouping groups, JsonValue item, JsonValue context, Scope scope, PathTuple? tuple)
    {
        for (var pair = 0; pair < _pairs.Length; pair++)
        {
            scope.Run.Spend(1);
            var key = _pairs[pair].Key.Evaluate(context, scope);
            if (key.IsUndefined)
            {
                continue;
            }

            if (!key.TryGetString(out var text))
            {
                throw new JsonataException("T1003", key).At(_position);
            }

            if (IsReserved(text))
            {
                throw new JsonataException("D1013", key).At(_position);
            }

            groups.Add(text, pair, item, tuple, scope.Run);
        }
    }

    private JsonValue Built(Grouping groups, Scope scope)
    {
        JsonObjectBuilder result = new(groups.Entries.Count);
        foreach (var entry in groups.Entries)
        {
            result.Set(entry.Key, _pairs[entry.Pair].Value.Evaluate(entry.Items!.Value, scope));
        }

        return JsonValue.From(result.Build());
    }

    private sealed record Entry(string Key, int Pair)
    {
        public Appender? Items { get; init; }

        public List<PathTuple>? Tuples { get; init; }
    }

    private sealed class Grouping(int position)
    {
        private readonly Dictionary<string, Entry> _byKey = new(StringComparer.Ordinal);

        public List<Entry> Entries { get; } = [];

        public void Add(string key, int pair, JsonValue item, PathTuple? tuple, Evaluation run)
        {
            if (!_byKey.TryGetValue(key, out var entry))
            {
                entry = tuple is null
                    ? new Entry(key, pair) { Items = new Appender(item, run) }
                    : new Entry(key, pair) { Tuples = [tuple] };
                _byKey.Add(key, entry);
                Entries.Add(entry);
                return;
            }

            if (entry.Pair != pair)
            {
                throw new JsonataException("D1009", key).At(position);
            }

            entry.Items?.Append(item);
            entry.Tuples?.Add(tuple!);
        }
    }
}

/// <summary>Values appended one after the other, without copying all of them each time.</summary>
internal sealed class Appender(JsonValue first, Evaluation run)
{
    private SequenceBuilder _many;
    private JsonValue _value = first;
    private bool _isMany;

    public JsonValue Value => _isMany ? JsonValue.From(Built()) : _value;

    public void Append(JsonValue value)
    {
        if (_value.IsUndefined || value.IsUndefined)
        {
            _value = _value.IsUndefined ? value : _value;
            return;
        }

        if (!_isMany)
        {
            _many = new SequenceBuilder(run);
            _many.AddRange(Values.ItemsOf(_value));
            _isMany = true;
        }

        _many.AddRange(Values.ItemsOf(value));
    }

    private JsonArray Built()
    {
        var built = _many.Build(JsonArrayMarks.None);
        (_value, _isMany) = (JsonValue.From(built), false);
        return built;
    }
}

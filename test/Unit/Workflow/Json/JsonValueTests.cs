using Analemma.Workflow.Json;
using FsCheck;
using FsCheck.Fluent;

namespace Analemma.Unit.Tests.Workflow.Json;

public sealed class JsonValueTests
{
    private static readonly Gen<JsonValue> Values = Gen.Sized(size => Value(Math.Min(size, 6)));

    [Fact]
    public void Any_value_comes_back_from_its_text_equal_and_with_the_same_hash() =>
        Prop.ForAll(Values.ToArbitrary(), value =>
        {
            var back = JsonValue.Parse(value.ToUtf8());
            return back == value && back.GetHashCode() == value.GetHashCode() && back.ToString() == value.ToString();
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Two_values_are_equal_exactly_when_their_sorted_texts_are() =>
        Prop.ForAll(Values.Two().ToArbitrary(), pair =>
            (pair.Item1 == pair.Item2) == (Sorted(pair.Item1) == Sorted(pair.Item2)))
            .QuickCheckThrowOnFailure();

    [Fact]
    public void No_value_is_the_default_and_null_is_one()
    {
        Assert.True(default(JsonValue).IsUndefined);
        Assert.Equal(JsonKind.Null, JsonValue.Null.Kind);
        Assert.NotEqual(JsonValue.Undefined, JsonValue.Null);
        Assert.NotEqual(JsonValue.False, JsonValue.From(0));
        Assert.NotEqual(JsonValue.EmptyString, JsonValue.Null);
    }

    [Fact]
    public void Numbers_are_equal_by_what_they_are_worth()
    {
        Assert.Equal(JsonValue.From(1), JsonValue.Parse("1.0"));
        Assert.Equal(JsonValue.From(1).GetHashCode(), JsonValue.Parse("1.0").GetHashCode());
        Assert.Equal(JsonValue.From(0), JsonValue.FromWritten(-0.0));
        Assert.NotEqual(JsonValue.Parse("9007199254740993"), JsonValue.Parse("9007199254740992"));
        Assert.Equal(JsonValue.Parse("99999999999999999999"), JsonValue.Parse("99999999999999999999"));
        Assert.NotEqual(JsonValue.Parse("99999999999999999999"), JsonValue.Parse("99999999999999999998"));
        Assert.Equal(JsonValue.Parse("922337203685477550.7"), JsonValue.Parse("922337203685477500"));
        Assert.NotEqual(JsonValue.Parse("1e400"), JsonValue.Parse("1e401"));
    }

    [Fact]
    public void Arithmetic_gives_integers_where_they_are_exact()
    {
        Assert.Equal("3", JsonValue.From(1.5 + 1.5).ToString(JsonWriteOptions.Service));
        Assert.True(JsonValue.From(9007199254740992.0).IsInt64);
        Assert.False(JsonValue.From(1e300).IsInt64);
        Assert.Equal("null", JsonValue.From(double.PositiveInfinity).ToString());
    }

    [Fact]
    public void An_integer_is_taken_from_what_is_whole_and_fits()
    {
        Assert.True(JsonValue.Parse("2.0").TryGetInt64(out var two));
        Assert.Equal(2, two);
        Assert.False(JsonValue.Parse("2.5").TryGetInt64(out _));
        Assert.False(JsonValue.Parse("1e19").TryGetInt64(out _));
        Assert.False(JsonValue.Parse("9223372036854775808").TryGetInt64(out _));
        Assert.False(JsonValue.Parse("4294967296").TryGetInt32(out _));
        Assert.False(JsonValue.From("2").TryGetInt64(out _));
    }

    [Fact]
    public void A_changed_object_leaves_the_old_one_as_it_was()
    {
        var old = JsonObject.Of(("a", 1), ("b", 2));

        Assert.Equal("{\"a\":1,\"b\":3}", JsonValue.From(old.With("b", 3)).ToString());
        Assert.Equal("{\"a\":1,\"b\":2,\"c\":3}", JsonValue.From(old.With("c", 3)).ToString());
        Assert.Equal("{\"b\":2}", JsonValue.From(old.Without("a")).ToString());
        Assert.Same(old, old.Without("x"));
        Assert.Equal("{\"a\":1}", JsonValue.From(old.With("b", default)).ToString());
        Assert.Equal("{\"a\":1,\"b\":2}", JsonValue.From(old).ToString());
    }

    [Fact]
    public void An_object_of_many_names_finds_each()
    {
        JsonObjectBuilder builder = new(0);
        for (var i = 0; i < 1000; i++)
        {
            builder.Set($"n{i}", i).Set($"n{i}", i + 1);
        }

        Assert.Equal(1000, builder.Count);
        var built = builder.Build();
        Assert.All(Enumerable.Range(0, 1000), i => Assert.Equal(JsonValue.From(i + 1), built[$"n{i}"]));
        Assert.True(built["n1000"].IsUndefined);
    }

    [Fact]
    public void Records_of_one_array_share_their_names()
    {
        var records = JsonValue.Parse("[{\"a\":1,\"b\":2},{\"a\":3,\"b\":4},{\"b\":4,\"a\":3}]");

        Assert.Same(records[0].AsObject().Shape, records[1].AsObject().Shape);
        Assert.NotSame(records[0].AsObject().Shape, records[2].AsObject().Shape);
        Assert.Equal(records[1], records[2]);
    }

    [Fact]
    public void Nothing_undefined_gets_into_an_array_or_object()
    {
        Assert.Throws<ArgumentException>(() => JsonArray.Of(1, default));
        Assert.Throws<ArgumentException>(() => JsonArray.Empty.Append(default));
        Assert.Equal(0, new JsonArrayBuilder().Add(default).Count);
        Assert.Equal(0, JsonObject.Of(("a", default)).Count);
    }

    private static string Sorted(JsonValue value) => value.Kind switch
    {
        JsonKind.Array => $"[{string.Join(',', value.AsArray().Items.ToArray().Select(Sorted))}]",
        JsonKind.Object => "{" + string.Join(',', value.AsObject().Names.ToArray()
            .Order(StringComparer.Ordinal)
            .Select(name => $"{JsonValue.From(name)}:{Sorted(value[name])}")) + "}",
        _ => value.ToString(),
    };

    private static Gen<JsonValue> Value(int depth)
    {
        var plain = Gen.OneOf(
            Gen.Elements(JsonValue.Null, JsonValue.True, JsonValue.False, JsonValue.From(0), JsonValue.From("")),
            ArbMap.Default.GeneratorFor<long>().Select(JsonValue.From),
            ArbMap.Default.GeneratorFor<double>().Where(double.IsFinite).Select(JsonValue.FromWritten),
            ArbMap.Default.GeneratorFor<string>().Where(text => text is not null).Select(JsonValue.From));
        if (depth == 0)
        {
            return plain;
        }

        var inner = Value(depth / 2);
        return Gen.OneOf(
            plain,
            inner.ArrayOf().Select(items => JsonValue.From(JsonArray.Of(items))),
            Gen.Zip(Gen.Elements("a", "b", "c", "é", "long name"), inner).ArrayOf()
                .Select(pairs => JsonValue.From(JsonObject.Of([.. pairs.Select(pair => (pair.Item1, pair.Item2))]))));
    }
}

using Analemma.Daemon.Configuration.Files;
using FsCheck;
using FsCheck.Fluent;

namespace Analemma.Unit.Tests.Daemon.Configuration;

public sealed class TomlFileTests
{
    [Fact]
    public void Every_form_of_key_and_value()
    {
        var read = TomlFile.Read(
            """
            # a machine file
            top = true   # at the end of a line
            a.b."c d" = 'lit\eral'
            [ t . u ]
            text = "tab\t quote\" \u00e9 \U0001F600"
            whole = -1_000
            hex = 0x7f
            float = 1.5e3
            empty = ""
            list = [ 1, "two", # three
              3.0,
            ]
            """ + "\r\nlast = 1",
            "m");

        Assert.Empty(read.Problems);
        Assert.Equal(
            new Dictionary<string, object>
            {
                ["top"] = true,
                ["a.b.c d"] = @"lit\eral",
                ["t.u.text"] = "tab\t quote\" é 😀",
                ["t.u.whole"] = -1000L,
                ["t.u.hex"] = 127L,
                ["t.u.float"] = 1500.0,
                ["t.u.empty"] = "",
                ["t.u.list"] = new List<object> { 1L, "two", 3.0 },
                ["t.u.last"] = 1L,
            },
            read.Values.ToDictionary(pair => pair.Key, pair => pair.Value.Value));
    }

    [Theory]
    [InlineData("a", "m line 1: expected '=' after the key, found the end of the file")]
    [InlineData("\na =", "m line 2: expected a value, found the end of the file")]
    [InlineData("a = \"x", "m line 1: the string does not end on its line")]
    [InlineData("a = 1 b", "m line 1: expected the end of the line, found 'b'")]
    [InlineData("= 1", "m line 1: expected a key, found '='")]
    [InlineData("[[a]]", "m line 1: lists of tables ([[…]]) are not part of a machine file")]
    [InlineData("a = {b = 1}", "m line 1: inline tables ({…}) are not part of a machine file; write a [table]")]
    [InlineData("a = \"\"\"b\"\"\"", "m line 1: strings over several lines are not part of a machine file")]
    [InlineData("a = 2026-01-02", "m line 1: '2026-01-02' is not a value; text goes in quotes")]
    [InlineData("a = 1\na = 2", "m line 2: a is set twice")]
    [InlineData("[a]\n[a]", "m line 2: the table [a] is there twice")]
    [InlineData("[a", "m line 1: expected ']' after the table's name, found the end of the file")]
    [InlineData("a = \"\\q\"", "m line 1: \\q is not an escape")]
    [InlineData("a = \"\\uD800\"", "m line 1: D800 is not a Unicode scalar value")]
    [InlineData("a = \"\\u12", "m line 1: the string does not end on its line")]
    [InlineData("a = \"\\", "m line 1: \\\0 is not an escape")]
    [InlineData("a = [1", "m line 1: expected ']' at the end of the list, found the end of the file")]
    [InlineData("a = nan", "m line 1: 'nan' is not a value; text goes in quotes")]
    public void A_mistake_is_told_with_its_line(string text, string problem) =>
        Assert.Equal([problem], TomlFile.Read(text, "m").Problems);

    [Fact]
    public void After_a_mistake_reading_goes_on()
    {
        var read = TomlFile.Read("a = \nb = 2\nc\nd = 4", "m");

        Assert.Equal(2, read.Problems.Count);
        Assert.Equal(["b", "d"], read.Values.Keys);
    }

    [Fact]
    public void No_text_makes_the_reader_throw_or_hang()
    {
        var piece =
            Gen.Elements("a", "=", "[", "]", "\"", "'", "\\", "u", ".", "#", "\n", " ", "1", "-", "{", ",", "\0", "é");
        var text = Gen.ArrayOf(piece).Select(string.Concat);
        Prop.ForAll(text.ToArbitrary(), content => TomlFile.Read(content, "m") is not null).QuickCheckThrowOnFailure();
    }
}

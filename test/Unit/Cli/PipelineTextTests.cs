using Analemma.Cli;
using Analemma.Cli.Pipelines;
using FsCheck;
using FsCheck.Fluent;

namespace Analemma.Unit.Tests.Cli;

public sealed class PipelineTextTests
{
    [Theory]
    [InlineData("a.py", "a.py")]
    [InlineData(" a.py  --x 1|b ", "a.py,--x,1|b")]
    [InlineData("""a 'one | two' "three \" four" five\ six|b ''""", "a,one | two,three \" four,five six|b,")]
    [InlineData("""a "\n" '\' x"y"z""", "a,\\n,\\,xyz")]
    public void Words_and_quotes_are_those_of_a_shell(string text, string expected) => Assert.Equal(
        expected,
        string.Join('|', PipelineText.Parse(text).Select(stage => string.Join(',', stage))),
        StringComparer.Ordinal);

    [Theory]
    [InlineData("", "at character 1", "stage 1 has no program")]
    [InlineData("a | | b", "at character 5", "stage 2 has no program")]
    [InlineData("a |", "at character 4", "stage 2 has no program")]
    [InlineData("a || b", "at character 4", "stage 2 has no program")]
    [InlineData("a 'b", "at character 3", "the quote is not closed")]
    [InlineData("a \"b", "at character 3", "the quote is not closed")]
    [InlineData("a > b", "at character 3", "> means nothing here")]
    [InlineData("a; b", "at character 2", "; means nothing here")]
    [InlineData("a $HOME", "at character 3", "$ means nothing here")]
    [InlineData("a *.txt", "at character 3", "* means nothing here")]
    [InlineData("a \\", "at character 3", "a backslash stands at the end")]
    [InlineData("'' b", "at character 5", "stage 1 has no program")]
    [InlineData("a|a|a|a|a|a|a|a|a|a|a|a|a|a|a|a|a", "17 stages", "at most 16")]
    public void What_is_no_pipeline_is_refused_with_its_place(string text, params string[] expected)
    {
        var refused = Assert.Throws<CliException>(() => PipelineText.Parse(text));
        Assert.All(expected, part => Assert.Contains(part, refused.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Whatever_is_quoted_comes_back() => Check.QuickThrowOnFailure(
        Prop.ForAll(Words().ToArbitrary(), stages => PipelineText
            .Parse(string.Join('|', stages.Select(words => string.Join(' ', words.Select(Quote)))))
            .Zip(stages).All(pair => pair.First.SequenceEqual(pair.Second))));

    private static string Quote(string word) => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private static Gen<string[][]> Words() =>
        Gen.Choose(1, 6).SelectMany(length => Gen.Elements("ab '\"\\|$é\n".ToCharArray()).ArrayOf(length))
            .Select(characters => new string(characters)).NonEmptyListOf().Select(words => words.ToArray())
            .NonEmptyListOf().Select(stages => stages.Take(PipelineText.StagesMax).ToArray());
}

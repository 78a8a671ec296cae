using Analemma.Kernel.Policy;
using FsCheck;
using FsCheck.Fluent;

namespace Analemma.Unit.Tests.Kernel.Rights;

public sealed class NamePatternTests
{
    private static readonly Gen<string> Patterns = Gen.Elements("a", "b", "*", "ab", "_family").ListOf()
        .Select(parts => string.Concat(parts.Take(4)));

    private static readonly Gen<string> Names =
        Gen.Elements("a", "b").ListOf().Select(parts => string.Concat(parts.Take(8)));

    [Theory]
    [InlineData("*", "anything", true)]
    [InlineData("worker-*", "worker-1", true)]
    [InlineData("worker-*", "worker", false)]
    [InlineData("*-1", "worker-1", true)]
    [InlineData("a*b*c", "axxbyyc", true)]
    [InlineData("a*b*c", "axxbyy", false)]
    [InlineData("a", "ab", false)]
    [InlineData("", "a", false)]
    [InlineData("_family", "_family", true)]
    [InlineData("_family", "x", false)]
    public void A_pattern_stands_for_names(string pattern, string name, bool matches) =>
        Assert.Equal(matches, NamePattern.Matches(pattern, name));

    [Theory]
    [InlineData("*", "_family", true)]
    [InlineData("_family", "a", false)]
    [InlineData("_fam*", "_family", false)]
    [InlineData("a*", "ab*", true)]
    [InlineData("ab*", "a*", false)]
    [InlineData("a*c", "a*b*c", true)]
    [InlineData("a?", "ab", false)]
    public void A_pattern_covers_another(string pattern, string other, bool covers) =>
        Assert.Equal(covers, NamePattern.Covers(pattern, other));

    [Fact]
    public void What_is_covered_matches_nothing_more() => Check.QuickThrowOnFailure(Prop.ForAll(
        Arb.From(Patterns),
        Arb.From(Patterns),
        Arb.From(Names),
        (pattern, other, name) => !NamePattern.Covers(pattern, other) || !NamePattern.Matches(other, name)
            || NamePattern.Matches(pattern, name)));

    [Fact]
    public void What_is_in_both_lists_is_in_each() => Check.QuickThrowOnFailure(Prop.ForAll(
        Arb.From(Patterns.ListOf()),
        Arb.From(Patterns.ListOf()),
        Arb.From(Names),
        (one, other, name) => !NamePattern.Matches(NamePattern.Both([.. one], [.. other]), name)
            || (NamePattern.Matches([.. one], name) && NamePattern.Matches([.. other], name))));

    [Fact]
    public void A_pattern_of_many_stars_takes_no_time() =>
        Assert.False(NamePattern.Matches(string.Concat(Enumerable.Repeat("*a", 100)) + "b", new string('a', 500)));
}

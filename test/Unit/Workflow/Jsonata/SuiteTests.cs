namespace Analemma.Unit.Tests.Workflow.Jsonata;

/// <summary>JSONata's official test suite, 1,686 cases of it.</summary>
public sealed class SuiteTests(ITestOutputHelper output)
{
    /// <summary>Cases that do not pass, each with the reason.</summary>
    private static readonly Dictionary<string, string> Skipped = new(StringComparer.Ordinal)
    {
    };

    [Fact]
    public void Every_case_of_the_official_suite_passes_but_for_those_that_are_named_with_a_reason()
    {
        Assert.SkipWhen(SuiteCase.Folder is null, "JSONata's suite is not here: ../shared/jsonata-suite");
        var cases = SuiteCase.All();

        var problems = cases.Select(each => (each.Id, Problem: each.Run()))
            .Where(each => each.Problem is not null)
            .ToList();

        output.WriteLine($"{cases.Count - problems.Count} of {cases.Count} cases pass");
        var unexpected = problems.Where(each => !Skipped.ContainsKey(each.Id)).ToList();
        Assert.True(
            unexpected.Count == 0,
            string.Join('\n', unexpected.Select(each => $"{each.Id} {each.Problem}")));
        Assert.Empty(Skipped.Keys.Except(problems.Select(each => each.Id)));
        Assert.True(cases.Count >= 1600, $"only {cases.Count} cases were found");
    }
}

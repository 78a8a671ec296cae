using Analemma.Abi;

namespace Analemma.Repo.Tests;

public sealed class ErrorPageTests
{
    private const string Folder = "docs/errors/";

    private static readonly string[] Sections = ["## What happened", "## What to check", "## What to do"];

    private static IEnumerable<string> Codes => Enum.GetValues<SysErrorCode>()
        .Where(code => code is not SysErrorCode.Ok)
        .Select(SysErrorCodes.NameOf);

    [Fact]
    public void Every_error_code_has_a_page() =>
        Repository.AssertNone(Codes
            .Select(code => $"{Folder}{code}.md")
            .Where(page => !Repository.Files.Contains(page))
            .Select(page => $"{page} is missing"));

    [Fact]
    public void Every_page_is_about_an_error_code_and_says_what_happened_and_what_to_do() =>
        Repository.AssertNone(Repository.Files
            .Where(file => file.StartsWith(Folder, StringComparison.Ordinal))
            .SelectMany(Problems));

    private static IEnumerable<string> Problems(string page)
    {
        var code = Path.GetFileNameWithoutExtension(page);
        var text = Repository.Read(page);
        if (!Codes.Contains(code))
        {
            yield return $"{page} is about no error code";
        }

        if (!text.StartsWith($"# {code}\n", StringComparison.Ordinal))
        {
            yield return $"{page} does not begin with its code";
        }

        foreach (var section in Sections.Where(section => !text.Contains(section, StringComparison.Ordinal)))
        {
            yield return $"{page} lacks the section {section}";
        }
    }
}

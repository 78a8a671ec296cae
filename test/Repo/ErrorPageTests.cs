using System.Text.RegularExpressions;
using Analemma.Abi;

namespace Analemma.Repo.Tests;

public sealed class ErrorPageTests
{
    private const string Folder = "docs/errors/";

    private static readonly string[] Sections = ["## What happened", "## What to check", "## What to do"];

    /// <summary>Exceptions that are no fault of the world.</summary>
    private static readonly string[] NoFaults =
    [
        "Syscall", // a refusal: it has the page of its code
        "Violation", // of the simulator: what a test finds
    ];

    /// <summary>Of the command line alone: a file that it reads, and sends nothing of when that is wrong.</summary>
    private static readonly string[] Files = ["fleet_invalid"];

    /// <summary>What a program can be told or stopped by: codes of refusals, and exceptions.</summary>
    private static IEnumerable<string> Subjects => Codes.Concat(Faults).Concat(Files);

    private static IEnumerable<string> Faults => Repository.Sources
        .Where(file => file.StartsWith("src/", StringComparison.Ordinal))
        .SelectMany(file => Regex.Matches(Repository.Read(file), @"public sealed class (\w+)Exception\b"))
        .Select(match => match.Groups[1].Value)
        .Except(NoFaults)
        .Select(name => Regex.Replace(name, "(?<=.)([A-Z])", "_$1").ToLowerInvariant());

    private static IEnumerable<string> Codes => Enum.GetValues<SysErrorCode>()
        .Where(code => code is not SysErrorCode.Ok)
        .Select(SysErrorCodes.NameOf);

    [Fact]
    public void Every_error_code_and_every_fault_has_a_page() =>
        Repository.AssertNone(Subjects
            .Select(code => $"{Folder}{code}.md")
            .Where(page => !Repository.Files.Contains(page))
            .Select(page => $"{page} is missing"));

    [Fact]
    public void The_faults_are_found()
    {
        Assert.Contains("journal_corrupt", Faults);
        Assert.Contains("kernel_connection", Faults);
        Assert.DoesNotContain("syscall", Faults);
    }

    [Fact]
    public void Every_page_is_about_an_error_code_or_a_fault_and_says_what_happened_and_what_to_do() =>
        Repository.AssertNone(Repository.Files
            .Where(file => file.StartsWith(Folder, StringComparison.Ordinal))
            .SelectMany(Problems));

    private static IEnumerable<string> Problems(string page)
    {
        var code = Path.GetFileNameWithoutExtension(page);
        var text = Repository.Read(page);
        if (!Subjects.Contains(code))
        {
            yield return $"{page} is about no error code and no fault";
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

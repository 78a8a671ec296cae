using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Analemma.Repo.Tests;

/// <summary>The house style, as far as it can be counted.</summary>
public sealed class TidyTests
{
    private const int LineCharsMax = 120;
    private const int FileLinesMax = 500;
    private const int MethodLinesMax = 70;

    private static readonly Regex EmptyName = new("(Manager|Helper|Helpers|Utils|Util|Impl|Wrapper|Info|Base)$");

    /// <summary>Split, so that this file does not find itself.</summary>
    private static readonly Regex Unfinished = new("\\b(TO" + "DO|FIX" + "ME|HA" + "CK)\\b");

    /// <summary>Paths of somebody's machine. /work alone is the agents' own folder.</summary>
    private static readonly Regex MachinePath = new(
        "/work/(wt|main|shared|notes)\\b|/ho" + "me/(?!u\\b|user\\b)[a-z]"
        + "|/Us" + "ers/|/ro" + "ot/[.a-z]+/|C:\\\\\\\\Us" + "ers");

    private static readonly HashSet<string> RootFiles = new(StringComparer.Ordinal)
    {
        ".editorconfig", ".gitattributes", ".gitignore", "ARCHITECTURE.md", "Analemma.slnx", "CHANGELOG.md",
        "CONTRIBUTING.md", "Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props", "LICENSE",
        "README.md", "SECURITY.md", "SPECIFICATION.md", "analemma", "global.json",
    };

    private static readonly HashSet<string> RootFolders = new(StringComparer.Ordinal)
    {
        ".ci", ".github", "bench", "changes", "console", "demos", "deploy", "docs", "eng", "fuzz", "sdk", "src", "test",
    };

    private static readonly string[] Text =
        [".cs", ".csproj", ".props", ".targets", ".py", ".sh", ".md", ".json", ".txt", ".toml", ".c", ".h", ".slnx"];

    [Fact]
    public void No_line_is_longer_than_120_characters() =>
        Repository.AssertNone(Repository.Sources.SelectMany(file => LongLines(file, Repository.Read(file))));

    [Fact]
    public void No_file_is_longer_than_500_lines() =>
        Repository.AssertNone(Repository.Sources
            .Select(file => (file, Repository.Lines(file).Length))
            .Where(pair => pair.Length > FileLinesMax)
            .Select(pair => $"{pair.file} has {pair.Length} lines"));

    [Fact]
    public void No_method_is_longer_than_70_lines() =>
        Repository.AssertNone(Repository.Sources.SelectMany(file => LongMethods(file, Repository.Read(file))));

    [Fact]
    public void No_type_has_an_empty_name() =>
        Repository.AssertNone(Repository.Sources.SelectMany(file => EmptyNames(file, Repository.Read(file))));

    [Fact]
    public void Nothing_is_left_for_later() =>
        Repository.AssertNone(Found(Unfinished, "is left for later"));

    [Fact]
    public void No_path_of_somebodys_machine_is_in_the_tree() =>
        Repository.AssertNone(Found(MachinePath, "is a path of one machine"));

    [Fact]
    public void The_root_has_only_what_belongs_there() =>
        Repository.AssertNone(Repository.Files
            .Select(file => file.Split('/'))
            .Where(parts => !(parts.Length == 1 ? RootFiles : RootFolders).Contains(parts[0]))
            .Select(parts => parts[0])
            .Distinct()
            .Select(name => $"{name} does not belong in the root"));

    [Fact]
    public void Code_folders_explain_themselves_without_a_readme() =>
        Repository.AssertNone(Repository.Files.Where(file =>
            file.StartsWith("src/", StringComparison.Ordinal)
            && Path.GetFileName(file).StartsWith("README", StringComparison.OrdinalIgnoreCase)));

    [Fact]
    public void What_is_untidy_is_found()
    {
        var method = $"class C {{ void M() {{\n{string.Concat(Enumerable.Repeat("M();\n", 71))}}} }}";
        Assert.Equal("f:1 M has 73 lines", Assert.Single(LongMethods("f", method)));
        var local = $"class C {{ int P => 1; C() {{\n{string.Concat(Enumerable.Repeat("P();\n", 68))}}} }}";
        Assert.Empty(LongMethods("f", local));
        Assert.Equal("f:2 has 121 characters", Assert.Single(LongLines("f", "\n" + new string('x', 121) + "\n")));
        Assert.Empty(LongLines("f", $"var x = \"\"\"\n{new string('x', 121)}\n\"\"\";"));
        Assert.Equal("f: FileManager says nothing", Assert.Single(EmptyNames("f", "class FileManager;")));
        Assert.Empty(EmptyNames("f", "class Manage; enum Baseline { Info }"));
        Assert.Matches(Unfinished, "// TO" + "DO: later");
        Assert.Matches(MachinePath, "see /work/" + "main/x");
        Assert.DoesNotMatch(MachinePath, "/work/result.txt and /proc/1/root/work");
    }

    private static IEnumerable<string> Found(Regex pattern, string what) =>
        from file in Repository.Files
        where Text.Contains(Path.GetExtension(file))
        from line in Repository.Lines(file).Select((text, at) => (text, at))
        let match = pattern.Match(line.text)
        where match.Success
        select $"{file}:{line.at + 1} {match.Value} {what}";

    /// <summary>Text inside a literal of several lines is what it is.</summary>
    private static IEnumerable<string> LongLines(string file, string source)
    {
        var lines = source.Split('\n');
        if (lines.All(line => line.Length <= LineCharsMax))
        {
            return [];
        }

        var literal = CSharpSyntaxTree.ParseText(source).GetRoot().DescendantTokens()
            .Where(token => token.RawKind is (int)SyntaxKind.MultiLineRawStringLiteralToken
                or (int)SyntaxKind.InterpolatedStringTextToken)
            .Select(token => token.GetLocation().GetLineSpan())
            .Where(span => span.StartLinePosition.Line < span.EndLinePosition.Line)
            .SelectMany(span => Enumerable.Range(
                span.StartLinePosition.Line, span.EndLinePosition.Line - span.StartLinePosition.Line + 1))
            .ToHashSet();
        return lines.Index()
            .Where(line => line.Item.Length > LineCharsMax && !literal.Contains(line.Index))
            .Select(line => $"{file}:{line.Index + 1} has {line.Item.Length} characters");
    }

    private static IEnumerable<string> LongMethods(string file, string source) =>
        from node in CSharpSyntaxTree.ParseText(source).GetRoot().DescendantNodes()
        where node is BaseMethodDeclarationSyntax or LocalFunctionStatementSyntax or AccessorDeclarationSyntax
        let span = node.SyntaxTree.GetLineSpan(node.Span)
        let lines = span.EndLinePosition.Line - span.StartLinePosition.Line + 1
        where lines > MethodLinesMax
        select $"{file}:{span.StartLinePosition.Line + 1} {NameOf(node)} has {lines} lines";

    private static string NameOf(Microsoft.CodeAnalysis.SyntaxNode node) => node switch
    {
        MethodDeclarationSyntax method => method.Identifier.Text,
        LocalFunctionStatementSyntax function => function.Identifier.Text,
        ConstructorDeclarationSyntax constructor => constructor.Identifier.Text,
        _ => node.Kind().ToString(),
    };

    private static IEnumerable<string> EmptyNames(string file, string source) =>
        from type in CSharpSyntaxTree.ParseText(source).GetRoot().DescendantNodes().OfType<BaseTypeDeclarationSyntax>()
        where EmptyName.IsMatch(type.Identifier.Text)
        select $"{file}: {type.Identifier.Text} says nothing";
}

using System.Xml.Linq;

namespace Analemma.Repo.Tests;

/// <summary>User space → kernel ← hardware, as a table over the project files.</summary>
public sealed class LayeringTests
{
    /// <summary>Who may reference whom. Change this table and ARCHITECTURE.md together, with an ADR.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Abi"] = [],
        ["Journal"] = ["Abi"],
        ["Kernel"] = ["Abi"],
        ["Simulator"] = ["Abi", "Journal", "Kernel", "Workflow"],
        ["Workflow"] = [],
        ["Linux"] = [],
        ["Sandbox"] = ["Abi", "Linux"],
        ["Storage"] = ["Abi", "Journal", "Linux"],
        ["Models"] = ["Abi"],
        ["Tools"] = ["Abi"],
        ["Client"] = ["Abi"],
        ["Cli"] = ["Abi", "Client"],
        ["Daemon"] = ["Abi", "Journal", "Kernel", "Linux", "Models", "Sandbox", "Storage", "Tools", "Workflow"],
    };

    /// <summary>Packages outside the base library. The kernel's projects have none.</summary>
    private static readonly Dictionary<string, string[]> Packages = new(StringComparer.Ordinal)
    {
        ["Storage"] = ["AWSSDK.S3", "Microsoft.Data.Sqlite", "Npgsql"],
        ["Models"] = ["Anthropic", "Microsoft.Extensions.AI.Abstractions", "OpenAI"],
        ["Tools"] = ["ModelContextProtocol.Core"],
        ["Cli"] = ["System.CommandLine", "Spectre.Console", "YamlDotNet"],
        ["Daemon"] = ["Microsoft.AspNetCore.App", "OpenTelemetry.Exporter.OpenTelemetryProtocol"],
    };

    private static IEnumerable<string> Projects => Repository.Files
        .Where(file => file.StartsWith("src/", StringComparison.Ordinal))
        .Where(file => file.EndsWith(".csproj", StringComparison.Ordinal));

    [Fact]
    public void Every_project_references_only_what_its_layer_may() =>
        Repository.AssertNone(Projects.SelectMany(file => Problems(NameOf(file), Repository.Read(file))));

    [Fact]
    public void The_table_has_no_row_without_a_project() =>
        Assert.Equal(Allowed.Keys.Order(StringComparer.Ordinal), Projects.Select(NameOf).Order(StringComparer.Ordinal));

    [Fact]
    public void A_project_sees_only_what_it_names() =>
        Assert.Contains(
            "<DisableTransitiveProjectReferences>true</DisableTransitiveProjectReferences>",
            Repository.Read("Directory.Build.props"),
            StringComparison.Ordinal);

    [Theory]
    [InlineData("Kernel", "<ProjectReference Include=\"$(Root)src/hardware/Linux/Analemma.Linux.csproj\" />", "Linux")]
    [InlineData("Kernel", "<ProjectReference Include=\"..\\..\\hardware\\Linux\\Analemma.Linux.csproj\" />", "Linux")]
    [InlineData("Cli", "<ProjectReference Include=\"../Analemma.Kernel.csproj\" />", "Kernel")]
    [InlineData("Storage", "<ProjectReference Include=\"../Analemma.Kernel.csproj\" />", "Kernel")]
    [InlineData("Models", "<ProjectReference Include=\"../Analemma.Kernel.csproj\" />", "Kernel")]
    [InlineData("Abi", "<PackageReference Include=\"Newtonsoft.Json\" />", "Newtonsoft.Json")]
    [InlineData("Kernel", "<FrameworkReference Include=\"Microsoft.AspNetCore.App\" />", "Microsoft.AspNetCore.App")]
    [InlineData("Abi", "<Reference Include=\"Some.dll\" />", "Some.dll")]
    [InlineData("Somebody", "<ProjectReference Include=\"$(Root)src/kernel/Abi/Analemma.Abi.csproj\" />", "Somebody")]
    public void A_reference_that_breaks_the_table_is_named(string project, string reference, string named)
    {
        var problem = Assert.Single(Problems(project, $"<Project><ItemGroup>{reference}</ItemGroup></Project>"));

        Assert.Contains(named, problem, StringComparison.Ordinal);
        Assert.StartsWith(project, problem, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Problems(string project, string csproj)
    {
        if (!Allowed.TryGetValue(project, out var allowed))
        {
            return [$"{project} is not in the table of layers"];
        }

        var packages = Packages.GetValueOrDefault(project, []);
        return
        [
            .. Named(csproj, "ProjectReference").Select(NameOf).Except(allowed)
                .Select(name => $"{project} may not reference {name}"),
            .. Named(csproj, "PackageReference").Concat(Named(csproj, "FrameworkReference")).Except(packages)
                .Select(name => $"{project} may not use the package {name}"),
            .. Named(csproj, "Reference").Select(name => $"{project} may not reference the file {name}"),
        ];
    }

    private static IEnumerable<string> Named(string csproj, string element) =>
        XDocument.Parse(csproj).Descendants(element).Select(node => (string?)node.Attribute("Include") ?? "");

    /// <summary>src/kernel/Abi/Analemma.Abi.csproj → Abi</summary>
    private static string NameOf(string project) =>
        Path.GetFileNameWithoutExtension(project.Replace('\\', '/')).Replace("Analemma.", "", StringComparison.Ordinal);
}

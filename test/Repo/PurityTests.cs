using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Analemma.Repo.Tests;

/// <summary>The kernel cannot reach the machine: not by a reference, and not by the base library.</summary>
public sealed class PurityTests
{
    /// <summary>Each line reaches for something that the kernel must not have.</summary>
    private static readonly string[] Impure =
    [
        "System.DateTime.UtcNow.ToString();",
        "System.DateTimeOffset.Now.ToString();",
        "System.TimeProvider.System.GetTimestamp();",
        "System.Diagnostics.Stopwatch.GetTimestamp();",
        "System.Environment.TickCount64.ToString();",
        "System.Guid.NewGuid();",
        "System.Random.Shared.Next();",
        "new System.Random(1).Next();",
        "System.Security.Cryptography.RandomNumberGenerator.GetBytes(4);",
        "\"x\".GetHashCode();",
        "System.IO.File.Exists(\"x\");",
        "System.IO.Directory.GetCurrentDirectory();",
        "System.Console.WriteLine();",
        "System.Diagnostics.Process.GetCurrentProcess();",
        "new System.Net.Sockets.Socket(default, default, default).Close();",
        "new System.Net.Http.HttpClient().Dispose();",
        "new System.Threading.Thread(() => { }).Start();",
        "System.Threading.Tasks.Task.Run(() => { });",
        "new System.Threading.Timer(_ => { }).Dispose();",
        "System.Threading.Interlocked.MemoryBarrier();",
        "System.Runtime.InteropServices.Marshal.GetLastPInvokeError();",
    ];

    [Theory]
    [InlineData("src/kernel/Kernel/Analemma.Kernel.csproj")]
    [InlineData("src/kernel/Workflow/Analemma.Workflow.csproj")]
    public void What_decides_is_declared_pure(string project) =>
        Assert.Contains("<PureProject>true</PureProject>", Repository.Read(project), StringComparison.Ordinal);

    [Fact]
    public void Nothing_in_the_kernel_excuses_itself() =>
        Repository.AssertNone(Repository.Sources
            .Where(file => file.StartsWith("src/kernel/Kernel/", StringComparison.Ordinal)
                || file.StartsWith("src/kernel/Workflow/", StringComparison.Ordinal))
            .Where(file => Regex.IsMatch(Repository.Read(file), "#pragma warning disable|SuppressMessage"))
            .Select(file => $"{file} suppresses a warning"));

    /// <summary>A pure project that does all this does not build, for each of its reasons.</summary>
    [Fact]
    public async Task Every_way_to_the_machine_is_an_error_in_a_pure_project()
    {
        // Inside the tree, so that its build files apply; not in artifacts, from which nothing is compiled.
        var folder = Directory.CreateDirectory(Path.Combine(Repository.Root, ".analemma", "purity"));
        await File.WriteAllTextAsync(
            Path.Combine(folder.FullName, "Impure.csproj"),
            """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <PureProject>true</PureProject>
                <RestorePackagesWithLockFile>false</RestorePackagesWithLockFile>
                <RestoreLockedMode>false</RestoreLockedMode>
              </PropertyGroup>
            </Project>
            """,
            TestContext.Current.CancellationToken);
        var head = "internal static class Impure\n{\n    internal static void Reach()\n    {\n";
        var body = string.Concat(Impure.Select(line => $"        {line}\n"));
        await File.WriteAllTextAsync(
            Path.Combine(folder.FullName, "Impure.cs"),
            $"{head}{body}    }}\n}}\n",
            TestContext.Current.CancellationToken);

        var output = await BuildAsync(folder.FullName);
        folder.Delete(recursive: true);

        var banned = Regex.Matches(output, @"Impure\.cs\((\d+),\d+\): error RS0030")
            .Select(match => int.Parse(match.Groups[1].ValueSpan, null) - 5)
            .ToHashSet();
        Repository.AssertNone(Impure.Where((_, line) => !banned.Contains(line)).Select(line => $"allowed: {line}"));
        Assert.DoesNotContain("error CS", output, StringComparison.Ordinal);
    }

    private static async Task<string> BuildAsync(string folder)
    {
        var dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        // With analyzers, also where the environment turns them off.
        string[] arguments = ["build", folder, "-v", "quiet", "-nologo", "--no-incremental", "-p:RunAnalyzers=true"];
        var start = new ProcessStartInfo(dotnet, arguments)
        {
            RedirectStandardOutput = true,
        };
        using var build = Process.Start(start)!;
        var output = await build.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await build.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(build.ExitCode != 0, $"a pure project built although it is not:\n{output}");
        return output;
    }
}

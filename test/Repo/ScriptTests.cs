using System.Diagnostics;

namespace Analemma.Repo.Tests;

/// <summary>The script that is the one command, in a checkout of its own with a dotnet that only pretends.</summary>
public sealed class ScriptTests : IDisposable
{
    private readonly string _checkout = Directory.CreateTempSubdirectory("analemma-script-").FullName;

    public ScriptTests()
    {
        foreach (var file in new[] { "analemma", "eng/toolchain.sh", "eng/commands/build.sh", "global.json" })
        {
            Put(file, Repository.Read(file));
        }

        Put("src/a.cs", "");
        Put("sdk/python/a.py", "");
        Put("Directory.Build.props", "");
    }

    public void Dispose()
    {
        var server = Path.Combine(_checkout, "server");
        if (File.Exists(server))
        {
            using var left = Process.GetProcessById(int.Parse(File.ReadAllText(server).Trim()));
            left.Kill();
        }

        Directory.Delete(_checkout, recursive: true);
    }

    [Fact]
    public void A_compiler_server_that_outlives_a_build_does_not_hold_up_the_next()
    {
        PutDotnet("sleep 300 </dev/null >/dev/null 2>&1 & echo $! >SERVER");

        var (code, _, error) = Run("./analemma", "hello");

        Assert.True(code == 0, error);
        Assert.Equal(0, Run("flock", "-n", "artifacts/.build.lock", "true").Code);
    }

    [Fact]
    public void What_was_built_is_run_with_the_arguments_and_not_built_again()
    {
        PutDotnet("echo built >>BUILDS");

        var first = Run("./analemma", "ps", "--name=a b");
        var second = Run("./analemma", "ps");

        Assert.Equal("<ps><--name=a b>\n", first.Output);
        Assert.Equal("<ps>\n", second.Output);
        Assert.Equal("analemma: building; the first time takes a minute\n", first.Error);
        Assert.Equal("", second.Error);
        // The command line and the kernel.
        Assert.Equal(2, File.ReadAllLines(Path.Combine(_checkout, "builds")).Length);
    }

    [Fact]
    public void A_source_that_was_changed_is_built_again()
    {
        PutDotnet("echo built >>BUILDS");
        Run("./analemma", "ps");

        var built = File.GetLastWriteTimeUtc(Path.Combine(_checkout, "artifacts/.built"));
        File.SetLastWriteTimeUtc(Path.Combine(_checkout, "src/a.cs"), built.AddMinutes(1));
        Run("./analemma", "ps");

        Assert.Equal(4, File.ReadAllLines(Path.Combine(_checkout, "builds")).Length);
    }

    [Fact]
    public void Where_nothing_may_be_installed_the_commands_are_printed()
    {
        Put("bin/dotnet", "#!/bin/sh\nexit 1\n");

        var (code, output, error) = Run("./analemma", "ps");

        Assert.Equal(1, code);
        Assert.Equal("", output);
        Assert.Contains("analemma: this is missing: dotnet-sdk-10.0", error);
        Assert.Contains("apt-get install dotnet-sdk-10.0", error);
        Assert.EndsWith("analemma: ANALEMMA_NO_INSTALL=1: install them and start again\n", error);
    }

    /// <summary>What publish is asked to make prints its arguments, one in brackets each.</summary>
    private void PutDotnet(string besides)
    {
        var file = Put("bin/dotnet", $$"""
            #!/bin/bash
            [[ $1 == --list-sdks ]] && { echo "10.0.100 [here]"; exit; }
            while [[ $# -gt 0 && $1 != -o ]]; do shift; done
            mkdir -p "$2/sdk/python"
            printf '#!/bin/bash\nprintf "<%%s>" "$@"; echo\n' >"$2/analemma-cli"
            chmod +x "$2/analemma-cli"
            {{besides.Replace("SERVER", $"{_checkout}/server").Replace("BUILDS", $"{_checkout}/builds")}}

            """);
        Assert.True(File.Exists(file));
    }

    private string Put(string file, string text)
    {
        var path = Path.Combine(_checkout, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
        return path;
    }

    private (int Code, string Output, string Error) Run(string program, params string[] args)
    {
        ProcessStartInfo start = new("/usr/bin/env", [program, .. args])
        {
            WorkingDirectory = _checkout,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PATH"] = $"{_checkout}/bin:{Environment.GetEnvironmentVariable("PATH")}";
        start.Environment["HOME"] = _checkout;
        start.Environment["ANALEMMA_NO_INSTALL"] = "1";
        using var run = Process.Start(start)!;
        var error = run.StandardError.ReadToEndAsync();
        var output = run.StandardOutput.ReadToEnd();
        run.WaitForExit();
        return (run.ExitCode, output, error.Result);
    }
}

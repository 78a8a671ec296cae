using System.Diagnostics;
using System.Text.Json;
using Analemma.Integration.Tests.Sandbox;

namespace Analemma.Integration.Tests.Containment;

/// <summary>
/// One run of the containment probe and its host targets (run.py beside probe.py), and what it found.
/// </summary>
internal sealed record ProbeRun(IReadOnlyDictionary<int, ProbeVerdict> Verdicts, string Log)
{
    /// <summary>The resource bombs, which are no part of the score.</summary>
    public const int FirstBomb = 150;

    private const string Command = """
        python3 "$SHARED/containment/run.py" $BOMBS \
            "analemma=$SWITCH env ANALEMMA_TEST_PROBE=$ENGINE $PROGRAM {probe}"
        """;

    public IEnumerable<ProbeVerdict> Scored => Verdicts.Values.Where(one => one.IsScored && one.Id < FirstBomb);

    /// <summary>Where the probe is: beside the repository, not in it.</summary>
    public static string? Folder { get; } = FindFolder();

    public static async Task<ProbeRun> RunAsync(
        string engine, bool bombs = false, IReadOnlyDictionary<string, string>? env = null, string switchUser = "")
    {
        Assert.SkipWhen(Folder is null, "the containment probe is not here: ../shared/containment of the repository");
        var results = Path.GetTempFileName();
        ProcessStartInfo start = new("/bin/sh", ["-c", Command])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["SHARED"] = Path.GetDirectoryName(Folder);
        start.Environment["ENGINE"] = engine;
        start.Environment["PROGRAM"] = Environment.ProcessPath;
        start.Environment["BOMBS"] = bombs ? "--res" : "";
        start.Environment["SWITCH"] = switchUser;
        start.Environment["PROBE_OUT"] = results;
        foreach (var (name, value) in env ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var table = process.StandardOutput.ReadToEndAsync(EngineHome.Token);
        var log = await process.StandardError.ReadToEndAsync(EngineHome.Token);
        await process.WaitForExitAsync(EngineHome.Token);
        log += await table;
        Assert.True(process.ExitCode == 0, log);
        var verdicts = Read(await File.ReadAllTextAsync(results, EngineHome.Token));
        File.Delete(results);
        Assert.True(verdicts.Count > 0, log);
        return new ProbeRun(verdicts, log);
    }

    public static Dictionary<int, ProbeVerdict> Read(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.GetProperty("analemma").EnumerateObject()
            .Select(probe => new ProbeVerdict(
                probe.Value.GetProperty("id").GetInt32(),
                probe.Value.GetProperty("probe").GetString()!,
                probe.Value.GetProperty("verdict").GetString()!,
                probe.Value.GetProperty("detail").GetString()!))
            .ToDictionary(verdict => verdict.Id);
    }

    private static string? FindFolder()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Analemma.slnx")))
            {
                var folder = Path.GetFullPath(Path.Combine(at.FullName, "../shared/containment"));
                return File.Exists(Path.Combine(folder, "probe.py")) ? folder : null;
            }
        }

        return null;
    }
}

/// <summary>One line of the probe: blocked, open, or info: with either.</summary>
internal sealed record ProbeVerdict(int Id, string Probe, string Verdict, string Detail)
{
    public bool IsScored => !Verdict.StartsWith("info:", StringComparison.Ordinal);

    public bool IsBlocked => Verdict.EndsWith("blocked", StringComparison.Ordinal);
}

using System.Collections;
using System.Globalization;
using System.Text;
using Analemma.Integration.Tests.Sandbox;
using Analemma.Sandbox;
using Analemma.Sandbox.Notify;
using Analemma.Sandbox.Seccomp;

namespace Analemma.Integration.Tests.Containment;

/// <summary>
/// The test program run again as the command that runs the containment probe in a real sandbox: standard output is the
/// probe's, standard error says how the sandbox ended and what was denied.
/// </summary>
internal static class ProbeChild
{
    /// <summary>Names the engine.</summary>
    public const string Variable = "ANALEMMA_TEST_PROBE";

    /// <summary>The sandbox's memory in MiB.</summary>
    public const string MemoryVariable = "ANALEMMA_TEST_PROBE_MEMORY";

    /// <summary>Set: the seccomp profile allows what it should refuse, as a negative control.</summary>
    public const string WeakenedVariable = "ANALEMMA_TEST_PROBE_WEAKENED";

    private const string Refused = "\"action\": \"refuse\"";
    private const string Allowed = "\"action\": \"allow\"";

    public static bool IsAsked => Environment.GetEnvironmentVariable(Variable) is not null;

    public static async Task<int> RunAsync(string probe)
    {
        HybridCgroups.Cover();
        var folder = Directory.CreateTempSubdirectory("analemma-probe-").FullName;

        // Agents have uids of their own, which pass through it to what they may see.
        File.SetUnixFileMode(
            folder, File.GetUnixFileMode(folder) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        Directory.CreateDirectory($"{folder}/state");
        var denied = 0;
        await using (NotifyListener listener = new($"{folder}/n.sock", _ => denied++, TimeProvider.System))
        {
            await using var engine = await SandboxEngines.OpenAsync(
                new SandboxEngineOptions
                {
                    StateFolder = $"{folder}/state",
                    Engine = Environment.GetEnvironmentVariable(Variable)!,
                    NotifySocket = listener.SocketPath,
                    InitFile = SandboxEngineOptions.BuiltInit,
                    Profile = Environment.GetEnvironmentVariable(WeakenedVariable) is null
                        ? SeccompProfile.Agent
                        : Weakened(),
                },
                CancellationToken.None);
            await ProbeAsync(engine, probe);
            var lacking = engine.Report.Guarantees.Where(one => !one.Enforced).Select(one => one.Name);
            await Console.Error.WriteLineAsync(
                $"engine {engine.Report.Engine}, cgroups {engine.Report.Cgroups}, lacking "
                + $"[{string.Join(' ', lacking)}], {listener.Answered} notified, {denied} reports");
        }

        Directory.Delete(folder, recursive: true);
        return 0;
    }

    private static async Task ProbeAsync(ISandboxEngine engine, string probe)
    {
        await using var sandbox = await engine.CreateAsync(Policy(), CancellationToken.None);
        await using (var file = sandbox.Work.OpenWrite("probe.py", append: false, mode: 0x1A4))
        {
            await file.WriteAsync(await File.ReadAllBytesAsync(probe));
        }

        await sandbox.StartAsync(CancellationToken.None);
        var exit = await sandbox.Exited;
        await using var output = Console.OpenStandardOutput();
        await sandbox.Logs.ReadAsync(
            (_, bytes) => output.WriteAsync(bytes), null, follow: false, CancellationToken.None);
        await Console.Error.WriteLineAsync(
            $"exit {exit.Code?.ToString(CultureInfo.InvariantCulture) ?? $"by signal {exit.Signal}"}, "
            + $"{exit.Usage.OomKills} oom kills, {exit.Usage.PidLimitHits} pid limit hits");
    }

    private static SandboxPolicy Policy()
    {
        var policy = EngineHome.Policy("/usr/bin/python3", "/work/probe.py");
        var memory = long.Parse(
            Environment.GetEnvironmentVariable(MemoryVariable) ?? "256", CultureInfo.InvariantCulture);
        Dictionary<string, string> env = new() { ["HOME"] = "/tmp" };
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            if (((string)variable.Key).StartsWith("PROBE_", StringComparison.Ordinal))
            {
                env[(string)variable.Key] = (string?)variable.Value ?? "";
            }
        }

        return policy with { Env = env, Limits = policy.Limits with { MemoryBytes = memory << 20 } };
    }

    private static SeccompProfile Weakened()
    {
        using var json = typeof(SeccompProfile).Assembly.GetManifestResourceStream(
            "Analemma.Sandbox.Seccomp.agent-profile.json")!;
        using StreamReader reader = new(json);
        var text = reader.ReadToEnd().Replace(Refused, Allowed, StringComparison.Ordinal);
        return SeccompProfile.Parse(new MemoryStream(Encoding.UTF8.GetBytes(text)));
    }
}

using System.Text.RegularExpressions;
using Analemma.Kernel;
using Analemma.Kernel.Tools;

namespace Analemma.Daemon.Configuration.Sections;

/// <summary>
/// A <c>[tools.NAME]</c> section of the machine file: one server of tools, a program in a sandbox of its own or an
/// address.
/// </summary>
internal sealed partial record ToolSection(string Name)
{
    /// <summary>The program and its arguments, found inside its sandbox.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    public string Url { get; init; } = "";

    public IReadOnlyDictionary<string, string> Env { get; init; } = new Dictionary<string, string>();

    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary><c>HOST_PATH:TARGET</c>, with <c>:rw</c> for one that may be written.</summary>
    public IReadOnlyList<string> Mounts { get; init; } = [];

    public string Cwd { get; init; } = "/work";

    public bool Network { get; init; }

    public long Memory { get; init; } = 256L * 1024 * 1024;

    public int MaxPids { get; init; } = 64;

    /// <summary>Microseconds of CPU in each 100000.</summary>
    public long CpuQuota { get; init; } = 100_000;

    public long WorkBytes { get; init; } = 64L * 1024 * 1024;

    public long TimeoutMs { get; init; } = 60_000;

    public long StartTimeoutMs { get; init; } = 30_000;

    public int CallsMax { get; init; } = 16;

    public long ResultBytes { get; init; } = 1024 * 1024;

    public string Start { get; init; } = "first-use";

    public bool IsProgram => Command.Count > 0;

    public bool StartsAtBoot => Start == "boot";

    public IEnumerable<string> Problems() =>
        from problem in Wrong()
        select $"tools.{Name}{problem}";

    private IEnumerable<string> Wrong() =>
    [
        .. ToolPattern.IsServerName(Name)
            ? Array.Empty<string>()
            : [$": a server's name is 1 to {ToolPattern.ServerCharsMax} lower-case letters, digits and - inside"],
        .. IsProgram == (Url.Length > 0) ? new[] { " needs exactly one of command and url" } : [],
        .. Url.Length > 0 && !IsWebAddress(Url) ? new[] { ".url must be an absolute http or https URL" } : [],
        .. !IsProgram && (Env.Count > 0 || Mounts.Count > 0 || Network)
            ? new[] { ": env, mounts and network belong to a command, not to a url" } : [],
        .. IsProgram && Headers.Count > 0 ? new[] { ".headers belong to a url, not to a command" } : [],
        .. Env.SelectMany(VariableProblems),
        .. Headers.SelectMany(HeaderProblems),
        .. Mounts.Where(mount => !MountForm().IsMatch(mount)).Select(
            mount => $".mounts has '{mount}'; each is HOST_PATH:TARGET, the target below /mnt or /work, :rw to write"),
        .. Range("memory", Memory, Limits.MemoryBytesMin, Limits.MemoryBytesMax),
        .. Range("max_pids", MaxPids, 1, Limits.PidsMax),
        .. CpuQuota == LimitSet.NoQuota
            ? [] : Range("cpu_quota", CpuQuota, Limits.CpuQuotaUsMin, Limits.CpuQuotaUsMax),
        .. Range("work_bytes", WorkBytes, Limits.WorkBytesMin, Limits.WorkBytesMax),
        .. Range("timeout_ms", TimeoutMs, 1, Limits.WaitMsMax),
        .. Range("start_timeout_ms", StartTimeoutMs, 1, Limits.WaitMsMax),
        .. Range("calls_max", CallsMax, 1, Limits.ToolCallsMax),
        .. Range("result_bytes", ResultBytes, 1, Abi.AbiLimits.BodyBytesMax / 2),
        .. Start is "boot" or "first-use"
            ? Array.Empty<string>() : [$".start is {Start}; it must be boot or first-use"],
    ];

    private static IEnumerable<string> VariableProblems(KeyValuePair<string, string> variable)
    {
        var isReference = ToolReference.IsReference(variable.Value);
        if (!isReference && variable.Value.Contains("secret:", StringComparison.Ordinal))
        {
            // Not shown: it may have the key itself beside.
            yield return $".env.{variable.Key} has a secret within other text; write \"secret:NAME\", or with one word "
                + "before, \"Bearer secret:NAME\"";
        }
        else if (!(isReference ? ShellName() : VariableName()).IsMatch(variable.Key) || variable.Value.Contains('\0'))
        {
            yield return $".env.{variable.Key} is no variable: a name of letters, digits and _, a value without NUL";
        }
    }

    private static IEnumerable<string> HeaderProblems(KeyValuePair<string, string> header)
    {
        if (!HeaderName().IsMatch(header.Key) || header.Value.Any(character => character is < ' ' or > '~'))
        {
            yield return $".headers.{header.Key} is no header: a name of letters and -, a value of printable ASCII";
        }
        else if (SecretName().IsMatch(header.Key) && !ToolReference.IsReference(header.Value))
        {
            // Not shown: it may be the key itself.
            yield return $".headers.{header.Key} is a secret and must not be in this file; write \"secret:NAME\" and "
                + "set it by `analemma secret set NAME`, or \"env:VARIABLE\" of the kernel's environment";
        }
    }

    private static bool IsWebAddress(string text) =>
        Uri.TryCreate(
            text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url!.UserInfo.Length == 0;

    private static IEnumerable<string> Range(string key, long value, long least, long most)
    {
        if (value < least || value > most)
        {
            yield return $".{key} is {value}; it must be {least} to {most}";
        }
    }

    [GeneratedRegex(@"^/[^:\0]*:/(mnt|work)/[^:\0]+(:rw)?$")]
    private static partial Regex MountForm();

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]*\z")]
    private static partial Regex ShellName();

    /// <summary>What the host takes, odd as it may be.</summary>
    [GeneratedRegex(@"^[^=\0]+\z")]
    private static partial Regex VariableName();

    [GeneratedRegex("^[A-Za-z0-9-]{1,64}$")]
    private static partial Regex HeaderName();

    [GeneratedRegex("auth|key|token|secret|cookie|password", RegexOptions.IgnoreCase)]
    private static partial Regex SecretName();
}

/// <summary>
/// The value of a header or of a variable: text as it is, or with a reference at its end, as <c>secret:NAME</c>,
/// <c>Bearer secret:NAME</c> or <c>env:VARIABLE</c>.
/// </summary>
internal static partial class ToolReference
{
    public static bool IsReference(string value) => Reference().IsMatch(value);

    /// <summary>The text before the reference, its kind and its name; false for text as it is.</summary>
    public static bool TryParse(string value, out string before, out string kind, out string name)
    {
        var match = Reference().Match(value);
        (before, kind, name) = (match.Groups[1].Value, match.Groups[2].Value, match.Groups[3].Value);
        return match.Success;
    }

    [GeneratedRegex(@"^((?:[A-Za-z][A-Za-z0-9-]* )?)(secret|env):([A-Za-z0-9._-]+)$")]
    private static partial Regex Reference();
}

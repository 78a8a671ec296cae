using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Analemma.Sandbox.Seccomp;

// SECCOMP PROFILE
//
// The filter is an allow-list kept as data (agent-profile.json): rules of names, conditions, action and reason. What
// no rule names gets ENOSYS, so that a libc falls back; what is dangerous is named and gets EPERM.
//
//   action   with a listener      without          meaning
//   allow    SCMP_ACT_ALLOW       SCMP_ACT_ALLOW   runs
//   report   SCMP_ACT_NOTIFY      SCMP_ACT_ALLOW   runs after it was seen; mounts and namespaces enforce
//   refuse   SCMP_ACT_NOTIFY      SCMP_ACT_ERRNO   EPERM, and seen
//   deny     SCMP_ACT_ERRNO       SCMP_ACT_ERRNO   the rule's errno, in silence
//
// When the listener's end of a notify descriptor is closed the kernel answers ENOSYS to every notified syscall
// (seccomp_unotify(2)), so a lost listener can only refuse more.
//
// The renderer keeps the rules of one syscall disjoint: libseccomp leaves the order of overlapping ones undefined. A
// condition "none of these" therefore becomes the list of masked comparisons that covers the rest exactly
// (MaskedValue.AllBut). Only the native architecture is named: libseccomp then kills a call by any other entry
// (int 0x80, and x32 on x86-64).
//
// Format: https://github.com/opencontainers/runtime-spec/blob/main/config-linux.md#seccomp

/// <summary>What an agent may ask of the host's kernel. Immutable; loaded once.</summary>
public sealed class SeccompProfile
{
    private const int Eperm = 1;
    private const int Enosys = 38;

    private static readonly Lazy<SeccompProfile> Embedded = new(LoadEmbedded);

    private readonly SeccompDefault _default;
    private readonly ConcurrentDictionary<SeccompOptions, byte[]> _compiled = new();

    private SeccompProfile(SeccompDocument document)
    {
        _default = document.Default;
        Rules = document.Rules;
    }

    /// <summary>The profile of every agent.</summary>
    public static SeccompProfile Agent => Embedded.Value;

    public IReadOnlyList<SeccompRule> Rules { get; }

    internal string DefaultReason => _default.Reason;

    /// <summary>
    /// Reads a profile; a malformed one is a <see cref="JsonException"/> or <see cref="FormatException"/>.
    /// </summary>
    public static SeccompProfile Parse(Stream json) => new(ProfileReader.Read(json));

    /// <summary>The <c>linux.seccomp</c> object of an OCI bundle.</summary>
    public JsonObject ToOci(SeccompOptions options)
    {
        JsonArray syscalls = [];
        foreach (var rule in Rules)
        {
            var (action, errno) = ActionOf(rule, options);
            if (!rule.AppliesTo(options) || errno == ErrnoOf(_default.Errno))
            {
                continue;
            }

            foreach (var conditions in Alternatives(rule.When))
            {
                syscalls.Add(Entry(rule.Names, action, errno, conditions));
            }
        }

        return Section(options, syscalls);
    }

    /// <summary>
    /// The same filter ready-made: struct sock_filter[], as bubblewrap's --seccomp reads it and, in base64, crun's
    /// annotation run.oci.seccomp_bpf_data.
    /// </summary>
    public byte[] ToBpf(SeccompOptions options) => _compiled.GetOrAdd(
        options with { ListenerPath = options.ListenerPath is null ? null : "", ListenerMetadata = null },
        kind => ToBpf(kind, SyscallNumbers.Native));

    internal byte[] ToBpf(SeccompOptions options, SyscallNumbers numbers) => BpfCompiler.Compile(
        Rules.Where(rule => rule.AppliesTo(options)),
        ErrnoOf(_default.Errno),
        options.ListenerPath is not null,
        numbers);

    /// <summary>
    /// The <c>linux.seccomp</c> object beside crun's ready-made filter: names the listener, and refuses everything
    /// should a runtime not know the annotation.
    /// </summary>
    public JsonObject ToOciBesideBpf(SeccompOptions options) => Section(options, []);

    internal static int ErrnoOf(string? name) => name switch
    {
        "EPERM" => Eperm,
        "ENOSYS" => Enosys,
        _ => throw new FormatException($"the seccomp profile names the unknown errno '{name}'"),
    };

    private JsonObject Section(SeccompOptions options, JsonArray syscalls)
    {
        var oci = new JsonObject
        {
            ["defaultAction"] = "SCMP_ACT_ERRNO",
            ["defaultErrnoRet"] = ErrnoOf(_default.Errno),
            ["architectures"] = new JsonArray(NativeArchitecture()),
            ["syscalls"] = syscalls,
        };
        if (options.ListenerPath is not null)
        {
            oci["listenerPath"] = options.ListenerPath;
            oci["listenerMetadata"] = options.ListenerMetadata ?? "";
        }

        return oci;
    }

    private static (string Action, int? Errno) ActionOf(SeccompRule rule, SeccompOptions options) => rule.Action switch
    {
        SeccompAction.Allow => ("SCMP_ACT_ALLOW", null),
        SeccompAction.Report => (options.ListenerPath is null ? "SCMP_ACT_ALLOW" : "SCMP_ACT_NOTIFY", null),
        SeccompAction.Refuse when options.ListenerPath is not null => ("SCMP_ACT_NOTIFY", null),
        SeccompAction.Refuse => ("SCMP_ACT_ERRNO", Eperm),
        SeccompAction.Deny => ("SCMP_ACT_ERRNO", ErrnoOf(rule.Errno)),
    };

    /// <summary>One list of argument tests for each way in which all conditions can hold.</summary>
    private static IEnumerable<IReadOnlyList<JsonObject>> Alternatives(IReadOnlyList<SeccompCondition> conditions)
    {
        IEnumerable<IReadOnlyList<Func<JsonObject>>> ways = [[]];
        foreach (var condition in conditions)
        {
            IReadOnlyList<Func<JsonObject>> tests = condition.Excluded is { } excluded
                ? [() => Test(condition.Arg, "SCMP_CMP_NE", excluded, null)]
                : [.. condition.Words.Select<MaskedValue, Func<JsonObject>>(words => () => Test(condition.Arg, words))];
            ways = [.. from way in ways from test in tests select (IReadOnlyList<Func<JsonObject>>)[.. way, test]];
        }

        return ways.Select(way => way.Select(test => test()).ToArray());
    }

    private static JsonObject Test(int arg, MaskedValue words) => words.Mask == ulong.MaxValue
        ? Test(arg, "SCMP_CMP_EQ", words.Value, null)
        : Test(arg, "SCMP_CMP_MASKED_EQ", words.Mask, words.Value);

    private static JsonObject Test(int arg, string comparison, ulong value, ulong? second)
    {
        var test = new JsonObject { ["index"] = arg, ["value"] = value, ["op"] = comparison };
        if (second is not null)
        {
            test["valueTwo"] = second;
        }

        return test;
    }

    private static JsonObject Entry(
        IReadOnlyList<string> names, string action, int? errno, IReadOnlyList<JsonObject> conditions)
    {
        var entry = new JsonObject
        {
            ["names"] = new JsonArray([.. names.Select(name => (JsonNode)name)]),
            ["action"] = action,
        };
        if (errno is not null)
        {
            entry["errnoRet"] = errno;
        }

        if (conditions.Count > 0)
        {
            entry["args"] = new JsonArray([.. conditions]);
        }

        return entry;
    }

    private static string NativeArchitecture() => RuntimeInformation.OSArchitecture switch
    {
        Architecture.X64 => "SCMP_ARCH_X86_64",
        Architecture.Arm64 => "SCMP_ARCH_AARCH64",
        var other => throw new PlatformNotSupportedException($"there is no seccomp profile for {other}"),
    };

    private static SeccompProfile LoadEmbedded()
    {
        const string Resource = "Analemma.Sandbox.Seccomp.agent-profile.json";
        using var json = typeof(SeccompProfile).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"the resource {Resource} is not in the assembly");
        return Parse(json);
    }
}

internal sealed record SeccompDefault(string Errno, string Reason);

internal sealed record SeccompDocument(SeccompDefault Default, IReadOnlyList<SeccompRule> Rules);

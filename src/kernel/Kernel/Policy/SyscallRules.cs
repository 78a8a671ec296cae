using Analemma.Abi;
using Analemma.Abi.Syscalls;

namespace Analemma.Kernel.Policy;

/// <summary>
/// What is well-formed, whoever asks. The daemon checks it at the edge, before anything enters the kernel: all problems
/// at once, each naming its field and what is allowed.
/// </summary>
public static class SyscallRules
{
    public static SysError? Check(Syscall syscall)
    {
        // Nearly all messages are well-formed, and to collect no problems costs as much as what is done with them.
        if (MailRules.IsPlain(syscall))
        {
            return null;
        }

        var problems = syscall switch
        {
            Spawn spawn => SpawnRules.Problems(spawn),
            Audit audit =>
            [
                .. audit.Category is null or "security" or "lifecycle"
                    ? [] : new[] { "category is security or lifecycle" },
                .. Range("since", audit.Since, 0, long.MaxValue),
                .. Range("max", audit.Max, 1, Limits.AuditRecordsPerAnswerMax),
            ],
            Kill kill => Range("grace_ms", kill.GraceMs, 0, Limits.GraceMsMax),
            Shutdown shutdown => Range("grace_ms", shutdown.GraceMs, 0, Limits.GraceMsMax),
            Wait wait => Range("timeout_ms", wait.TimeoutMs, 0, Limits.WaitMsMax),
            Think think => ThinkRules.Problems(think),
            Embed embed => EmbedRules.Problems(embed),
            CallTool tool => ToolRules.Problems(tool),
            ListTools list => ToolRules.ServerProblems(list.Server),
            RestartTools { Server: null } => ["server is missing"],
            RestartTools restart => ToolRules.ServerProblems(restart.Server),
            BudgetSet set => BudgetProblems(set),
            ConversationOpen or ConversationFork or ConversationSyscall => ConversationRules.Problems(syscall),
            Exec exec => ExecProblems(exec),
            Read read => ReadProblems(read),
            Write write => WriteProblems(write),
            Files files => PathProblems(files.Path, emptyAllowed: true),
            Abi.Syscalls.Logs logs => Range("tail", logs.Tail, 0, int.MaxValue),
            EventSelection or Unsubscribe or Emit => EventRules.Problems(syscall),
            PipeSyscall => PipeRules.Problems(syscall),
            Http http => Network.NetworkRules.Problems(http),
            SetPerms set => PermissionRules.Problems(set),
            StoreSyscall store => StoreRules.Problems(store),
            SecretSet set => SecretRules.Problems(set),
            FleetApply apply => FleetRules.Problems(apply),
            FleetDown down => FleetRules.NameProblems("fleet", down.Fleet),
            FleetRestart restart => FleetRules.NameProblems("fleet", restart.Fleet),
            Watch watch => FleetRules.Problems(watch),
            Restart restart => Range("grace_ms", restart.GraceMs, 0, Limits.GraceMsMax),
            Escalate escalate => FleetRules.Problems(escalate),
            Ready ready => FleetRules.Problems(ready),
            Send or Recv or Broadcast or Register or Unregister or Ack or Nack or DeadLetters =>
                MailRules.Problems(syscall),
            SecretRemove remove => SecretRules.NameProblems("name", remove.Name),
            _ => [],
        };
        var found = problems.Take(10).ToArray();
        return found.Length > 0
            ? SysError.InvalidArgument(string.Join("; ", found), "see docs/abi.md")
            : ImageRules.TooLarge(syscall) ?? RecordRules.TooLarge(syscall);
    }

    private static IEnumerable<string> BudgetProblems(BudgetSet set) =>
    [
        .. set is { Reset: false, Tokens: null, Microdollars: null }
            ? new[] { "give tokens, microdollars or both, or reset" } : [],
        .. set.Reset && (set.Tokens ?? set.Microdollars) is not null ? new[] { "reset takes no limits" } : [],
        .. new[] { (set.Id ?? (object?)set.Name) is not null, set.Group is not null, set.Day }.Count(each => each) > 1
            ? new[] { "give an agent, group or day: one of them" } : [],
        .. Range("tokens", set.Tokens, -1, Limits.BudgetMax),
        .. Range("microdollars", set.Microdollars, -1, Limits.BudgetMax),
    ];

    internal static IEnumerable<string> Range(string field, long? value, long min, long max)
    {
        if (value < min || value > max)
        {
            yield return $"{field} is {value}; it must be {min} to {max}";
        }
    }

    internal static IEnumerable<string> EnvProblems(IReadOnlyDictionary<string, string>? env)
    {
        if (env is null)
        {
            yield break;
        }

        if (env.Count > Limits.EnvironmentMax)
        {
            yield return $"env has {env.Count} variables; at most {Limits.EnvironmentMax}";
        }

        foreach (var (name, value) in env)
        {
            if (name.Length is 0 or > 255 || !name.All(IsNameCharacter) || char.IsAsciiDigit(name[0]))
            {
                yield return $"env: {Quote(name)} is not a variable name: letters, digits and _, no digit first";
            }
            else if (value is null || value.Length > Limits.ArgumentCharsMax || value.Contains('\0'))
            {
                yield return $"env.{name}: a value is text of at most {Limits.ArgumentCharsMax} characters, no NUL";
            }
        }
    }

    internal static IEnumerable<string> ArgumentProblems(string field, IReadOnlyList<string>? arguments)
    {
        if (arguments is null)
        {
            yield break;
        }

        if (arguments.Count > Limits.ArgumentsMax)
        {
            yield return $"{field} has {arguments.Count} items; at most {Limits.ArgumentsMax}";
        }

        if (arguments.Any(item => item is null || item.Length > Limits.ArgumentCharsMax || item.Contains('\0')))
        {
            yield return $"{field}: an item is text of at most {Limits.ArgumentCharsMax} characters, no NUL";
        }
    }

    internal static IEnumerable<string> AbsoluteProblems(string field, string? path)
    {
        if (path is not null && (path.Length > Limits.PathCharsMax || !path.StartsWith('/') || path.Contains('\0')))
        {
            yield return $"{field} is {Quote(path)}; it must be an absolute path";
        }
    }

    internal static string Quote(string text) => $"\"{(text.Length <= 80 ? text : text[..80] + "…")}\"";

    private static bool IsNameCharacter(char character) => char.IsAsciiLetterOrDigit(character) || character == '_';

    private static IEnumerable<string> ExecProblems(Exec exec) =>
    [
        .. (exec.Command is null) == (exec.Argv is not { Count: > 0 })
            ? new[] { "give exactly one of command and argv" }
            : [],
        .. exec.Command is { } command ? ArgumentProblems("command", [command]) : [],
        .. ArgumentProblems("argv", exec.Argv),
        .. AbsoluteProblems("cwd", exec.Cwd),
        .. EnvProblems(exec.Env),
        .. Range("timeout_ms", exec.TimeoutMs, 1, Limits.WaitMsMax),
    ];

    private static IEnumerable<string> ReadProblems(Read read) =>
    [
        .. PathProblems(read.Path, emptyAllowed: false),
        .. Range("offset", read.Offset, 0, long.MaxValue),
        .. Range("length", read.Length, 0, long.MaxValue),
    ];

    private static IEnumerable<string> WriteProblems(Write write) =>
    [
        .. PathProblems(write.Path, emptyAllowed: false),
        .. write.Content is null ? new[] { "content is null; it must be text" } : [],
        .. OneOf("encoding", write.Encoding, "utf8", "base64"),
        .. OneOf("mode", write.Mode, "write", "append"),
        .. Range("file_mode", write.FileMode, 0, 0x1FF),
    ];

    internal static IEnumerable<string> OneOf(string field, string? value, params string[] allowed)
    {
        if (value is not null && !allowed.Contains(value, StringComparer.Ordinal))
        {
            yield return $"{field} is {Quote(value)}; it must be {string.Join(" or ", allowed)}";
        }
    }

    private static IEnumerable<string> PathProblems(string? path, bool emptyAllowed)
    {
        if (path is null || (path.Length == 0 && !emptyAllowed))
        {
            yield return "path is missing";
        }
        else if (path.Length > Limits.PathCharsMax || path.Contains('\0'))
        {
            yield return $"path: at most {Limits.PathCharsMax} characters, no NUL";
        }
    }
}

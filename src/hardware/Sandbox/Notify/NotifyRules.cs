using Analemma.Linux;
using Analemma.Sandbox.Seccomp;

namespace Analemma.Sandbox.Notify;

/// <summary>The profile's reported and refused syscalls by number, for the listener to answer from.</summary>
internal sealed class NotifyRules
{
    private readonly Dictionary<int, SeccompRule[]> _byNumber;
    private readonly SyscallNumbers _numbers;

    public NotifyRules(SeccompProfile profile, SyscallNumbers numbers)
    {
        _numbers = numbers;
        _byNumber = (
            from rule in profile.Rules
            where rule.Action is SeccompAction.Report or SeccompAction.Refuse
            from name in rule.Names
            where numbers.ByName.ContainsKey(name)
            group rule by numbers.ByName[name]).ToDictionary(group => group.Key, group => group.ToArray());
        Open = numbers.ByName.GetValueOrDefault("open", -1);
        OpenAt = numbers.ByName["openat"];
        Creat = numbers.ByName.GetValueOrDefault("creat", -1);
        Connect = numbers.ByName["connect"];
        SendTo = numbers.ByName["sendto"];
    }

    public int Open { get; }

    public int OpenAt { get; }

    public int Creat { get; }

    public int Connect { get; }

    public int SendTo { get; }

    public string NameOf(int number) => _numbers.NameOf(number);

    /// <summary>The rule by which the syscall was notified; null for one that no rule of ours notifies.</summary>
    public SeccompRule? Find(in SeccompNotification notification)
    {
        if (_byNumber.TryGetValue(notification.Number, out var rules))
        {
            foreach (var rule in rules)
            {
                if (rule.Matches(notification.Args))
                {
                    return rule;
                }
            }
        }

        return null;
    }
}

namespace Analemma.Sandbox.Seccomp;

/// <summary>
/// Reads a profile for mistakes: every rule has a reason, nothing is named twice under overlapping conditions (for
/// every combination of the options), and what is reported can be put in words.
/// </summary>
internal static class ProfileProblems
{
    private static readonly string[] Kinds = ["filesystem", "network", "process", "kernel"];

    public static IReadOnlyList<string> Of(SeccompProfile profile)
    {
        List<string> problems = [];
        if (string.IsNullOrWhiteSpace(profile.DefaultReason))
        {
            problems.Add("default: no reason");
        }

        foreach (var rule in profile.Rules)
        {
            problems.AddRange(OfOne(rule).Select(problem => $"{string.Join(' ', rule.Names)}: {problem}"));
        }

        foreach (var options in AllOptions())
        {
            problems.AddRange(Overlaps([.. profile.Rules.Where(rule => rule.AppliesTo(options))]));
        }

        return [.. problems.Distinct()];
    }

    private static IEnumerable<string> OfOne(SeccompRule rule)
    {
        if (string.IsNullOrWhiteSpace(rule.Reason))
        {
            yield return "no reason";
        }

        if (rule.Names.Count == 0 || !rule.Names.SequenceEqual(rule.Names.Distinct().Order(StringComparer.Ordinal)))
        {
            yield return "the names must be at least one, sorted, each once";
        }

        if ((rule.Action is SeccompAction.Report or SeccompAction.Refuse) != Kinds.Contains(rule.Kind))
        {
            yield return "exactly the reported and refused syscalls need a kind: " + string.Join(", ", Kinds);
        }

        if ((rule.Action is SeccompAction.Refuse) != (rule.What is not null && rule.Advice is not null))
        {
            yield return "exactly the refused syscalls need what and advice";
        }

        if ((rule.Action is SeccompAction.Deny) != (rule.Errno is not null))
        {
            yield return "exactly the denied syscalls need an errno";
        }

        foreach (var problem in rule.When.SelectMany(condition => condition.Problems()))
        {
            yield return problem;
        }
    }

    private static IEnumerable<SeccompOptions> AllOptions() =>
        from reads in (bool[])[false, true]
        from network in (bool[])[false, true]
        from entering in (bool[])[false, true]
        select new SeccompOptions { AuditReads = reads, Network = network, Entering = entering };

    private static IEnumerable<string> Overlaps(IReadOnlyList<SeccompRule> rules) =>
        from i in Enumerable.Range(0, rules.Count)
        from j in Enumerable.Range(0, i)
        from name in rules[i].Names.Intersect(rules[j].Names)
        where !Disjoint(rules[i], rules[j])
        select $"{name}: {rules[j].Action} and {rules[i].Action} can both match";

    /// <summary>Two rules are disjoint when some argument cannot satisfy both.</summary>
    private static bool Disjoint(SeccompRule one, SeccompRule other) =>
        one.When.Any(mine => other.When.Any(theirs => mine.Arg == theirs.Arg && !Meet(mine, theirs)));

    private static bool Meet(SeccompCondition one, SeccompCondition other) =>
        one.Words.Any(mine => other.Words.Any(theirs =>
            (mine.Value & theirs.Mask & mine.Mask) == (theirs.Value & mine.Mask & theirs.Mask)));
}

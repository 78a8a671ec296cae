namespace Analemma.Kernel.History;

/// <summary>Which records of the journal belong to the audit log, and under what.</summary>
public static class AuditRecords
{
    public const string Security = "security";

    public const string Lifecycle = "lifecycle";

    private static readonly Dictionary<string, string> Categories = new(StringComparer.Ordinal)
    {
        ["attempt.denied"] = Security,
        ["agent.halted"] = Security,
        ["limit.overstepped"] = Security,
        ["syscall.set_perms"] = Security,
        ["syscall.secret_set"] = Security,
        ["syscall.secret_remove"] = Security,
        ["syscall.budget_set"] = Security,
        ["tool.called"] = Security,
        ["kernel.started"] = Lifecycle,
        ["sandbox.started"] = Lifecycle,
        ["sandbox.start_failed"] = Lifecycle,
        ["sandbox.exited"] = Lifecycle,
        ["leftover.adopted"] = Lifecycle,
        ["leftover.reaped"] = Lifecycle,
    };

    /// <summary>What whoever did something starts the type of its record with, beside <see cref="Types"/>.</summary>
    public const string RequestPrefix = "syscall.";

    /// <summary>Types of records that belong to it, beside those of requests.</summary>
    public static IReadOnlyCollection<string> Types => Categories.Keys;

    /// <summary>Null for a record that is no matter of an audit. Whatever else somebody asked is lifecycle.</summary>
    public static string? CategoryOf(string type) => Categories.TryGetValue(type, out var category)
        ? category
        : type.StartsWith(RequestPrefix, StringComparison.Ordinal) ? Lifecycle : null;
}

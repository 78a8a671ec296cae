using System.Text;

namespace Analemma.Abi.Syscalls;

/// <summary>
/// Keeps a secret under a name, in place of the one that has it. It is encrypted at rest, and no syscall gives it back:
/// it is for the headers of network rules and for providers' keys. Host clients only. Refused with
/// <c>secrets_unusable</c> when the store cannot be used as it is.
/// </summary>
public sealed record SecretSet : Syscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.SecretSet;

    /// <summary>1 to 64 of letters, digits and . _ - inside.</summary>
    public string Name { get; init; } = "";

    /// <summary>Text of 1 to 65536 characters. Never in the journal, in an event or in an error.</summary>
    public string? Value { get; init; }

    /// <summary>Without the value, whoever prints it.</summary>
    protected override bool PrintMembers(StringBuilder builder)
    {
        builder.Append("Name = ").Append(Name);
        return true;
    }
}

/// <summary>It is kept.</summary>
/// <param name="Name">The secret.</param>
/// <param name="Replaced">There was one of that name.</param>
public sealed record SecretSetReply(string Name, bool Replaced) : Reply;

/// <summary>Lists the secrets, by name, without their values. Host clients only.</summary>
public sealed record SecretList : Syscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.SecretList;
}

/// <summary>What is kept.</summary>
/// <param name="Secrets">By name.</param>
public sealed record SecretListReply(IReadOnlyList<SecretEntry> Secrets) : Reply;

/// <summary>A secret as it may be shown.</summary>
/// <param name="Name">Its name.</param>
/// <param name="CreatedAt">When a secret of that name was set first.</param>
/// <param name="ChangedAt">When it was set last.</param>
public sealed record SecretEntry(string Name, DateTimeOffset CreatedAt, DateTimeOffset ChangedAt);

/// <summary>Forgets a secret. Host clients only. Refused with <c>no_such_secret</c> when there is none.</summary>
public sealed record SecretRemove : Syscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.SecretRemove;

    /// <summary>The secret.</summary>
    public string Name { get; init; } = "";
}

/// <summary>It is forgotten.</summary>
/// <param name="Name">The secret.</param>
public sealed record SecretRemoveReply(string Name) : Reply;

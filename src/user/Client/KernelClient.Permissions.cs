using Analemma.Abi;
using Analemma.Abi.Syscalls;

namespace Analemma.Client;

// What agents may: the rest of the client is in KernelClient.cs.
public sealed partial class KernelClient
{
    /// <summary>Tells what an agent may.</summary>
    /// <param name="perms">Which; the caller itself, if it is one.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<PermsReply> GetPermsAsync(GetPerms perms, CancellationToken cancellationToken = default) =>
        CallAsync(perms, AbiJsonContext.Default.GetPerms, AbiJsonContext.Default.PermsReply, cancellationToken);

    /// <summary>Changes what an agent may.</summary>
    /// <param name="perms">Whose, and the lists that take the place of those it has.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<PermsReply> SetPermsAsync(SetPerms perms, CancellationToken cancellationToken = default) =>
        CallAsync(perms, AbiJsonContext.Default.SetPerms, AbiJsonContext.Default.PermsReply, cancellationToken);
}

using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;

namespace Analemma.Client.Tools;

/// <summary>The tools of the kernel, for a tool loop beside an agent's own.</summary>
public static class KernelTools
{
    /// <summary>Lists tools of the kernel that the caller may call, as tools for a loop.</summary>
    /// <param name="kernel">Whom to ask.</param>
    /// <param name="names"><c>server/tool</c>, or <c>server/*</c> for all of a server that the caller may call.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    /// <exception cref="SyscallException">A server is not up, or has no such tool for the caller.</exception>
    public static async Task<IReadOnlyList<Tool>> OfferedToolsAsync(
        this KernelClient kernel, IReadOnlyList<string> names, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        var offered = await kernel.ListToolsAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
        List<ToolView> taken = [];
        foreach (var name in names)
        {
            var found = offered.Tools.Where(tool => name.EndsWith("/*", StringComparison.Ordinal)
                ? tool.Name.StartsWith(name[..^1], StringComparison.Ordinal)
                : tool.Name == name).ToList();
            if (found.Count == 0)
            {
                var why = offered.Unavailable?.FirstOrDefault(
                    server => name.StartsWith($"{server.Server}/", StringComparison.Ordinal));
                throw new SyscallException(why is null
                    ? new SysError(SysErrorCode.NoSuchTool, $"no tool that this caller may call is named {name}")
                    : new SysError(SysErrorCode.ToolFailed, $"{why.Server}: {why.Reason}"));
            }

            taken.AddRange(found);
        }

        return [.. taken.DistinctBy(tool => tool.Name).Select(tool => Tool.OfKernel(kernel, tool))];
    }

    /// <summary>Calls one; what the kernel refuses is for the model to read, too.</summary>
    internal static async Task<(string Text, bool IsError)> OutcomeAsync(
        KernelClient kernel, string name, JsonElement? arguments, CancellationToken cancellationToken)
    {
        try
        {
            var reply = await kernel.CallToolAsync(
                new CallTool { Name = name, Arguments = arguments }, cancellationToken).ConfigureAwait(false);
            var others = (reply.Parts ?? []).Where(part => part.Data is not null || part.Type == "resource_link")
                .Select(part => $"[{part.Type} {part.MimeType ?? part.Uri}]");
            return (string.Join('\n', others.Prepend(reply.Content).Where(text => text.Length > 0)), reply.IsError);
        }
        catch (SyscallException refused)
        {
            return (refused.Hint is { } hint ? $"{refused.Message}; {hint}" : refused.Message, true);
        }
    }
}

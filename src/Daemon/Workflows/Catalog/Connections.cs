using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Journal;
using Analemma.Journal.Executions;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Catalog;

/// <summary>What tasks may reach of the network, by names that the owner gives: rules as in SPAWN.</summary>
internal sealed class Connections
{
    /// <summary>Of the documents that connections are kept as.</summary>
    public const string Kind = "connection";

    private readonly IExecutionStore _store;
    private readonly ConcurrentDictionary<string, IReadOnlyList<NetworkRule>> _all = new(StringComparer.Ordinal);

    public Connections(IExecutionStore store)
    {
        _store = store;
        foreach (var document in store.Documents(Kind))
        {
            _all[document.Key] = JsonSerializer.Deserialize(
                document.Body!, AbiJsonContext.Default.NetworkRuleArray) ?? [];
        }
    }

    public IEnumerable<(string Name, IReadOnlyList<NetworkRule> Rules)> All =>
        _all.Select(pair => (pair.Key, pair.Value));

    public IReadOnlyList<NetworkRule>? Find(string name) => _all.GetValueOrDefault(name);

    public async Task PutAsync(string name, IReadOnlyList<NetworkRule> rules)
    {
        await WriteAsync(name, JsonSerializer.SerializeToUtf8Bytes(
            rules.ToArray(), AbiJsonContext.Default.NetworkRuleArray));
        _all[name] = rules;
    }

    public async Task<bool> RemoveAsync(string name)
    {
        if (!_all.ContainsKey(name))
        {
            return false;
        }

        await WriteAsync(name, null);
        _all.TryRemove(name, out _);
        return true;
    }

    /// <summary>Reads rules as a client writes them, without looking at what they say.</summary>
    public static bool TryRead(
        JsonValue given,
        [NotNullWhen(true)] out IReadOnlyList<NetworkRule>? rules,
        [NotNullWhen(false)] out string? wrong)
    {
        rules = null;
        if (!given.TryGetArray(out _))
        {
            wrong = "a list of rules, each with host";
            return false;
        }

        if (AbiJson.TryRead(given.ToUtf8(), AbiJsonContext.Default.NetworkRuleArray, out var read, out var error))
        {
            (rules, wrong) = (read, null);
            return true;
        }

        wrong = error.Message;
        return false;
    }

    private Task WriteAsync(string name, byte[]? body)
    {
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        StoredDocument document = new(Kind, name, body);
        _store.Write(new ExecutionStoreChange { Documents = [document] }, (JournalStoreException? failure) =>
        {
            if (failure is null)
            {
                done.SetResult();
            }
            else
            {
                done.SetException(failure);
            }
        });
        return done.Task;
    }
}

using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Loop;
using Analemma.Daemon.Runners;
using Analemma.Daemon.Workflows.Tasks;
using Analemma.Daemon.Workflows.Tasks.Lambda;
using Analemma.Journal;
using Analemma.Journal.Executions;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Functions;

/// <summary>Functions of the kernel's own: programs in environments that take one event after another.</summary>
internal sealed class AgentFunctions : IFunctions, IDisposable
{
    /// <summary>Of the documents that functions are kept as.</summary>
    public const string Kind = "function";

    private readonly IExecutionStore _store;
    private readonly WorkflowOptions _options;
    private readonly FunctionServices _services;
    private readonly EnvironmentLauncher _launcher;
    private readonly FunctionPrograms _programs;
    private readonly InvocationLogs _logs;
    private readonly SemaphoreSlim _changing = new(1, 1);
    private readonly ConcurrentDictionary<string, FunctionPool> _pools = new(StringComparer.Ordinal);

    public AgentFunctions(
        IExecutionStore store,
        KernelCalls kernel,
        WorkflowOptions options,
        CallTable calls,
        BackgroundTasks background,
        TimeProvider time)
    {
        (_store, _options, _logs) = (store, options, new InvocationLogs(kernel));
        _programs = new FunctionPrograms(options);
        _launcher = new EnvironmentLauncher(
            kernel,
            _programs,
            background,
            (call, error) =>
            {
                var found = calls.Remove(call);
                found?.Fail(error);
                return found is not null;
            });
        _services = new FunctionServices(calls, new EnvironmentRoom(options.EnvironmentsMax), _launcher, time);
        foreach (var document in store.Documents(Kind))
        {
            Add(AgentFunction.Read(document.Key, document.Body!));
        }

        Prune(withDrafts: true);
        if (!_pools.IsEmpty)
        {
            background.Run(_launcher.SweepAsync);
        }
    }

    public IEnumerable<FunctionPool> All => _pools.Values;

    public bool Has(string name) => _pools.ContainsKey(name);

    public FunctionPool? Find(string name) => _pools.GetValueOrDefault(name);

    /// <summary>How many environments may be reserved beside those that other functions have.</summary>
    public int ReservableFor(string name) =>
        _options.EnvironmentsMax - 1 - _services.Room.Reserved + (Find(name)?.Function.Reserved ?? 0);

    /// <summary>Lets one change at a time be decided and made.</summary>
    public async Task<T> ChangeAsync<T>(Func<Task<T>> change)
    {
        await _changing.WaitAsync();
        try
        {
            return await change();
        }
        finally
        {
            _changing.Release();
        }
    }

    public void Dispose() => _changing.Dispose();

    /// <summary>Keeps a function, new or changed. Within a change.</summary>
    public async Task PutAsync(AgentFunction function)
    {
        await WriteAsync(new StoredDocument(Kind, function.Name, function.Write()));
        if (_pools.TryGetValue(function.Name, out var pool) && pool.Function.Reserved == function.Reserved)
        {
            pool.Change(function);
            Prune();
            return;
        }

        // Environments that are reserved are counted otherwise: another pool.
        Drop(function.Name);
        Add(function);
        Prune();
    }

    /// <summary>Forgets a function; false when there is none. Within a change.</summary>
    public async Task<bool> RemoveAsync(string name)
    {
        if (!_pools.ContainsKey(name))
        {
            return false;
        }

        await WriteAsync(new StoredDocument(Kind, name, null));
        Drop(name);
        Prune();
        return true;
    }

    /// <summary>An agent tells how its event ended, and wants the next.</summary>
    public void Turn(ProcessId process, FunctionNext asked, long call) =>
        _launcher.Turn(process, asked, call);

    public async Task<Invoked> InvokeAsync(TaskCall call, string name, FunctionCall asked, CancellationToken cancelled)
    {
        if (!_pools.TryGetValue(name, out var pool))
        {
            return Invoked.Failed("Lambda.ResourceNotFoundException", $"Function not found: {name}");
        }

        Invocation invocation = new(new FunctionNextReply
        {
            RequestId = RequestOf(call.Task.IdempotencyKey),
            FunctionArn = $"arn:aws:lambda:{_options.Region}:{_options.Account}:function:{name}"
                + (asked.Qualifier is null ? "" : $":{asked.Qualifier}"),
            TraceId = asked.TraceId,
            ClientContext = asked.ClientContext,
            Event = new MailBody(
                asked.Payload.IsDefined ? asked.Payload.ToUtf8(JsonWriteOptions.Service) : "{}"u8.ToArray()),
        });
        pool.Invoke(invocation);
        InvocationEnd end;
        await using (cancelled.UnsafeRegister(static both => Cancel(both!), (pool, invocation)))
        {
            end = await invocation.End;
        }

        cancelled.ThrowIfCancellationRequested();
        var log = asked.WantsLog ? await _logs.TailAsync(invocation, cancelled) : null;
        return Read(end) with { RequestId = invocation.RequestId, LogResult = log };
    }

    private static void Cancel(object both)
    {
        var (pool, invocation) = ((FunctionPool, Invocation))both;
        pool.Cancel(invocation);
        invocation.Finish(default);
    }

    private static Invoked Read(in InvocationEnd end)
    {
        if (end.ErrorType is { } error)
        {
            return Invoked.Failed(error, end.Error);
        }

        var utf8 = end.Value is { } given ? given.Json.Span : Encoding.UTF8.GetBytes(end.Result!);
        return JsonValue.TryParse(utf8, JsonLimits.Widest, out var value, out var wrong)
            ? new Invoked(value, null, null)
            : Invoked.Failed("Lambda.Unknown", $"The function returned what is no JSON: {wrong}");
    }

    // Of the attempt: a kernel that runs the task again gives it the same, by which the function can know it.
    private static string RequestOf(string key)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(key), hash);
        // Version 8, of RFC 9562: a UUID of one's own making.
        hash[6] = (byte)((hash[6] & 0x0F) | 0x80);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash[..16], bigEndian: true).ToString();
    }

    private void Add(AgentFunction function)
    {
        _services.Room.Reserve(function.Reserved ?? 0);
        _pools[function.Name] = new FunctionPool(function, _services);
    }

    private void Prune(bool withDrafts = false) =>
        _programs.Prune(_pools.Values.Select(pool => pool.Function), withDrafts);

    private void Drop(string name)
    {
        if (_pools.TryRemove(name, out var pool))
        {
            pool.Remove();
            _services.Room.Reserve(-(pool.Function.Reserved ?? 0));
        }
    }

    private Task WriteAsync(StoredDocument document)
    {
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
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

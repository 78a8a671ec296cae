using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Workflows.Tasks;
using Analemma.Journal;
using Analemma.Journal.Executions;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Functions;

// ONE INVOCATION
//
//   event ─► arguments of a new agent ─► its sandbox (a warm one when one fits) ─► handler(event, context)
//                                                                                        │
//   result ◄── the line behind a mark that only this invocation knows, in what it printed ◄┘
//
// A function is an agent like any other: isolated, limited, with its log. Nothing of one invocation is left for the
// next.
/// <summary>Functions of the kernel's own: a program's handler, called with an event in a sandbox of its own.</summary>
internal sealed class AgentFunctions : IFunctions, IDisposable
{
    private const string Kind = "function";
    private const int OutputBytesMax = 8 * 1024 * 1024;

    /// <summary>Bytes of one argument, below MAX_ARG_STRLEN of execve(2).</summary>
    private const int ArgumentBytesMax = 96 * 1024;

    private readonly IExecutionStore _store;
    private readonly KernelCalls _kernel;
    private readonly string _folder;
    private readonly ConcurrentDictionary<string, AgentFunction> _functions = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _slots = new(StringComparer.Ordinal);

    public AgentFunctions(IExecutionStore store, KernelCalls kernel, string folder)
    {
        (_store, _kernel, _folder) = (store, kernel, folder);
        foreach (var document in store.Documents(Kind))
        {
            _functions[document.Key] = AgentFunction.Read(document.Key, document.Body!);
        }
    }

    public IEnumerable<AgentFunction> All => _functions.Values;

    public bool Has(string name) => _functions.ContainsKey(name);

    public async Task PutAsync(AgentFunction function)
    {
        await WriteAsync(new StoredDocument(Kind, function.Name, function.Write()));
        _functions[function.Name] = function;
        _slots.TryRemove(function.Name, out _);
    }

    public async Task<bool> RemoveAsync(string name)
    {
        if (!_functions.TryRemove(name, out _))
        {
            return false;
        }

        await WriteAsync(new StoredDocument(Kind, name, null));
        return true;
    }

    public async Task<Invoked> InvokeAsync(TaskCall call, string name, JsonValue payload, CancellationToken cancelled)
    {
        if (!_functions.TryGetValue(name, out var function))
        {
            return Invoked.Failed("Lambda.ResourceNotFoundException", $"Function not found: {name}");
        }

        var slot = _slots.GetOrAdd(name, _ => new SemaphoreSlim(function.Concurrency));
        await slot.WaitAsync(cancelled);
        try
        {
            return await RunAsync(call, function, payload, cancelled);
        }
        finally
        {
            slot.Release();
        }
    }

    public void Dispose()
    {
        foreach (var slot in _slots.Values)
        {
            slot.Dispose();
        }
    }

    private async Task<Invoked> RunAsync(
        TaskCall call, AgentFunction function, JsonValue payload, CancellationToken cancelled)
    {
        var mark = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        var request = Guid.NewGuid().ToString();
        var @event = payload.IsDefined ? payload.Payload() : "{}";
        Spawn spawn = new()
        {
            Name = $"fn-{function.Name[..Math.Min(function.Name.Length, 24)]}-{mark[..12]}",
            Script = FileOf(function),
            Python = function.IsNode ? "node" : null,
            Args = [mark, function.Name, function.Handler, request, call.Identity.Region, .. Pieces(@event)],
            Env = function.Env.Count > 0 ? function.Env : null,
            Limits = new ResourceLimits { WallMs = function.TimeoutMs, Memory = function.MemoryBytes },
        };
        var spawned = await _kernel.AskAsync(spawn, cancelled);
        if (spawned.Value is not SpawnReply agent)
        {
            return Invoked.Failed(
                "Lambda.ServiceException", $"{function.Name} could not start: {spawned.Error!.Message}");
        }

        var ended = await WaitAsync(agent.Id, cancelled);
        var output = await _kernel.OutputAsync(agent.Id, OutputBytesMax, cancelled);
        return ResultOf(function, request, mark, output, ended);
    }

    private async Task<ProcessView?> WaitAsync(ProcessId id, CancellationToken cancelled)
    {
        try
        {
            return (await _kernel.AskAsync(new Wait { Id = id }, cancelled)).Value as ProcessView;
        }
        catch (OperationCanceledException)
        {
            await _kernel.AskAsync(new Kill { Id = id }, CancellationToken.None);
            throw;
        }
    }

    private static Invoked ResultOf(
        AgentFunction function, string request, string mark, string output, ProcessView? ended)
    {
        var at = output.LastIndexOf($"\n{mark} ", StringComparison.Ordinal);
        if (at >= 0)
        {
            var line = output[(at + mark.Length + 2)..].Split('\n', 2)[0];
            if (JsonValue.TryParse(Encoding.UTF8.GetBytes(line), JsonLimits.Widest, out var told, out _))
            {
                return told["ok"].IsTrue
                    ? new Invoked(told["value"], null, null)
                    : Invoked.Failed(told["value"].MaybeText("errorType") ?? "Error", told["value"].Payload());
            }
        }

        var (error, why) = ended?.Exit switch
        {
            { Cause: ExitCause.Timeout } =>
                ("Sandbox.Timedout", $"Task timed out after {function.TimeoutMs / 1000.0:0.00} seconds"),
            { Cause: ExitCause.OomKilled } => ("Runtime.OutOfMemory", "the function used up its memory"),
            { Code: { } code } => ("Runtime.ExitError", $"Runtime exited with error: exit status {code}"),
            { Signal: { } signal } => ("Runtime.ExitError", $"Runtime exited with error: signal {signal}"),
            _ => ("Runtime.ExitError", "Runtime exited without providing a reason"),
        };
        return Invoked.Failed(error, JsonValue.From(JsonObject.Of(
            ("errorType", error), ("errorMessage", $"RequestId: {request} Error: {why}"))).ToString());
    }

    // Written anew when it is not there: the store has the program.
    private string FileOf(AgentFunction function)
    {
        var text = function.IsNode ? Wrappers.Node(function.Source) : Wrappers.Python(function.Source);
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16];
        var file = Path.Combine(_folder, $"{function.Name}-{digest}{(function.IsNode ? ".js" : ".py")}");
        if (!File.Exists(file))
        {
            Directory.CreateDirectory(
                _folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            var draft = $"{file}.{Guid.NewGuid():N}";
            File.WriteAllText(draft, text);
            File.Move(draft, file, overwrite: true);
        }

        return file;
    }

    private static IEnumerable<string> Pieces(string text)
    {
        // In base64: whatever characters it has, a piece is whole.
        var encoded = Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
        for (var at = 0; at < encoded.Length; at += ArgumentBytesMax)
        {
            yield return encoded[at..Math.Min(encoded.Length, at + ArgumentBytesMax)];
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

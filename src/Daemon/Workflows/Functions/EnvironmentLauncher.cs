using System.Security.Cryptography;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Runners;
using Analemma.Daemon.Workflows.Tasks;
using Analemma.Linux;

namespace Analemma.Daemon.Workflows.Functions;

/// <summary>What pools have done to environments. Returns at once; a pool holds its gate.</summary>
internal interface IEnvironmentLauncher
{
    /// <summary>Ends with <see cref="FunctionPool.Ended"/>, whether it ever ran or not.</summary>
    void Start(FunctionPool pool, FunctionEnvironment environment);

    void Kill(FunctionEnvironment environment);
}

/// <summary>Spawns environments as agents of the host, sees them end, and knows which process is whose.</summary>
internal sealed class EnvironmentLauncher(
    KernelCalls kernel, FunctionPrograms programs, BackgroundTasks background, Func<long, SysError, bool> refuse)
    : IEnvironmentLauncher
{
    /// <summary>Before the names of environments: what has it, and lives when the kernel starts, is ended.</summary>
    public const string NamePrefix = "function.";

    private const int NameCharsMax = 40;

    private readonly Lock _gate = new();
    private readonly Dictionary<ProcessId, (FunctionPool Pool, FunctionEnvironment Environment)> _byProcess = [];
    // An agent can ask for its first event before whoever spawned it has heard that it runs.
    private readonly Dictionary<ProcessId, (FunctionNext Asked, long Call)> _early = [];
    private int _spawning;

    public void Start(FunctionPool pool, FunctionEnvironment environment)
    {
        lock (_gate)
        {
            _spawning++;
        }

        background.Run(stopping => RunAsync(pool, environment, stopping));
    }

    public void Kill(FunctionEnvironment environment)
    {
        if (environment.Process is var process && process != ProcessId.None)
        {
            background.Run(stopping => kernel.AskAsync(new Kill { Id = process, GraceMs = 0 }, stopping));
        }
    }

    /// <summary>Brings what an environment asks to its pool; refuses it for any other process.</summary>
    public void Turn(ProcessId process, FunctionNext asked, long call)
    {
        (FunctionPool Pool, FunctionEnvironment Environment) found;
        bool isKnown;
        lock (_gate)
        {
            isKnown = _byProcess.TryGetValue(process, out found);
            if (!isKnown && _spawning > 0 && _early.TryAdd(process, (asked, call)))
            {
                return;
            }
        }

        if (!isKnown)
        {
            RefuseStranger(call);
        }
        else if (found.Pool.Turn(found.Environment, asked, call) is { } wrong)
        {
            refuse(call, wrong);
        }
    }

    /// <summary>Ends environments that an earlier kernel has left.</summary>
    public async Task SweepAsync(CancellationToken stopping)
    {
        if ((await kernel.AskAsync(new List(), stopping)).Value is not ListReply listed)
        {
            return;
        }

        foreach (var left in listed.Processes)
        {
            if (left.Parent == ProcessId.None && left.Running
                && left.Name.StartsWith(NamePrefix, StringComparison.Ordinal) && !IsOurs(left.Id))
            {
                await kernel.AskAsync(new Kill { Id = left.Id, GraceMs = 0 }, stopping);
            }
        }
    }

    private bool IsOurs(ProcessId process)
    {
        lock (_gate)
        {
            return _spawning > 0 || _byProcess.ContainsKey(process);
        }
    }

    private async Task RunAsync(FunctionPool pool, FunctionEnvironment environment, CancellationToken stopping)
    {
        var function = environment.Function;
        SysResult<Reply> spawned;
        try
        {
            spawned = await kernel.AskAsync(programs.SpawnOf(function, NameOf(function)), stopping);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException or LinuxException)
        {
            spawned = new SysError(SysErrorCode.IoFailed, failed.Message);
        }

        var process = (spawned.Value as SpawnReply)?.Id ?? ProcessId.None;
        Known(pool, environment, process);
        if (spawned.Error is { } refused)
        {
            var why = refused.Hint is null ? refused.Message : $"{refused.Message}; {refused.Hint}";
            pool.Ended(environment, _ => FunctionErrors.NotStarted(function.Name, why));
            return;
        }

        if (!pool.Spawned(environment, process))
        {
            await kernel.AskAsync(new Kill { Id = process, GraceMs = 0 }, stopping);
        }

        var ended = (await kernel.AskAsync(new Wait { Id = process }, stopping)).Value as ProcessView;
        lock (_gate)
        {
            _byProcess.Remove(process);
        }

        pool.Ended(environment, request => FunctionErrors.Ended(request, ended?.Exit));
    }

    private void Known(FunctionPool pool, FunctionEnvironment environment, ProcessId process)
    {
        List<(ProcessId Process, FunctionNext Asked, long Call)> told = [];
        lock (_gate)
        {
            _spawning--;
            if (process != ProcessId.None)
            {
                _byProcess[process] = (pool, environment);
            }

            foreach (var (early, (asked, call)) in _early)
            {
                if (early == process || _spawning == 0)
                {
                    told.Add((early, asked, call));
                }
            }

            foreach (var (early, _, _) in told)
            {
                _early.Remove(early);
            }
        }

        foreach (var (early, asked, call) in told)
        {
            Turn(early, asked, call);
        }
    }

    private void RefuseStranger(long call) => refuse(call, new SysError(
        SysErrorCode.WrongState, "only the environment of a function takes events", "register a function"));

    private static string NameOf(AgentFunction function)
    {
        var name = function.Name[..Math.Min(function.Name.Length, NameCharsMax)];
        return $"{NamePrefix}{name}.{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}";
    }
}

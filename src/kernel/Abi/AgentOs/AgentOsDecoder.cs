using System.Text;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;
using Analemma.Abi.Syscalls;

namespace Analemma.Abi.AgentOs;

/// <summary>
/// One AgentOS request as understood: exactly one of a syscall, an error, an answer, and a poll for
/// asynchronous results.
/// </summary>
public readonly record struct AgentOsRequest
{
    /// <summary>What is asked, unless it cannot be read.</summary>
    public Syscall? Syscall { get; init; }

    /// <summary>The answer, where it needs nobody else.</summary>
    public byte[]? Answer { get; init; }

    /// <summary>Why it cannot be read.</summary>
    public SysError? Error { get; init; }

    /// <summary>How many results an ASYNC_POLL takes at most; 0 when it is none.</summary>
    public int PollMax { get; init; }

    /// <summary>The client takes the answer later, with ASYNC_POLL.</summary>
    public bool Async { get; init; }

    /// <summary>The client's own number for an asynchronous request; null lets the connection choose.</summary>
    public ulong? AsyncId { get; init; }
}

/// <summary>
/// AgentOS request payloads into syscalls. NOOP and EXIT have no payload to read and are not its business. Never throws
/// on what a peer sends.
/// </summary>
public static class AgentOsDecoder
{
    private const int PollDefault = 10;
    private const int PollMaximum = 1000;
    private const double TimeoutSecondsMax = 86_400 * 365.0;

    private static ReadOnlySpan<byte> EmptyObject => "{}"u8;

    /// <summary>Reads one request's payload.</summary>
    public static AgentOsRequest Decode(byte opcode, ReadOnlySpan<byte> payload)
    {
        if (!Utf8.IsValid(payload) && opcode != (byte)SyscallNumber.Hello)
        {
            return Refuse("the payload is not UTF-8");
        }

        return opcode switch
        {
            (byte)SyscallNumber.Think => Think(payload),
            (byte)SyscallNumber.Exec => Read(payload, AgentOsJsonContext.Default.AgentOsExec, Exec),
            (byte)SyscallNumber.Read => Read(payload, AgentOsJsonContext.Default.AgentOsFile, ReadFile),
            (byte)SyscallNumber.Write => Read(payload, AgentOsJsonContext.Default.AgentOsFile, WriteFile),
            (byte)SyscallNumber.Spawn => Read(payload, AgentOsJsonContext.Default.AgentOsSpawn, Spawn),
            (byte)SyscallNumber.Kill => Read(payload, AgentOsJsonContext.Default.AgentOsTarget, Kill),
            (byte)SyscallNumber.Pause => Read(payload, AgentOsJsonContext.Default.AgentOsTarget, Pause),
            (byte)SyscallNumber.Resume => Read(payload, AgentOsJsonContext.Default.AgentOsTarget, Resume),
            (byte)SyscallNumber.Http => Read(payload, AgentOsJsonContext.Default.AgentOsHttp, Http),
            (byte)SyscallNumber.GetPerms =>
                Read(payload, AgentOsJsonContext.Default.AgentOsPerms, AgentOsPermissions.Get),
            (byte)SyscallNumber.SetPerms =>
                Read(payload, AgentOsJsonContext.Default.AgentOsPerms, AgentOsPermissions.Set),
            (byte)SyscallNumber.Store => Read(payload, AgentOsJsonContext.Default.AgentOsStore, AgentOsValues.Store),
            (byte)SyscallNumber.Fetch => Read(payload, AgentOsJsonContext.Default.AgentOsStore, AgentOsValues.Fetch),
            (byte)SyscallNumber.Delete => Read(payload, AgentOsJsonContext.Default.AgentOsStore, AgentOsValues.Delete),
            (byte)SyscallNumber.Keys => Read(payload, AgentOsJsonContext.Default.AgentOsStore, AgentOsValues.Keys),
            (byte)SyscallNumber.Subscribe =>
                Read(payload, AgentOsJsonContext.Default.AgentOsSubscription, AgentOsEvents.Subscribe),
            (byte)SyscallNumber.Unsubscribe =>
                Read(payload, AgentOsJsonContext.Default.AgentOsSubscription, AgentOsEvents.Unsubscribe),
            (byte)SyscallNumber.PollEvents => Read(payload, AgentOsJsonContext.Default.AgentOsPoll, AgentOsEvents.Poll),
            (byte)SyscallNumber.Emit => Read(payload, AgentOsJsonContext.Default.AgentOsEmit, AgentOsEvents.Emit),
            (byte)SyscallNumber.List => new AgentOsRequest { Syscall = new List() },
            (byte)SyscallNumber.Metrics => new AgentOsRequest { Syscall = new Metrics() },
            (byte)SyscallNumber.Audit =>
                Read(payload, AgentOsJsonContext.Default.AgentOsAuditQuery, AgentOsAudit.Get),
            AgentOsOpcodes.SetAuditConfig =>
                Read(payload, AgentOsJsonContext.Default.DictionaryStringJsonElement, AgentOsAudit.Configure),
            AgentOsOpcodes.MetricsAgent =>
                Read(payload, AgentOsJsonContext.Default.AgentOsPerms, AgentOsFigures.Agent),
            AgentOsOpcodes.MetricsAll => new AgentOsRequest { Syscall = new List() },
            AgentOsOpcodes.MetricsCgroup =>
                Read(payload, AgentOsJsonContext.Default.AgentOsCgroup, AgentOsFigures.Cgroup),
            (byte)SyscallNumber.Send => Read(payload, AgentOsJsonContext.Default.AgentOsSend, AgentOsMail.Send),
            (byte)SyscallNumber.Recv => Read(payload, AgentOsJsonContext.Default.AgentOsReceive, AgentOsMail.Receive),
            (byte)SyscallNumber.Broadcast =>
                Read(payload, AgentOsJsonContext.Default.AgentOsBroadcast, AgentOsMail.Broadcast),
            (byte)SyscallNumber.Register =>
                Read(payload, AgentOsJsonContext.Default.AgentOsRegister, AgentOsMail.Register),
            (byte)SyscallNumber.Hello => new AgentOsRequest { Syscall = new Hello() },
            AgentOsOpcodes.AsyncPoll => Read(payload, AgentOsJsonContext.Default.AgentOsPoll, Poll),
            _ => new AgentOsRequest { Error = AgentOsOpcodes.NotServed(opcode) },
        };
    }

    private static AgentOsRequest Refuse(string message) => new() { Error = SysError.InvalidArgument(message) };

    private static AgentOsRequest Read<T>(
        ReadOnlySpan<byte> payload, JsonTypeInfo<T> type, Func<T, AgentOsRequest> build)
        where T : class
    {
        if (JsonSurrogates.Refusal(payload) is { } half)
        {
            return new AgentOsRequest { Error = half };
        }

        return AbiJson.TryRead(payload.IsEmpty ? EmptyObject : payload, type, out var value, out var error)
            ? build(value)
            : new AgentOsRequest { Error = error };
    }

    /// <summary>The first programs sent the prompt as plain text, later ones an object.</summary>
    private static AgentOsRequest Think(ReadOnlySpan<byte> payload) =>
        payload.TrimStart(" \t\r\n"u8).StartsWith("{"u8)
            ? Read(payload, AgentOsJsonContext.Default.AgentOsThink, Think)
            : new AgentOsRequest { Syscall = new Think { Prompt = Encoding.UTF8.GetString(payload) } };

    private static AgentOsRequest Think(AgentOsThink think) => new()
    {
        Syscall = new Think
        {
            Prompt = think.Prompt,
            SystemInstruction = think.SystemInstruction,
            ThinkingLevel = string.IsNullOrEmpty(think.ThinkingLevel) ? null : think.ThinkingLevel,
            Temperature = think.Temperature,
            Model = string.IsNullOrEmpty(think.Model) ? null : think.Model,
            Images = think.Image is { } image
                ? [new ImagePart(image.MimeType ?? "image/jpeg", image.Data ?? "")]
                : null,
        },
    };

    private static AgentOsRequest Spawn(AgentOsSpawn spawn)
    {
        if (string.IsNullOrEmpty(spawn.Script))
        {
            return Refuse("script path required");
        }

        if (spawn.RestartPolicy is not (null or "never" or "always" or "on-failure" or "on_failure"))
        {
            return Refuse("restart_policy is one of never, always, on-failure");
        }

        if (spawn.Limits?.MaxPids is < int.MinValue or > int.MaxValue
            || spawn.Limits?.CpuShares is < int.MinValue or > int.MaxValue)
        {
            return Refuse("limits: max_pids and cpu_shares are numbers of 32 bits");
        }

        return new AgentOsRequest
        {
            Syscall = new Spawn
            {
                Name = string.IsNullOrEmpty(spawn.Name) ? null : spawn.Name,
                Script = spawn.Script,
                Python = spawn.Python,
                Sandboxed = spawn.Sandboxed,
                Network = spawn.Network is { } shared ? shared : null,
                Limits = spawn.Limits is { } limits ? Limits(limits) : null,
            },
        };
    }

    private static ResourceLimits Limits(AgentOsLimits limits) => new()
    {
        Memory = limits.Memory,
        MaxPids = (int?)limits.MaxPids,
        CpuQuota = limits.CpuQuota,
        CpuPeriod = limits.CpuPeriod,
        CpuShares = (int?)limits.CpuShares,
    };

    private static AgentOsRequest Kill(AgentOsTarget target) =>
        Target(target.Id, target.Name, needed: true, (id, name) => new Kill { Id = id, Name = name });

    private static AgentOsRequest Pause(AgentOsTarget target) =>
        Target(target.Id, target.Name, needed: true, (id, name) => new Pause { Id = id, Name = name });

    private static AgentOsRequest Resume(AgentOsTarget target) =>
        Target(target.Id, target.Name, needed: true, (id, name) => new Resume { Id = id, Name = name });

    private static AgentOsRequest Exec(AgentOsExec exec)
    {
        if (string.IsNullOrEmpty(exec.Command))
        {
            return Refuse("command required");
        }

        if (exec.Timeout is { } seconds && !(seconds is > 0 and <= TimeoutSecondsMax))
        {
            return Refuse("timeout is a number of seconds above 0");
        }

        var request = Target(exec.Id, exec.Name, needed: false, (id, name) => new Exec
        {
            Id = id,
            Name = name,
            Command = exec.Command,
            Cwd = string.IsNullOrEmpty(exec.Cwd) ? null : exec.Cwd,
            TimeoutMs = exec.Timeout is { } timeout ? (long)Math.Ceiling(timeout * 1000) : null,
        });
        return request with { Async = exec.Async ?? true, AsyncId = exec.RequestId };
    }

    private static AgentOsRequest Http(AgentOsHttp http)
    {
        if (string.IsNullOrEmpty(http.Url))
        {
            return Refuse("url required");
        }

        if (http.Timeout is { } seconds && !(seconds is > 0 and <= TimeoutSecondsMax))
        {
            return Refuse("timeout is a number of seconds above 0");
        }

        return new AgentOsRequest
        {
            Syscall = new Http
            {
                Url = http.Url,
                Method = string.IsNullOrEmpty(http.Method) ? null : http.Method,
                Headers = http.Headers,
                Body = string.IsNullOrEmpty(http.Body) ? null : http.Body,
                TimeoutMs = http.Timeout is { } timeout ? (long)Math.Ceiling(timeout * 1000) : null,
            },
            Async = http.Async ?? true,
            AsyncId = http.RequestId,
        };
    }

    private static AgentOsRequest ReadFile(AgentOsFile file) =>
        string.IsNullOrEmpty(file.Path)
            ? Refuse("path required")
            : Target(
                file.Id,
                file.Name,
                needed: false,
                (id, name) => new Read { Id = id, Name = name, Path = file.Path });

    private static AgentOsRequest WriteFile(AgentOsFile file)
    {
        if (string.IsNullOrEmpty(file.Path))
        {
            return Refuse("path required");
        }

        if (file.Mode is not (null or "write" or "append"))
        {
            return Refuse("mode is write or append");
        }

        return Target(file.Id, file.Name, needed: false, (id, name) => new Write
        {
            Id = id,
            Name = name,
            Path = file.Path,
            Content = file.Content ?? "",
            Mode = file.Mode,
        });
    }

    private static AgentOsRequest Poll(AgentOsPoll poll) =>
        new() { PollMax = (int)Math.Clamp(poll.Max ?? PollDefault, 1, PollMaximum) };

    private static AgentOsRequest Target(
        long? id, string? name, bool needed, Func<ProcessId?, string?, Syscall> build)
    {
        if (id is < 1 or > ProcessId.Max)
        {
            return Refuse("id is a whole number from 1 to 4294967295");
        }

        if (needed && id is null && string.IsNullOrEmpty(name))
        {
            return Refuse("id or name required");
        }

        // The id wins, as it did.
        return new AgentOsRequest
        {
            Syscall = build(
                id is { } number ? new ProcessId(number) : null,
                id is null && !string.IsNullOrEmpty(name) ? name : null),
        };
    }
}

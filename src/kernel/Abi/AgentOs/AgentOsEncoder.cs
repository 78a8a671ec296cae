using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Analemma.Abi.Syscalls;

namespace Analemma.Abi.AgentOs;

/// <summary>
/// Answers in the shapes that AgentOS programs expect. Text that is not UTF-8 (a child's output, a file) comes with
/// replacement characters, so that what is sent is always valid JSON.
/// </summary>
public static class AgentOsEncoder
{
    private const string NotConfigured = "LLM not configured (set GEMINI_API_KEY)";

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The answer to EXIT.</summary>
    public static ReadOnlySpan<byte> Goodbye => "goodbye"u8;

    /// <summary>The answer to HELLO.</summary>
    public static byte[] Hello(string kernelVersion) => Write(json =>
    {
        json.WriteBoolean("success", true);
        json.WriteNumber("protocol_version", 1);
        json.WriteString("kernel_version", kernelVersion);
        json.WriteStartObject("features");
        json.WriteBoolean("llm_in_kernel", true);
        json.WriteBoolean("sys_think_stub", false);
        json.WriteBoolean("async_default_exec_http", true);
        json.WriteEndObject();
    });

    /// <summary>The receipt of an asynchronous request.</summary>
    public static byte[] Accepted(ulong asyncId) => Write(json =>
    {
        json.WriteBoolean("success", true);
        json.WriteBoolean("async", true);
        json.WriteNumber("request_id", asyncId);
        json.WriteString("status", "accepted");
    });

    /// <summary>The answer of ASYNC_POLL; each payload is an answer that this class has written.</summary>
    public static byte[] Results(IReadOnlyList<(ulong AsyncId, byte Opcode, byte[] Payload)> results) => Write(json =>
    {
        json.WriteBoolean("success", true);
        json.WriteStartArray("results");
        foreach (var (asyncId, opcode, payload) in results)
        {
            json.WriteStartObject();
            json.WriteNumber("request_id", asyncId);
            json.WriteNumber("opcode", opcode);
            json.WriteString("opcode_name", AgentOsOpcodes.NameOf(opcode));
            json.WriteString("payload", Encoding.UTF8.GetString(payload));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNumber("count", results.Count);
    });

    /// <summary>
    /// An answer; <paramref name="gathered"/> is what the syscall streamed: a file's bytes, or a command's output.
    /// </summary>
    public static byte[] Encode(Syscall syscall, Reply reply, ReadOnlySpan<byte> gathered) =>
        Encode((byte)syscall.Number, syscall, reply, gathered);

    /// <summary>The same to an opcode that is not the syscall's own.</summary>
    public static byte[] Encode(byte opcode, Syscall syscall, Reply reply, ReadOnlySpan<byte> gathered)
    {
        var text = gathered.IsEmpty ? "" : Encoding.UTF8.GetString(gathered);
        var bytes = gathered.Length;
        return reply switch
        {
            SpawnReply spawn => Write(json => Spawn(json, (Spawn)syscall, spawn)),
            KillReply kill => Write(json =>
            {
                json.WriteBoolean("killed", kill.Killed);
                json.WriteNumber("agent_id", kill.AgentId.Value);
            }),
            ListReply list => List(opcode, list),
            ProcessView view => Write(json => Figures(json, opcode, view)),
            AuditReply audit => Write(json => AgentOsAudit.Write(json, audit)),
            PauseReply pause => Write(json =>
            {
                json.WriteBoolean("success", true);
                json.WriteBoolean(syscall is Pause ? "paused" : "resumed", true);
                json.WriteNumber("agent_id", pause.AgentId.Value);
            }),
            ExecReply exec => Write(json => Exec(json, exec, text)),
            ReadReply => Write(json =>
            {
                json.WriteBoolean("success", true);
                json.WriteString("content", text);
                json.WriteNumber("size", bytes);
            }),
            HttpReply http => Write(json => Http(json, http, text)),
            ThinkReply think => Write(json => Think(json, think, text)),
            PermsReply perms => Write(json => AgentOsPermissions.Write(json, syscall, perms)),
            StoreReply or FetchReply or DeleteReply or KeysReply => Write(json => AgentOsValues.Write(json, reply)),
            MetricsReply metrics => Write(json => Metrics(json, metrics)),
            SubscribeReply subscribed => Write(json =>
            {
                json.WriteBoolean("success", true);
                json.WriteStartArray("subscribed");
                foreach (var pattern in subscribed.Subscribed)
                {
                    json.WriteStringValue(AgentOsEvents.NameOf(pattern));
                }

                json.WriteEndArray();
            }),
            UnsubscribeReply => Write(json => json.WriteBoolean("success", true)),
            PollEventsReply polled => Write(json =>
            {
                json.WriteBoolean("success", true);
                json.WriteStartArray("events");
                foreach (var view in polled.Events)
                {
                    AgentOsEvents.Write(json, view);
                }

                json.WriteEndArray();
                json.WriteNumber("count", polled.Events.Count);
            }),
            EmitReply => Write(json => Emitted(json, (Emit)syscall)),
            WriteReply write => Write(json =>
            {
                json.WriteBoolean("success", true);
                json.WriteNumber("bytes_written", write.BytesWritten);
            }),
            _ when AgentOsMail.Answer(syscall, reply) is { } write => Write(write),
            _ => EncodeError((byte)syscall.Number, new SysError(
                SysErrorCode.Internal, $"{syscall.Number} has no answer in this framing")),
        };
    }

    /// <summary>A refusal, as the request's opcode words it.</summary>
    public static byte[] EncodeError(byte opcode, SysError error) => opcode switch
    {
        (byte)SyscallNumber.Think when error.Code == SysErrorCode.NotConfigured => Write(json =>
        {
            json.WriteBoolean("success", false);
            json.WriteString("content", "");
            json.WriteString("error", NotConfigured);
        }),
        (byte)SyscallNumber.Kill when error.Code == SysErrorCode.NoSuchProcess =>
            Write(json => json.WriteBoolean("killed", false)),
        _ => Write(json => Refusal(json, opcode, error)),
    };

    private static void Refusal(Utf8JsonWriter json, byte opcode, SysError error)
    {
        json.WriteBoolean("success", false);
        json.WriteString("error", Text(opcode, error));
        json.WriteString("code", error.CodeName);
        if (error.Hint is { } hint)
        {
            json.WriteString("hint", hint);
        }

        switch (opcode)
        {
            case (byte)SyscallNumber.Think:
                json.WriteString("content", "");
                break;
            case (byte)SyscallNumber.Kill:
                json.WriteBoolean("killed", false);
                break;
            case (byte)SyscallNumber.Pause:
                json.WriteBoolean("paused", false);
                break;
            case (byte)SyscallNumber.Resume:
                json.WriteBoolean("resumed", false);
                break;
            case (byte)SyscallNumber.Http:
                json.WriteString("body", "");
                json.WriteNumber("status_code", 0);
                break;
            case (byte)SyscallNumber.Exec:
                json.WriteString("stdout", "");
                json.WriteString("stderr", "");
                json.WriteNumber("exit_code", -1);
                break;
        }
    }

    /// <summary>The words that AgentOS used come first, for programs that look for them; then ours.</summary>
    private static string Text(byte opcode, SysError error) => (opcode, error.Code) switch
    {
        ((byte)SyscallNumber.Spawn or (byte)SyscallNumber.Read or (byte)SyscallNumber.Write, _)
            when error.Message.EndsWith("path required", StringComparison.Ordinal) => error.Message,
        ((byte)SyscallNumber.Spawn, SysErrorCode.InvalidArgument) => $"invalid request: {error.Message}",
        ((byte)SyscallNumber.Spawn, _) => $"failed to spawn agent: {error.Message}",
        ((byte)SyscallNumber.Read, SysErrorCode.PermissionDenied) =>
            $"Permission denied: path not allowed for reading: {error.Message}",
        ((byte)SyscallNumber.Write, SysErrorCode.PermissionDenied) =>
            $"Permission denied: path not allowed for writing: {error.Message}",
        ((byte)SyscallNumber.Http, SysErrorCode.PermissionDenied) =>
            $"Permission denied: URL not allowed: {error.Message}",
        ((byte)SyscallNumber.Exec, SysErrorCode.PermissionDenied) =>
            $"Permission denied: command not allowed: {error.Message}",
        ((byte)SyscallNumber.Read or (byte)SyscallNumber.Write, SysErrorCode.NoSuchFile or SysErrorCode.IoFailed) =>
            $"failed to open file: {error.Message}",
        (_, SysErrorCode.NoSuchMailbox) => $"target agent not found: {error.Message}",
        ((byte)SyscallNumber.Register, SysErrorCode.NameTaken) => $"name already registered: {error.Message}",
        ((byte)SyscallNumber.Send or (byte)SyscallNumber.Register, SysErrorCode.InvalidArgument)
            when error.Message.Contains("required", StringComparison.Ordinal) => error.Message,
        (_, SysErrorCode.NoSuchProcess) => $"target agent not found: {error.Message}",
        (_, SysErrorCode.InvalidArgument) => $"invalid request: {error.Message}",
        _ => error.Message,
    };

    private static void Spawn(Utf8JsonWriter json, Spawn spawn, SpawnReply reply)
    {
        json.WriteNumber("id", reply.Id.Value);
        json.WriteString("name", reply.Name);
        json.WriteNumber("pid", reply.Pid);
        json.WriteString("status", "running");
        json.WriteString("restart_policy", "never");
        var sandboxed = spawn.Sandboxed ?? true;
        var missing = reply.Missing ?? [];
        bool Has(string guarantee) => sandboxed && !missing.Contains(guarantee, StringComparer.Ordinal);

        json.WriteStartObject("isolation");
        json.WriteBoolean("fully_isolated", sandboxed && missing.Count == 0 && spawn.Network?.IsShared != true);
        json.WriteStartObject("namespaces");
        json.WriteBoolean("pid", Has(GuaranteeNames.Processes));
        json.WriteBoolean("net", Has(GuaranteeNames.Network) && spawn.Network?.IsShared != true);
        json.WriteBoolean("mnt", Has(GuaranteeNames.Filesystem));
        json.WriteBoolean("uts", sandboxed);
        json.WriteEndObject();
        json.WriteStartObject("cgroups");
        json.WriteBoolean("available", Has(GuaranteeNames.Memory) || Has(GuaranteeNames.Pids));
        json.WriteBoolean("memory_limit", Has(GuaranteeNames.Memory));
        json.WriteBoolean("cpu_quota", Has(GuaranteeNames.Cpu));
        json.WriteBoolean("pids_limit", Has(GuaranteeNames.Pids));
        json.WriteEndObject();
        if (!sandboxed || missing.Count > 0)
        {
            var reason = sandboxed ? $"not enforced on this host: {string.Join(", ", missing)}" : "not sandboxed";
            json.WriteString("degraded_reason", reason);
        }

        json.WriteEndObject();
    }

    private static void Think(Utf8JsonWriter json, ThinkReply reply, string streamed)
    {
        json.WriteBoolean("success", true);
        json.WriteString("content", streamed + reply.Content);
        json.WriteNumber("tokens", reply.Tokens);
        json.WriteNull("error");
        json.WriteString("model", reply.Model);
        if (reply.Simulated)
        {
            json.WriteBoolean("simulated", true);
        }
    }

    /// <summary>METRICS_SYSTEM as AgentOS had it, with what is true of both a machine and a sandbox.</summary>
    private static void Metrics(Utf8JsonWriter json, MetricsReply reply)
    {
        var machine = reply.Machine;
        var used = machine.MemoryBytes - machine.MemoryAvailableBytes;
        json.WriteBoolean("success", true);
        json.WriteStartObject("metrics");
        json.WriteNumber("timestamp", reply.At.ToUnixTimeMilliseconds());
        json.WriteStartObject("cpu");
        json.WriteNumber("count", machine.Cpus);
        json.WriteStartArray("load_avg");
        foreach (var load in machine.LoadAverage)
        {
            json.WriteNumberValue(load);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteStartObject("memory");
        json.WriteNumber("total", machine.MemoryBytes);
        json.WriteNumber("available", machine.MemoryAvailableBytes);
        json.WriteNumber("used", used);
        json.WriteNumber("percent", machine.MemoryBytes > 0 ? Math.Round(100.0 * used / machine.MemoryBytes, 1) : 0);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Http(Utf8JsonWriter json, HttpReply reply, string body)
    {
        json.WriteBoolean("success", true);
        json.WriteString("body", body);
        json.WriteNumber("status_code", reply.Status);
        json.WriteStartObject("headers");
        foreach (var header in reply.Headers.GroupBy(header => header.Name, StringComparer.Ordinal))
        {
            json.WriteString(header.Key, string.Join(", ", header.Select(each => each.Value)));
        }

        json.WriteEndObject();
    }

    private static void Exec(Utf8JsonWriter json, ExecReply reply, string output)
    {
        json.WriteBoolean("success", reply.ExitCode == 0 && !reply.TimedOut);
        json.WriteString("stdout", output);
        json.WriteString("stderr", "");
        json.WriteNumber("exit_code", reply.ExitCode);
        if (reply.TimedOut)
        {
            json.WriteString("error", "the command ran into its timeout and was killed");
        }

        if (reply.Truncated)
        {
            json.WriteBoolean("truncated", true);
        }
    }

    private static void Figures(Utf8JsonWriter json, byte opcode, ProcessView view)
    {
        json.WriteBoolean("success", true);
        json.WriteStartObject("metrics");
        if (opcode == AgentOsOpcodes.MetricsCgroup)
        {
            AgentOsFigures.WriteCgroup(json, view);
        }
        else
        {
            AgentOsFigures.Write(json, view);
        }

        json.WriteEndObject();
    }

    private static void AllFigures(Utf8JsonWriter json, ListReply reply)
    {
        json.WriteBoolean("success", true);
        json.WriteStartArray("agents");
        foreach (var view in reply.Processes)
        {
            json.WriteStartObject();
            AgentOsFigures.Write(json, view);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNumber("count", reply.Processes.Count);
    }

    private static void Emitted(Utf8JsonWriter json, Emit emit)
    {
        json.WriteBoolean("success", true);
        json.WriteString("event", emit.Type);
    }

    private static byte[] List(byte opcode, ListReply reply)
    {
        if (opcode == AgentOsOpcodes.MetricsAll)
        {
            return Write(json => AllFigures(json, reply));
        }

        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartArray();
            foreach (var process in reply.Processes.Where(process => process.State != ProcessState.Exited))
            {
                json.WriteStartObject();
                json.WriteNumber("id", process.Id.Value);
                json.WriteString("name", process.Name);
                json.WriteNumber("pid", process.Pid);
                json.WriteString("state", StateOf(process.State));
                json.WriteBoolean("running", process.Running);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        return buffer.WrittenSpan.ToArray();
    }

    internal static string StateOf(ProcessState state) => state switch
    {
        ProcessState.Starting => "STARTING",
        ProcessState.Running => "RUNNING",
        ProcessState.Paused => "PAUSED",
        ProcessState.Stopping => "STOPPING",
        ProcessState.Exited => "STOPPED",
    };

    internal static byte[] Write(Action<Utf8JsonWriter> fields)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            fields(json);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}

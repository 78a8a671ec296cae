using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Analemma.Abi;
using Analemma.Abi.AgentOs;
using Analemma.Abi.Frames;
using Analemma.Abi.Syscalls;

namespace Analemma.Unit.Tests.Abi;

/// <summary>
/// docs/abi.md is the contract: every example in it goes through the code, and every number is in it.
/// </summary>
public sealed partial class AbiDocumentTests
{
    private static readonly string Document = File.ReadAllText(Path.Combine(RepositoryFolder.Root, "docs", "abi.md"));

    /// <summary>As the wire's types are read, but a field that does not exist is a mistake here.</summary>
    private static readonly JsonSerializerOptions Strict = new(AbiJsonContext.Default.Options)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        TypeInfoResolver = AbiJsonContext.Default,
    };

    /// <summary>What the kernel would have answered for the examples in AgentOS framing.</summary>
    private static readonly Dictionary<string, byte[]> AgentOsAnswers = new(StringComparer.Ordinal)
    {
        ["response THINK"] = AgentOsEncoder.Encode(
            new Think(), new ThinkReply("Because air scatters blue light most.", "sim", 25) { Simulated = true }, []),
        ["unconfigured THINK"] = AgentOsEncoder.EncodeError(0x01, new SysError(SysErrorCode.NotConfigured, "no model")),
        ["response EXEC"] = AgentOsEncoder.Encode(new Exec(), new ExecReply(0), "total 0\n"u8),
        ["receipt EXEC"] = AgentOsEncoder.Accepted(1),
        ["response HTTP"] = AgentOsEncoder.Encode(
            new Http(), new HttpReply(200, [new HttpHeader("content-type", "application/json")]), "{}"u8),
        ["response SEND"] = AgentOsEncoder.Encode(new Send(), new SendReply(1, new ProcessId(3)), []),
        ["response RECV"] = AgentOsEncoder.Encode(
            new Recv(),
            new RecvReply(
                [
                    new MailMessage(1, new ProcessId(2), new MailBody("""{"text": "17 * 23"}"""u8.ToArray()))
                    {
                        FromName = "parser",
                        AgeMs = 3,
                    },
                ],
                0),
            []),
        ["response BROADCAST"] = AgentOsEncoder.Encode(new Broadcast(), new BroadcastReply(3, 1), []),
        ["response REGISTER"] = AgentOsEncoder.Encode(
            new Register { Name = "service" }, new MailboxView("worker") { Process = new ProcessId(3) }, []),
        ["response READ"] = AgentOsEncoder.Encode(new Read(), new ReadReply(3, 3), "42\n"u8),
        ["response WRITE"] = AgentOsEncoder.Encode(new Write(), new WriteReply(5), []),
        ["response SPAWN"] = AgentOsEncoder.Encode(
            new Spawn(), new SpawnReply(new ProcessId(3), "worker", 4711, "running"), []),
        ["response KILL"] = AgentOsEncoder.Encode(new Kill(), new KillReply(true, new ProcessId(3)), []),
        ["response SUBSCRIBE"] = AgentOsEncoder.Encode(
            new Subscribe(), new SubscribeReply(["exited", "*/*"], "7"), []),
        ["response UNSUBSCRIBE"] = AgentOsEncoder.Encode(new Unsubscribe(), new UnsubscribeReply([]), []),
        ["response POLLEVENTS"] = AgentOsEncoder.Encode(
            new PollEvents(),
            new PollEventsReply(
                [
                    new EventView("worker/custom", DateTimeOffset.FromUnixTimeSeconds(1_767_225_600))
                    {
                        Process = new ProcessId(3),
                        Data = JsonElement.Parse("""{"n": 5}"""),
                    },
                ],
                "8"),
            []),
        ["response EMIT"] = AgentOsEncoder.Encode(
            new Emit { Type = "custom" }, new EmitReply("worker/custom", "8"), []),
        ["response LIST"] = AgentOsEncoder.Encode(
            new List(),
            new ListReply([
                new ProcessView(new ProcessId(3), "worker", ProcessState.Running) { Pid = 4711, Running = true },
                new ProcessView(new ProcessId(2), "gone", ProcessState.Exited)]),
            []),
        ["response PAUSE"] = AgentOsEncoder.Encode(
            new Pause(), new PauseReply(new ProcessId(3), ProcessState.Paused), []),
        ["response RESUME"] = AgentOsEncoder.Encode(
            new Resume(), new PauseReply(new ProcessId(3), ProcessState.Running), []),
        ["results ASYNC_POLL"] = AgentOsEncoder.Results(
            [(1, 0x02, AgentOsEncoder.Encode(new Exec(), new ExecReply(0), "total 0\n"u8))]),
        ["response GETPERMS"] = AgentOsEncoder.Encode(
            new GetPerms(),
            new PermsReply(new ProcessId(3), "worker", new Permissions { Models = ["*"], Spawn = [] })
            {
                Used = new ModelUsage { InputTokens = 20, OutputTokens = 5 },
                Calls = 1,
            },
            []),
        ["response SETPERMS"] = AgentOsEncoder.Encode(
            new SetPerms(), new PermsReply(new ProcessId(3), "worker", new Permissions()), []),
        ["response STORE"] = AgentOsEncoder.Encode(new Store(), new StoreReply("plan", StoreScope.Group, 7), []),
        ["response FETCH"] = AgentOsEncoder.Encode(
            new Fetch(),
            new FetchReply("plan", true)
            {
                Value = JsonElement.Parse("""{"page": 12}"""),
                Scope = StoreScope.Group,
                Version = 7,
            },
            []),
        ["response DELETE"] = AgentOsEncoder.Encode(new Delete(), new DeleteReply("plan", true), []),
        ["response KEYS"] = AgentOsEncoder.Encode(
            new Keys(),
            new KeysReply([
                new KeyView("plan", StoreScope.Agent, "worker", 8, 4),
                new KeyView("plan", StoreScope.Group, "family:worker", 7, 12)]),
            []),
        ["response METRICS"] = AgentOsEncoder.Encode(
            new Metrics(),
            new MetricsReply(DateTimeOffset.FromUnixTimeSeconds(1_767_323_045), [])
            {
                Machine = new MachineUse
                {
                    Cpus = 2,
                    LoadAverage = [0.5, 0.4, 0.3],
                    MemoryBytes = 8000,
                    MemoryAvailableBytes = 6000,
                },
            },
            []),
        ["response AUDIT"] = AgentOsEncoder.Encode(
            new Audit(),
            new AuditReply(
            [
                new AuditRecord(
                    4711,
                    new DateTimeOffset(2026, 1, 1, 0, 0, 0, 250, TimeSpan.Zero),
                    "security",
                    "attempt.denied",
                    "process 3",
                    JsonElement.Parse("""{"process": 3, "what": "SPAWN x"}""")),
            ]),
            []),
        ["config SET_AUDIT_CONFIG"] = AgentOsDecoder.Decode(AgentOsOpcodes.SetAuditConfig, []).Answer!,
        ["agent METRICS_AGENT"] = AgentOsEncoder.Encode(AgentOsOpcodes.MetricsAgent, new Inspect(), Worker, []),
        ["all METRICS_ALL"] = AgentOsEncoder.Encode(AgentOsOpcodes.MetricsAll, new List(), new ListReply([]), []),
        ["cgroup METRICS_CGROUP"] =
            AgentOsEncoder.Encode(AgentOsOpcodes.MetricsCgroup, new Inspect(), Worker, []),
        ["hello HELLO"] = AgentOsEncoder.Hello("0.1.0"),
    };

    private static ProcessView Worker => new(new ProcessId(3), "worker", ProcessState.Running)
    {
        Pid = 4711,
        Sandboxed = true,
        UptimeMs = 5000,
        CpuMs = 120,
        MemoryBytes = 9000,
        MemoryPeakBytes = 9500,
        Pids = 2,
        Denied = 1,
        Limits = new ResourceLimits { Memory = 268_435_456, CpuQuota = 100_000, CpuPeriod = 100_000, MaxPids = 64 },
    };

    private static readonly Dictionary<string, Type> Replies = new(StringComparer.Ordinal)
    {
        ["THINK"] = typeof(ThinkReply),
        ["SEND"] = typeof(SendReply),
        ["RECV"] = typeof(RecvReply),
        ["BROADCAST"] = typeof(BroadcastReply),
        ["REGISTER"] = typeof(MailboxView),
        ["UNREGISTER"] = typeof(UnregisterReply),
        ["ACK"] = typeof(AckReply),
        ["NACK"] = typeof(AckReply),
        ["MAILBOXES"] = typeof(MailboxesReply),
        ["DEADLETTERS"] = typeof(DeadLettersReply),
        ["EXEC"] = typeof(ExecReply),
        ["READ"] = typeof(ReadReply),
        ["WRITE"] = typeof(WriteReply),
        ["SPAWN"] = typeof(SpawnReply),
        ["KILL"] = typeof(KillReply),
        ["LIST"] = typeof(ListReply),
        ["PAUSE"] = typeof(PauseReply),
        ["RESUME"] = typeof(PauseReply),
        ["SUBSCRIBE"] = typeof(EventView),
        ["UNSUBSCRIBE"] = typeof(UnsubscribeReply),
        ["POLLEVENTS"] = typeof(PollEventsReply),
        ["EMIT"] = typeof(EmitReply),
        ["PIPEOPEN"] = typeof(PipeView),
        ["PIPEWRITE"] = typeof(PipeWriteReply),
        ["PIPEREAD"] = typeof(PipeReadReply),
        ["PIPECLOSE"] = typeof(PipeView),
        ["PIPEGIVE"] = typeof(PipeView),
        ["PIPELIST"] = typeof(PipeListReply),
        ["HTTP"] = typeof(HttpReply),
        ["HELLO"] = typeof(HelloReply),
        ["WAIT"] = typeof(ProcessView),
        ["INSPECT"] = typeof(ProcessView),
        ["LOGS"] = typeof(LogsReply),
        ["STATUS"] = typeof(StatusReply),
        ["SHUTDOWN"] = typeof(ShutdownReply),
        ["FILES"] = typeof(FilesReply),
        ["CLAIM"] = typeof(ClaimReply),
        ["LLM"] = typeof(LlmReply),
        ["ENDPOINT"] = typeof(EndpointReply),
        ["WORKFLOWCALL"] = typeof(WorkflowCallReply),
        ["WORKFLOWLISTEN"] = typeof(WorkflowListenReply),
        ["FUNCTIONNEXT"] = typeof(FunctionNextReply),
        ["BUDGETSET"] = typeof(BudgetSetReply),
        ["EMBED"] = typeof(EmbedReply),
        ["LISTTOOLS"] = typeof(ListToolsReply),
        ["CALLTOOL"] = typeof(CallToolReply),
        ["TOOLSERVERS"] = typeof(ToolServersReply),
        ["RESTARTTOOLS"] = typeof(ToolServerView),
        ["CONVERSATIONOPEN"] = typeof(ConversationView),
        ["CONVERSATIONAPPEND"] = typeof(ConversationView),
        ["CONVERSATIONFORK"] = typeof(ConversationView),
        ["CONVERSATIONTRUNCATE"] = typeof(ConversationView),
        ["CONVERSATIONCOMPACT"] = typeof(ConversationCompactReply),
        ["CONVERSATIONTOKENS"] = typeof(ConversationTokensReply),
        ["CONVERSATIONSHOW"] = typeof(ConversationShowReply),
        ["CONVERSATIONLIST"] = typeof(ConversationListReply),
        ["CONVERSATIONCLOSE"] = typeof(ConversationCloseReply),
        ["GETPERMS"] = typeof(PermsReply),
        ["SETPERMS"] = typeof(PermsReply),
        ["STORE"] = typeof(StoreReply),
        ["FETCH"] = typeof(FetchReply),
        ["DELETE"] = typeof(DeleteReply),
        ["KEYS"] = typeof(KeysReply),
        ["SECRETSET"] = typeof(SecretSetReply),
        ["SECRETLIST"] = typeof(SecretListReply),
        ["SECRETREMOVE"] = typeof(SecretRemoveReply),
        ["AUDIT"] = typeof(AuditReply),
        ["METRICS"] = typeof(MetricsReply),
        ["WATCH"] = typeof(WatchReply),
        ["RESTART"] = typeof(RestartReply),
        ["ESCALATE"] = typeof(EscalateReply),
        ["READY"] = typeof(ReadyReply),
        ["FLEETAPPLY"] = typeof(FleetApplyReply),
        ["FLEETDOWN"] = typeof(FleetDownReply),
        ["FLEETSTATUS"] = typeof(FleetStatusReply),
        ["FLEETRESTART"] = typeof(FleetRestartReply),
    };

    public static TheoryData<string, string> Examples() =>
        [.. Blocks().Matches(Document).Select(block => (block.Groups[1].Value, block.Groups[2].Value))];

    [Theory]
    [MemberData(nameof(Examples))]
    public void Every_example_is_what_the_code_speaks(string label, string text)
    {
        var words = label.Split(' ');
        switch (words)
        {
            case ["hex", var framing, var direction]:
                CheckFrame(framing, direction, FrameTests.Hex(text.Split('\n')));
                break;
            case ["json", "error"] or ["json", _, "error", _]:
                Assert.NotEqual(
                    SysErrorCode.Internal,
                    SysErrorCodes.Parse(JsonSerializer.Deserialize<ErrorBody>(text, Strict)!.Code));
                break;
            case ["json", "native", "request", var name]:
                var number = Enum.Parse<SyscallNumber>(name, ignoreCase: true);
                Assert.True(
                    SyscallJson.TryRead((ushort)number, Encoding.UTF8.GetBytes(text), out var syscall, out var error),
                    error?.Message);
                Assert.NotNull(JsonSerializer.Deserialize(text, syscall.GetType(), Strict));
                break;
            case ["json", "native", "response", var name]:
                Assert.NotNull(JsonSerializer.Deserialize(text, Replies[name], Strict));
                break;
            case ["json", "agentos", "request", var name]:
                CheckAgentOsRequest(name, text);
                break;
            case ["json", "agentos", var kind, var name]:
                Assert.True(
                    JsonNode.DeepEquals(JsonNode.Parse(text), JsonNode.Parse(AgentOsAnswers[$"{kind} {name}"])),
                    $"the code says {Encoding.UTF8.GetString(AgentOsAnswers[$"{kind} {name}"])}");
                break;
            default:
                Assert.Fail($"nobody checks a block labelled {label}");
                break;
        }
    }

    [Fact]
    public void Every_syscall_and_every_error_is_in_it()
    {
        foreach (var number in Enum.GetValues<SyscallNumber>())
        {
            Assert.Contains(
                $"0x{(int)number:X2} {number.ToString().ToUpperInvariant()}", Document, StringComparison.Ordinal);
        }

        foreach (var code in Enum.GetValues<SysErrorCode>())
        {
            Assert.Contains($"| {(int)code} | `{SysErrorCodes.NameOf(code)}` |", Document, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Every_syscall_has_a_native_request_and_answer_in_it()
    {
        var labels = Examples().Select(row => row.Data.Item1).ToHashSet(StringComparer.Ordinal);
        foreach (var number in Enum.GetValues<SyscallNumber>().Except([SyscallNumber.Noop, SyscallNumber.Exit]))
        {
            var name = number.ToString().ToUpperInvariant();
            Assert.Contains($"json native request {name}", labels);
            Assert.Contains($"json native response {name}", labels);
        }
    }

    /// <summary>A second implementation would lack what nobody told it of.</summary>
    [Fact]
    public void Every_field_and_every_name_that_a_field_takes_is_in_it()
    {
        var records = typeof(Syscall).Assembly.GetExportedTypes()
            .Where(type => type.Namespace == typeof(Syscall).Namespace && !type.IsAbstract && type.IsClass);
        var fields = records.SelectMany(type => type.GetProperties())
            .Where(property => property.GetMethod!.IsPublic && !property.GetMethod.IsStatic)
            .Where(property => property.Name is not ("Number" or "EqualityContract")
                && !property.IsDefined(typeof(JsonIgnoreAttribute), inherit: false))
            .Select(property => JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name));
        string[] names =
        [
            .. Names(AbiJsonContext.Default.ProcessState),
            .. Names(AbiJsonContext.Default.ExitCause),
            .. Names(AbiJsonContext.Default.FileKind),
            .. EventTypes.All,
            .. GuaranteeNames.All,
        ];

        var missing = fields.Concat(names).Distinct(StringComparer.Ordinal)
            .Where(name => !Document.Contains($"\"{name}\"", StringComparison.Ordinal)
                && !Document.Contains($"`{name}`", StringComparison.Ordinal))
            .ToArray();
        Assert.True(missing.Length == 0, $"not in docs/abi.md: {string.Join(", ", missing)}");
    }

    private static IEnumerable<string> Names<T>(System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
        where T : struct, Enum =>
        Enum.GetValues<T>().Select(value => JsonSerializer.Serialize(value, type).Trim('"'));

    [Fact]
    public void Every_limit_of_the_wire_is_in_it()
    {
        foreach (var limit in new[]
        {
            AbiLimits.PayloadBytesMax, AbiLimits.BodyBytesMax, AbiLimits.JsonDepthMax, AbiLimits.InFlightMax,
            AbiLimits.NameLengthMax, AbiLimits.SocketPathBytesMax,
        })
        {
            Assert.Matches($@"\| [^|]* \| {limit.ToString(CultureInfo.InvariantCulture)}\b[^|]* \|", Document);
        }
    }

    private static void CheckFrame(string framing, string direction, byte[] bytes)
    {
        FrameDecoder decoder = new();
        Assert.True(decoder.TryRead(bytes, out var frame, out var error, out _), error.ToString());
        Assert.Equal(bytes.Length, frame.Size);
        Assert.Equal(framing == "native" ? Framing.Native : Framing.AgentOs, decoder.Framing);
        if (framing == "native")
        {
            Assert.Equal(direction == "response", frame.Native.Kind == FrameKind.Response);
        }
        else
        {
            Assert.Equal(direction == "response", frame.AgentOs.AgentId != 0);
        }
    }

    private static void CheckAgentOsRequest(string name, string text)
    {
        var opcode = name switch
        {
            "ASYNC_POLL" => AgentOsOpcodes.AsyncPoll,
            "SET_AUDIT_CONFIG" => AgentOsOpcodes.SetAuditConfig,
            "METRICS_AGENT" => AgentOsOpcodes.MetricsAgent,
            "METRICS_ALL" => AgentOsOpcodes.MetricsAll,
            "METRICS_CGROUP" => AgentOsOpcodes.MetricsCgroup,
            _ => (byte)Enum.Parse<SyscallNumber>(name, ignoreCase: true),
        };
        var request = AgentOsDecoder.Decode(opcode, Encoding.UTF8.GetBytes(text));
        Assert.Null(request.Error);
        Assert.Equal(
            opcode is AgentOsOpcodes.AsyncPoll or AgentOsOpcodes.SetAuditConfig, request.Syscall is null);
    }

    [GeneratedRegex("^```([a-zA-Z_ ]+)\n(.*?)\n```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Blocks();
}

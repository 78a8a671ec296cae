using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Events;
using Analemma.Kernel.Network;

namespace Analemma.Simulator;

/// <summary>Makes requests that often collide: few names, few ids, limits around their bounds.</summary>
internal sealed class RequestMaker(World world)
{
    private static readonly JsonElement AnySchema = JsonElement.Parse("{}");

    private const long MiB = 1024 * 1024;

    private static readonly string[] Prompts = ["hello", "why?", "what is the answer to all of this?", "and now?"];

    private static readonly string[] Urls =
    [
        "https://api.example.com/v1/x", "http://API.example.com./v1/../v1/y?q", "https://other.example.com/",
        "http://10.1/", "https://evil.test/v1/", "https://api.example.com:8443/",
    ];

    private static readonly string[] Names = ["a", "b", "c", "d", "e", "agent-2", "agent-9"];

    private static readonly string[] ToolRights = ["fs/*", "fs/*", "fs/any", "fs/number", "web/*", "web/any"];

    private static readonly JsonElement Five = JsonDocument.Parse("""{"n":5}""").RootElement;

    private static readonly JsonElement Wrong = JsonDocument.Parse("""{"n":"five","m":1}""").RootElement;

    private readonly ValueRequests _values = new(world);
    private readonly SupervisionRequests _supervision = new(world);

    private readonly MailMaker _mail = new(world);

    private SeededRandom Random => world.Random;

    public Syscall? Next(Caller caller)
    {
        if (Random.Chance(world.Options.Shutdowns))
        {
            return new Shutdown { GraceMs = Maybe(Random.Between(0, 500)) };
        }

        if (Random.Chance(2_000))
        {
            return _mail.Next(caller);
        }

        if (world.Options.Fleets > 0 && Random.Chance(world.Options.Fleets))
        {
            return _supervision.Next(caller);
        }

        return Random.Below(56) switch
        {
            0 or 1 or 2 or 3 or 4 or 5 => Spawn(caller),
            6 or 7 => Target(new Kill { GraceMs = Maybe(Random.Between(0, 3_000)) }),
            8 or 9 => Target(new Pause()),
            10 or 11 => Target(new Resume()),
            12 or 13 => Target(new Wait { TimeoutMs = Maybe(Random.Between(0, 5_000)) }),
            14 => new List { All = Random.Chance(5_000) },
            15 => Target(new Inspect()),
            16 => Random.Chance(5_000) ? Watch() : Target(PermissionRequests.Next(Random)),
            17 => Data(),
            18 => Random.Chance(5_000) ? new Status()
                : Random.Chance(5_000) ? Target(new Audit()) : new Metrics(),
            28 => Secret(),
            29 => Http(),
            30 => Relay(),
            19 => new ListTools { Server = Random.Pick([null, "fs", "nowhere"]) },
            20 => Random.Chance(3_000) ? new RestartTools { Server = "fs" } : new ToolServers(),
            21 or 22 or 23 or 24 or 25 or 26 or 27 => CallTool(),
            31 or 32 or 33 or 34 or 35 or 36 => Conversation(caller),
            44 or 45 or 46 or 47 or 48 or 49 or 50 or 51 => _values.Next(caller),
            37 => Budget(Random.Between(-1, 3_000)),
            38 => Embed(),
            52 or 53 => Random.Chance(5_000) ? Watch() : Emit(),
            54 or 55 => Pipe(),
            _ => Think(),
        };
    }

    // Rarely of all together, and then of much, so that the others still come to something.
    private TargetedSyscall Budget(long tokens) => (tokens % 10) switch
    {
        0 => new BudgetSet { Day = true, Tokens = tokens * 1_000 },
        1 => new BudgetSet { Group = Random.Pick(["team", "nobody"]), Tokens = tokens * 100 },
        2 => new BudgetSet { Day = tokens % 20 == 2, Group = tokens % 20 == 2 ? null : "team", Reset = true },
        _ => Target(new BudgetSet { Tokens = tokens }),
    };

    private Syscall Watch() => Random.Below(8) switch
    {
        0 or 1 => new Subscribe { Types = ["exited", "denied", "*/note"] },
        2 => new Subscribe { From = Random.Pick([null, "now", "oldest", "1", "3", "2.1", "999999"]) },
        3 => new Subscribe { Agent = Random.Pick(Names), Where = Fields() },
        4 => new Subscribe { Stream = false, Types = Random.Pick<string[]?>([null, ["started"], ["*/note"]]) },
        5 => new Unsubscribe { Types = Random.Pick<string[]?>([null, ["started"]]) },
        6 => new PollEvents { TimeoutMs = Maybe(Random.Between(0, 3_000)), Max = Random.Pick<int?>([null, 1, 5]) },
        _ => new PollEvents
        {
            From = Random.Pick(["now", "oldest", "2", "999999"]),
            Types = ["*/note", "exited"],
            TimeoutMs = Maybe(Random.Between(0, 3_000)),
        },
    };

    private Dictionary<string, string>? Fields() => Random.Pick<Dictionary<string, string>?>(
        [null, new() { ["exit.cause"] = "exited" }, new() { ["data.n"] = "5" }]);

    private Syscall Pipe() => world.Pipes.Issued(Random.Below(9) switch
    {
        0 or 1 or 2 => new PipeOpen
        {
            Reader = Random.Chance(3_000) ? AnyProcess() : null,
            Writer = Random.Chance(3_000) ? AnyProcess() : null,
        },
        3 or 4 => new PipeWrite { Pipe = AnyPipe(), Content = "bytes" },
        5 => new PipeRead { Pipe = AnyPipe(), Follow = Random.Chance(3_000) ? true : null },
        6 => new PipeClose { Pipe = AnyPipe(), End = Random.Pick([null, "read", "write", "both"]) },
        7 => new PipeGive { Pipe = AnyPipe(), End = Random.Pick(["read", "write"]), ToId = AnyProcess() },
        _ => new PipeList(),
    });

    private long AnyPipe()
    {
        var all = world.Kernel.State.Pipes.All.Select(pipe => pipe.Id).ToList();
        return all.Count > 0 && !Random.Chance(500) ? Random.Pick(all) : Random.Between(0, 3);
    }

    private ProcessId AnyProcess() => new(Random.Between(0, world.Host.Launched + 1));

    private Emit Emit() => new()
    {
        Type = "note",
        Data = Random.Pick<JsonElement?>([null, Five, Wrong]),
        To = Random.Pick([null, "family", "everyone"]),
        Durable = Random.Chance(5_000) ? true : null,
    };

    private CallTool CallTool() => new()
    {
        Name = Random.Pick(["fs/any", "fs/any", "fs/number", "fs/missing", "web/any", "web/any", "nowhere/any"]),
        Arguments = Random.Pick<JsonElement?>([null, Five, Five, Five, Wrong]),
        TimeoutMs = Random.Chance(2_000) ? Random.Between(1, 4_000) : null,
        Progress = Random.Chance(2_000) ? true : null,
    };

    private Think Think()
    {
        var think = Question();
        return think.Stream is null && Random.Chance(2_000)
            ? think with { ResponseSchema = AnySchema, Repair = (int)Random.Between(0, 2) }
            : think;
    }

    /// <summary>Of those there are, and now and then of none; agents find most to be another's.</summary>
    private Syscall Conversation(Caller caller)
    {
        var table = world.Kernel.State.Conversations;
        var own = (caller.IsHost ? table.All : table.Of(caller.Process)).Select(each => each.Id).ToList();
        var id = own.Count > 0 && !Random.Chance(1_500)
            ? Random.Pick(own) : Random.Between(1, Math.Max(2, table.NextId));
        return Random.Below(12) switch
        {
            0 or 1 => new ConversationOpen
            {
                SystemInstruction = Random.Chance(5_000) ? "be brief" : null,
                Model = Random.Pick([null, "sim", "nobody"]),
                Messages = Random.Chance(5_000) ? Messages() : null,
                Compaction = Random.Chance(5_000)
                    ? new CompactionRule(256) { KeepMessages = 2, SummaryTokens = 20 } : null,
            },
            2 => new ConversationAppend { Conversation = id, Messages = Messages() },
            3 => new ConversationFork { Conversation = id, Keep = Random.Chance(5_000) ? 1 : null },
            4 => new ConversationTruncate { Conversation = id, Keep = (int)Random.Between(0, 4) },
            5 => new ConversationCompact { Conversation = id, KeepMessages = 1 },
            6 => Random.Chance(3_000)
                ? new ConversationClose { Conversation = id } : new ConversationTokens { Conversation = id },
            7 => Random.Chance(5_000) ? new ConversationList() : new ConversationShow { Conversation = id },
            _ => Think() with { Conversation = id, Prompt = new string('x', (int)Random.Between(1, 600)) },
        };
    }

    private Embed Embed() => new()
    {
        Inputs = [.. Enumerable.Range(0, (int)Random.Between(1, 4)).Select(_ => Random.Pick(Prompts))],
        Model = Random.Pick([null, "sim", "small", "quick", "nobody"]),
        TimeoutMs = Random.Chance(2_000) ? Random.Between(1, 8_000) : null,
        Budget = Random.Chance(500) ? new ModelBudget { Tokens = Random.Between(0, 400) } : null,
    };

    private ChatMessage[] Messages() =>
    [
        .. Enumerable.Range(0, (int)Random.Between(1, 4)).Select(i => i == 2
            ? new ChatMessage(ChatRole.Tool) { Content = "42", ToolCallId = "c" }
            : new ChatMessage(ChatRole.User) { Content = Random.Pick(Prompts) }),
    ];

    private Think Question() => new()
    {
        Prompt = Random.Pick(Prompts),
        Model = Random.Pick([null, null, "sim", "small", "quick", "nobody"]),
        MaxTokens = Maybe(Random.Between(1, 300)),
        TimeoutMs = Random.Chance(2_000) ? Random.Between(1, 2_000) : null,
        Budget = Random.Chance(500) ? new ModelBudget { Tokens = Random.Between(0, 400) } : null,
        Stream = Random.Chance(2_000) ? true : null,
    };

    private Spawn Spawn(Caller caller) => new()
    {
        Argv = ["agent"],
        Name = Random.Chance(6_000) ? Random.Pick(Names) : null,
        Sandboxed = Random.Chance(500) ? false : null,
        Network = Network(),
        Require = Random.Chance(1_000) ? [Random.Pick(GuaranteeNames.All.ToArray())] : null,
        Mounts = Random.Chance(300) ? [new MountRequest { Source = "/usr", Target = "/mnt/usr" }] : null,
        Limits = Random.Chance(5_000) ? Limits(caller) : null,
        Models = Random.Chance(3_000) ? Share(caller) : null,
        StdinPipe = Random.Chance(1_500) ? AnyPipe() : null,
        StdoutPipe = Random.Chance(1_500) ? AnyPipe() : null,
        Permissions = Random.Chance(3_000) ? PermissionRequests.Some(Random) : null,
        Tools = Random.Chance(8_000) ? [Random.Pick(ToolRights), Random.Pick(ToolRights)] : null,
    };

    private Relay Relay() => Random.Chance(5_000)
        ? new Relay
        {
            Target = Random.Pick(["api.example.com:443", "10.1:443", "evil.test:443", "nonsense"]),
            Method = "CONNECT",
            IsTunnel = true,
        }
        : new Relay { Target = Random.Pick(Urls), Method = Random.Pick(["GET", "POST", "TRACE"]), BodyBytes = 5 };

    private Http Http() => new()
    {
        Url = Random.Pick(Urls),
        Method = Random.Pick([null, "GET", "POST", "get"]),
        MaxBytes = Maybe(Random.Between(0, 5_000)),
    };

    /// <summary>A few alike, so that those of children are now within their parents' and now not.</summary>
    private NetworkAccess? Network() => Random.Below(10) switch
    {
        0 => true,
        1 => false,
        < 7 => NetworkAccess.Allow([.. Enumerable.Range(0, Random.Below(3) + 1).Select(_ => new NetworkRule
        {
            Host = Random.Pick(["api.example.com", "*.example.com", "10.0.0.1"]),
            Methods = Random.Chance(3_000) ? ["GET"] : null,
            Paths = Random.Chance(3_000) ? [Random.Pick(["/v1/", "/v1/x"])] : null,
            Headers = Random.Chance(1_000)
                ? new Dictionary<string, string> { ["Authorization"] = "Bearer ${secret:a}" } : null,
            AllowPrivate = Random.Chance(3_000) ? true : null,
        })]),
        _ => null,
    };

    private Syscall Secret() => Random.Below(5) switch
    {
        0 => new SecretList(),
        1 => new SecretRemove { Name = Random.Pick(Names) },
        2 => Target(new Endpoint()),
        _ => new SecretSet { Name = Random.Pick(Names), Value = "canary-1f9a" },
    };

    private ModelShare Share(Caller caller) => new()
    {
        Group = Random.Pick([null, "default", "team", "nobody"]),
        Weight = caller.IsHost && Random.Chance(3_000) ? Random.Pick([1, 50, 10_000]) : null,
        Priority = caller.IsHost && Random.Chance(3_000) ? Random.Pick(Enum.GetValues<ModelPriority>()) : null,
        RequestsPerMinute = Random.Chance(1_000) ? 30 : null,
        Budget = Random.Chance(5_000) ? new ModelBudget { Tokens = Random.Between(0, 2_000) } : null,
    };

    private ResourceLimits Limits(Caller caller) => new()
    {
        Memory = Maybe(Random.Pick([8 * MiB, 64 * MiB, 256 * MiB, 257 * MiB, caller.IsHost ? 1024 * MiB : 32 * MiB])),
        MaxPids = Random.Chance(5_000) ? Random.Pick([1, 16, 64, 65]) : null,
        CpuQuota = Maybe(Random.Pick([1_000L, 100_000, 100_001, -1])),
        WallMs = Maybe(Random.Between(1, 3_000)),
        OpenFiles = Random.Chance(1_000) ? 2048 : null,
    };

    private TargetedSyscall Data()
    {
        TargetedSyscall syscall = Random.Below(5) switch
        {
            0 => new Exec { Command = "true" },
            1 => new Read { Path = "file" },
            2 => new Write { Path = "file", Content = "text" },
            3 => new Files(),
            _ => new Logs(),
        };
        return Target(syscall);
    }

    /// <summary>
    /// By id, living, dead, forgotten or never given; by name; or nobody, which for an agent is itself.
    /// </summary>
    private TargetedSyscall Target(TargetedSyscall syscall)
    {
        var living = world.Host.Living.Select(child => child.Id).ToArray();
        return Random.Below(10) switch
        {
            0 => syscall with { Id = new ProcessId(Random.Between(0, world.Host.Launched + 2)) },
            1 or 2 or 3 => syscall with { Name = Random.Pick(Names) },
            4 => syscall,
            _ => living.Length == 0 ? syscall : syscall with { Id = Random.Pick(living) },
        };
    }

    private long? Maybe(long value) => Random.Chance(5_000) ? value : null;
}

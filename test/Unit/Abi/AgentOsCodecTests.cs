using System.Text;
using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.AgentOs;
using Analemma.Abi.Syscalls;
using FsCheck;
using FsCheck.Fluent;

namespace Analemma.Unit.Tests.Abi;

public sealed class AgentOsCodecTests
{
    private static readonly byte[] Opcodes = [0x01, 0x02, 0x03, 0x04, 0x10, 0x11, 0x12, 0x14, 0x15, 0x80, 0xFE, 0x99];

    [Fact]
    public void A_spawn_takes_every_field_of_agentos()
    {
        var spawn = Assert.IsType<Spawn>(Decode(0x10, """
            {"name":"a","script":"/a.py","python":"python3.11","sandboxed":false,"network":true,
             "limits":{"memory":268435456.0,"max_pids":64,"cpu_quota":1e5,"cpu_period":100000,"cpu_shares":1024},
             "restart_policy":"on_failure","max_restarts":5,"restart_window":300,"unknown":[{}]}
            """).Syscall);

        Assert.Equal(("a", "/a.py", "python3.11"), (spawn.Name, spawn.Script, spawn.Python));
        Assert.Equal((false, true), (spawn.Sandboxed, spawn.Network?.IsShared));
        Assert.Equal(
            new ResourceLimits
            {
                Memory = 268_435_456,
                MaxPids = 64,
                CpuQuota = 100_000,
                CpuPeriod = 100_000,
                CpuShares = 1024,
            },
            spawn.Limits);
    }

    [Theory]
    [InlineData(0x10, "{}", "script path required")]
    [InlineData(0x10, "{", "invalid request")]
    [InlineData(0x10, """{"script":"a","limits":{"max_pids":1e300}}""", "whole number")]
    [InlineData(0x10, """{"script":"a","restart_policy":"sometimes"}""", "restart_policy")]
    [InlineData(0x11, "{}", "invalid request")]
    [InlineData(0x11, """{"id":0}""", "id is a whole number")]
    [InlineData(0x11, """{"id":"2"}""", "invalid request")]
    [InlineData(0x14, "[]", "invalid request")]
    [InlineData(0x02, "{}", "command required")]
    [InlineData(0x02, """{"command":"a","timeout":-1}""", "timeout")]
    [InlineData(0x03, "{}", "path required")]
    [InlineData(0x04, """{"path":"a","mode":"destroy"}""", "mode is")]
    [InlineData(0x04, """{"path":"\ud800"}""", "invalid request")]
    [InlineData(0x11, """{"id":1.5}""", "id: expected a whole number")]
    [InlineData(0x10, """{"script":5}""", "script: expected text")]
    [InlineData(0x10, """{"script":"a","sandboxed":"yes"}""", "sandboxed: expected true or false")]
    [InlineData(0x10, """{"script":"a","limits":[]}""", "limits: expected an object")]
    [InlineData(0x02, "5", "payload: expected an object")]
    [InlineData(0x99, "", "there is no syscall 0x99")]
    [InlineData(0x20, "{}", "target agent required (to or to_name)")]
    [InlineData(0x23, "{}", "name required")]
    [InlineData(0x70, "{}", "RECORD_START of AgentOS is not served by this version")]
    [InlineData(0x62, """{"max":"all"}""", "max: expected a whole number")]
    [InlineData(0x60, """{"event_types":"all"}""", "event_types: expected a list")]
    public void A_wrong_request_is_an_error_that_says_so(byte opcode, string payload, string expected)
    {
        var error = Decode(opcode, payload).Error;

        Assert.NotNull(error);
        using var json = JsonDocument.Parse(AgentOsEncoder.EncodeError(opcode, error));
        Assert.Contains(expected, json.RootElement.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"event_types":["AGENT_EXITED","CUSTOM"]}""", "exited", "*/*")]
    [InlineData("""{"events":["SYSCALL_BLOCKED"],"event":"My Event"}""", "denied", "*/my-event")]
    [InlineData("{}")]
    public void A_subscription_says_its_types_in_any_of_three_ways(string payload, params string[] types)
    {
        var subscribe = Assert.IsType<Subscribe>(Decode(0x60, payload).Syscall);
        Assert.Equal(types, subscribe.Types ?? []);
        Assert.False(subscribe.Stream);
    }

    [Fact]
    public void What_is_emitted_goes_to_everyone_by_a_type_that_the_kernel_takes()
    {
        var emit = Assert.IsType<Emit>(Decode(0x63, """{"event":"TASK_DONE","data":{"n":5}}""").Syscall);
        Assert.Equal(("task_done", "everyone", 5), (emit.Type, emit.To, emit.Data!.Value.GetProperty("n").GetInt32()));
        Assert.Equal("custom", Assert.IsType<Emit>(Decode(0x63, """{"event":"¡"}""").Syscall).Type);
    }

    [Fact]
    public void A_prompt_may_be_plain_text_or_an_object()
    {
        Assert.Equal("why?", Assert.IsType<Think>(Decode(0x01, "why?").Syscall).Prompt);
        Assert.Equal("why?", Assert.IsType<Think>(Decode(0x01, """ {"prompt":"why?"}""").Syscall).Prompt);
        Assert.NotNull(Decode(0x01, "{why?").Error);
    }

    [Fact]
    public void Killing_nobody_is_an_answer()
    {
        var answer = AgentOsEncoder.EncodeError(0x11, SysError.NoSuchProcess("x"));
        Assert.Equal("""{"killed":false}""", Encoding.UTF8.GetString(answer));
    }

    [Fact]
    public void An_exec_is_asynchronous_unless_it_says_otherwise()
    {
        Assert.True(Decode(0x02, """{"command":"a"}""").Async);
        Assert.False(Decode(0x02, """{"command":"a","async":false}""").Async);
        Assert.Equal(7UL, Decode(0x02, """{"command":"a","async":true,"request_id":7}""").AsyncId);
    }

    [Theory]
    [InlineData(ProcessState.Starting, "STARTING")]
    [InlineData(ProcessState.Running, "RUNNING")]
    [InlineData(ProcessState.Paused, "PAUSED")]
    [InlineData(ProcessState.Stopping, "STOPPING")]
    public void States_have_their_agentos_names(ProcessState state, string expected)
    {
        var list = new ListReply([new ProcessView(new ProcessId(1), "a", state)]);
        using var json = JsonDocument.Parse(AgentOsEncoder.Encode(new List(), list, []));
        Assert.Equal(expected, json.RootElement[0].GetProperty("state").GetString());
    }

    [Fact]
    public void A_degraded_sandbox_says_what_is_missing()
    {
        var reply = new SpawnReply(new ProcessId(3), "a", 1, "running") { Missing = ["memory", "uid"] };
        using var json = JsonDocument.Parse(AgentOsEncoder.Encode(new Spawn(), reply, []));
        var isolation = json.RootElement.GetProperty("isolation");

        Assert.False(isolation.GetProperty("fully_isolated").GetBoolean());
        Assert.False(isolation.GetProperty("cgroups").GetProperty("memory_limit").GetBoolean());
        Assert.True(isolation.GetProperty("cgroups").GetProperty("pids_limit").GetBoolean());
        Assert.Contains("memory, uid", isolation.GetProperty("degraded_reason").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Any_bytes_decode_and_any_output_encodes_to_valid_json()
    {
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), Gen.Elements(Opcodes).ToArbitrary(), (bytes, opcode) =>
        {
            var request = AgentOsDecoder.Decode(opcode, bytes);
            using var error = JsonDocument.Parse(AgentOsEncoder.EncodeError(
                opcode, request.Error ?? new SysError(SysErrorCode.Internal, Encoding.UTF8.GetString(bytes))));
            using var output = JsonDocument.Parse(AgentOsEncoder.Encode(new Exec(), new ExecReply(1), bytes));
            using var content = JsonDocument.Parse(AgentOsEncoder.Encode(new Read(), new ReadReply(1, 1), bytes));
            return content.RootElement.GetProperty("size").GetInt32() == bytes.Length;
        }).QuickCheckThrowOnFailure();
    }

    private static AgentOsRequest Decode(byte opcode, string payload) =>
        AgentOsDecoder.Decode(opcode, Encoding.UTF8.GetBytes(payload));
}

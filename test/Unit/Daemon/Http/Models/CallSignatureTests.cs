using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Http.Models;

namespace Analemma.Unit.Tests.Daemon.Http.Models;

/// <summary>A signature comes back with its call, for who got it, as long as there is room.</summary>
public sealed class CallSignatureTests
{
    private static readonly ProcessId One = new(1);

    private readonly CallSignatures _signatures = new();

    [Fact]
    public void It_comes_back_by_the_id_of_its_call_and_never_over_one_that_is_sent()
    {
        Keep(One, "c", "kept");
        Assert.Equal("kept", Restored(One, new ToolCall("c", "f")));
        Assert.Equal("sent", Restored(One, new ToolCall("c", "f") { Signature = "sent" }));
        Assert.Null(Restored(One, new ToolCall("d", "f")));
    }

    [Fact]
    public void Another_process_has_none_of_it()
    {
        Keep(One, "c", "kept");
        Assert.Null(Restored(new ProcessId(2), new ToolCall("c", "f")));
    }

    [Fact]
    public void The_oldest_go_first_when_there_is_no_room()
    {
        var half = new string('x', CallSignatures.CharsPerProcessMax / 2);
        Keep(One, "a", half);
        Keep(One, "b", half);
        Assert.Null(Restored(One, new ToolCall("a", "f")));
        Assert.Equal(half, Restored(One, new ToolCall("b", "f")));
        for (var other = 2; other <= CallSignatures.ProcessesMax + 1; other++)
        {
            Keep(new ProcessId(other), "c", "kept");
        }

        Assert.Null(Restored(One, new ToolCall("b", "f")));
        Assert.Equal("kept", Restored(new ProcessId(2), new ToolCall("c", "f")));
    }

    private void Keep(ProcessId process, string id, string signature) => _signatures.Keep(
        process, new ThinkReply("", "m", 1) { ToolCalls = [new ToolCall(id, "f") { Signature = signature }] });

    private string? Restored(ProcessId process, ToolCall call)
    {
        var think = new Think { Messages = [new ChatMessage(ChatRole.Assistant) { ToolCalls = [call] }] };
        return _signatures.Restore(process, think).Messages![0].ToolCalls![0].Signature;
    }
}

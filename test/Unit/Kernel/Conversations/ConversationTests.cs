using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel;
using Analemma.Kernel.Conversations;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Unit.Tests.Kernel.Models;

namespace Analemma.Unit.Tests.Kernel.Conversations;

/// <summary>Conversations as the pure kernel decides about them; the simulator has the rest.</summary>
public sealed class ConversationTests
{
    private readonly ModelBench _bench = new();

    private KernelBench Kernel => _bench.Kernel;

    [Fact]
    public void What_is_said_becomes_part_of_it_by_the_record_that_bills_it()
    {
        var talk = Open();
        var call = _bench.Think(new Think { Conversation = talk, Prompt = "hello" });
        var turn = _bench.Started().Turn!;
        Kernel.Apply(new ModelCallEnded(new CallId(call), 1, Said(turn, 2)) { At = 0 });
        var settled = Assert.IsType<UsageSettled>(Kernel.One<Raise>().Event);
        Assert.Equal((talk, 2), (settled.Conversation, settled.Said!.Count));
        Assert.Empty(Messages(talk));

        Kernel.Settle();
        Assert.Equal(2, Messages(talk).Count);
        Kernel.One<AnswerModelCall>();
    }

    [Fact]
    public void A_call_that_fails_leaves_nothing()
    {
        var talk = Open();
        var call = _bench.Think(new Think { Conversation = talk, Prompt = "hello" });
        var first = _bench.Started().Turn!.FirstBody;
        _bench.End(call, 1, ModelBench.Failed(ModelFailureKind.Rejected));
        Assert.Empty(Messages(talk));
        Assert.Equal([first, first + 1], Kernel.One<DropBodies>().Bodies);
    }

    [Fact]
    public void One_call_at_a_time_speaks_in_it()
    {
        var talk = Open();
        var call = _bench.Think(new Think { Conversation = talk, Prompt = "hello" });
        foreach (var other in new Syscall[]
        {
            new Think { Conversation = talk, Prompt = "and me?" },
            new ConversationAppend { Conversation = talk, Messages = [User("x")] },
            new ConversationTruncate { Conversation = talk },
            new ConversationCompact { Conversation = talk },
            new ConversationClose { Conversation = talk },
        })
        {
            Kernel.Call(other);
            Assert.Equal(SysErrorCode.WrongState, Kernel.Refusal().Code);
        }

        Kernel.Call(new ConversationFork { Conversation = talk });
        Kernel.Settle();
        Assert.IsType<ConversationView>(Kernel.One<Answer>().Reply);
        _bench.End(call, 1, ModelBench.Failed(ModelFailureKind.Rejected));
        Kernel.Call(new ConversationClose { Conversation = talk });
        Kernel.Settle();
        Assert.Equal(new ConversationCloseReply(talk), Kernel.One<Answer>().Reply);
    }

    [Fact]
    public void Nobody_is_told_of_anothers()
    {
        var (one, other) = (Kernel.Run(), Kernel.Run());
        var talk = Open(one.Value);
        foreach (var request in new Syscall[]
        {
            new Think { Conversation = talk, Prompt = "hello" },
            new ConversationShow { Conversation = talk },
            new ConversationFork { Conversation = talk },
            new ConversationTokens { Conversation = talk },
            new ConversationClose { Conversation = talk },
        })
        {
            Kernel.Call(request, other.Value);
            Assert.Equal(SysErrorCode.NoSuchConversation, Kernel.Refusal().Code);
        }

        Kernel.Call(new ConversationList(), other.Value);
        Assert.Empty(((ConversationListReply)Kernel.One<Answer>().Reply).Conversations);
        Kernel.Call(new ConversationList());
        Assert.Single(((ConversationListReply)Kernel.One<Answer>().Reply).Conversations);
    }

    [Fact]
    public void A_change_that_is_taken_back_before_it_is_kept_leaves_nothing()
    {
        Kernel.Call(new ConversationOpen { Messages = [User("hello")] });
        var keep = Kernel.One<KeepBodies>();
        Kernel.Apply(new CallCancelled(keep.Call) { At = 0 });
        Kernel.Apply(new BodiesKept(keep.Call, [Ref(keep.FirstBody, ChatRole.User)]) { At = 0 });
        Assert.Equal([keep.FirstBody], Kernel.One<DropBodies>().Bodies);
        Assert.Empty(Kernel.State.Conversations.All);
        Assert.True(Kernel.State.ConversationWork.IsIdle);
    }

    [Fact]
    public void Forks_share_bodies_until_the_last_of_them_has_gone()
    {
        var talk = Open();
        var call = _bench.Think(new Think { Conversation = talk, Prompt = "hello" });
        _bench.End(call, 1, Said(_bench.Started().Turn!, 2));
        Kernel.Call(new ConversationFork { Conversation = talk, Keep = 1 });
        Kernel.Settle();
        Kernel.Call(new ConversationClose { Conversation = talk });
        Kernel.Settle();
        Assert.Single(Kernel.One<DropBodies>().Bodies);
        Assert.Single(Kernel.State.Conversations.Bodies);
        Assert.Equal(10, Kernel.State.Conversations.Bytes);
    }

    [Fact]
    public void A_summary_keeps_a_tools_result_with_its_call()
    {
        Kernel.Call(new ConversationOpen { Messages = [.. Enumerable.Repeat(User("x"), 5)] });
        var keep = Kernel.One<KeepBodies>();
        ChatRole[] roles = [ChatRole.User, ChatRole.User, ChatRole.Assistant, ChatRole.Tool, ChatRole.User];
        MessageRef[] kept = [.. roles.Select((role, i) => Ref(keep.FirstBody + i, role))];
        Kernel.Apply(new BodiesKept(keep.Call, kept) { At = 0 });
        Kernel.Settle();
        Kernel.Call(new ConversationCompact { Conversation = 1, KeepMessages = 2 });
        var start = _bench.Started();
        Assert.Equal(2, start.Turn!.Messages.Count);
        _bench.End(Kernel.CallId, 1, Said(start.Turn, 1));
        Assert.Equal(
            [ChatRole.User, ChatRole.Assistant, ChatRole.Tool, ChatRole.User],
            Messages(1).Select(message => message.Role));
        Assert.Equal(2, ((ConversationCompactReply)Kernel.One<Answer>().Reply).Replaced);
    }

    [Fact]
    public void Agents_have_so_many_and_no_more()
    {
        var agent = Kernel.Run();
        for (var i = 0; i < Limits.ConversationsPerAgentMax; i++)
        {
            Open(agent.Value);
        }

        Kernel.Call(new ConversationOpen(), agent.Value);
        Assert.Equal(SysErrorCode.LimitExceeded, Kernel.Refusal().Code);
    }

    private static ChatMessage User(string text) => new(ChatRole.User) { Content = text };

    private static MessageRef Ref(long body, ChatRole role) => new(body, role, 10, "hash") { Likely = 5, Most = 30 };

    private static ModelResult Said(ConversationInput turn, int count) => new()
    {
        InputTokens = 10,
        OutputTokens = 20,
        FinishReason = "stop",
        Kept = [.. Enumerable.Range(0, count).Select(i => Ref(turn.FirstBody + i, ChatRole.User))],
    };

    private long Open(long caller = 0)
    {
        Kernel.Call(new ConversationOpen(), caller);
        Kernel.Settle();
        return ((ConversationView)Kernel.One<Answer>().Reply).Conversation;
    }

    private List<MessageRef> Messages(long talk)
    {
        Assert.True(Kernel.State.Conversations.TryGet(talk, out var conversation));
        return conversation.Messages;
    }
}

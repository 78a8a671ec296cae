using System.Diagnostics.CodeAnalysis;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Conversations;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Models;
using Analemma.Kernel.Policy;

namespace Analemma.Kernel.Syscalls;

/// <summary>CONVERSATION…: whose it is, whether there is room, and whether anybody is at work on it.</summary>
internal static class ConversationSyscalls
{
    public static void Handle(SyscallContext call, Syscall request)
    {
        if (call.State.ShuttingDown)
        {
            call.Refuse(new SysError(SysErrorCode.ShuttingDown, "the kernel is stopping"));
        }
        else if (request is ConversationList)
        {
            call.Answer(new ConversationListReply([.. call.State.Conversations.All
                .Where(conversation => Reaches(call, conversation))
                .Select(conversation => View(call.State, conversation))]));
        }
        else if (request is ConversationOpen open)
        {
            Open(call, open);
        }
        else if (request is ConversationSyscall { Conversation: var id } && TryFind(call, id, out var conversation))
        {
            Handle(call, conversation, request);
        }
    }

    /// <summary>The conversation of that id that the caller reaches; refuses by itself when there is none.</summary>
    public static bool TryFind(SyscallContext call, long id, [NotNullWhen(true)] out Conversation? conversation)
    {
        if (call.State.Conversations.TryGet(id, out conversation) && Reaches(call, conversation))
        {
            return true;
        }

        call.Refuse(SysError.NoSuchConversation(id));
        return false;
    }

    /// <summary>Why nobody else may change it now, or null.</summary>
    public static SysError? Busy(KernelState state, Conversation conversation) =>
        state.ConversationWork.IsBusy(conversation.Id)
            ? new SysError(
                SysErrorCode.WrongState,
                $"a call in conversation {conversation.Id} is under way",
                "wait for its answer, or fork the conversation and go on there")
            : null;

    private static void Handle(SyscallContext call, Conversation conversation, Syscall request)
    {
        switch (request)
        {
            case ConversationFork fork:
                Fork(call, conversation, fork);
                return;
            case ConversationTokens tokens:
                Count(call, conversation, tokens);
                return;
            case ConversationShow show:
                Show(call, conversation, show);
                return;
        }

        if (Busy(call.State, conversation) is { } busy)
        {
            call.Refuse(busy);
            return;
        }

        switch (request)
        {
            case ConversationAppend append:
                Append(call, conversation, append);
                break;
            case ConversationTruncate truncate:
                Begin(call, conversation.Id);
                call.Effects.Add(new Raise(
                    new ConversationTruncated(call.Call, conversation.Id, truncate.Keep) { At = call.State.Now }));
                break;
            case ConversationClose:
                Begin(call, conversation.Id);
                call.Effects.Add(new Raise(
                    new ConversationClosed(call.Call, conversation.Id) { At = call.State.Now }));
                break;
            case ConversationCompact compact:
                ThinkSyscall.Compact(call, conversation, compact);
                break;
        }
    }

    private static void Begin(SyscallContext call, long conversation) =>
        call.State.ConversationWork.Begin(new ConversationChangeOp(call.Call, conversation));

    private static void Open(SyscallContext call, ConversationOpen open)
    {
        var state = call.State;
        if (!MayOwn(call) || !HasRoom(call, open.Messages?.Count ?? 0))
        {
            return;
        }

        if (open.Model is { } model && !state.Models.TryGate(model, out _))
        {
            call.Refuse(UnknownModel.Refusal(state.Options.Models, model));
            return;
        }

        var settings = new Think
        {
            SystemInstruction = open.SystemInstruction,
            Temperature = open.Temperature,
            ThinkingLevel = open.ThinkingLevel,
            Tools = open.Tools,
        };
        var hasSettings = settings != new Think();
        var change = new ConversationChangeOp(call.Call, 0)
        {
            Owner = call.Caller.Process,
            HasSettings = hasSettings,
            Plan = new ConversationPlan
            {
                Name = open.Name,
                Model = open.Model,
                MaxTokens = open.MaxTokens,
                Compaction = open.Compaction,
            },
        };
        ConversationStores.Begin(call, change, hasSettings ? settings : null, open.Messages ?? []);
    }

    private static void Append(SyscallContext call, Conversation conversation, ConversationAppend append)
    {
        if (ConversationRoom.Full(call.State, conversation, append.Messages.Count) is { } full)
        {
            call.Refuse(full);
            return;
        }

        ConversationStores.Begin(
            call, new ConversationChangeOp(call.Call, conversation.Id), null, append.Messages);
    }

    private static void Fork(SyscallContext call, Conversation conversation, ConversationFork fork)
    {
        var keep = Math.Min(fork.Keep ?? int.MaxValue, conversation.Messages.Count);
        if (!MayOwn(call) || !HasRoom(call, keep))
        {
            return;
        }

        Begin(call, 0);
        call.Effects.Add(new Raise(
            new ConversationForked(call.Call, call.Caller.Process, conversation.Id, keep, fork.Name)
            {
                At = call.State.Now,
            }));
    }

    private static void Count(SyscallContext call, Conversation conversation, ConversationTokens tokens)
    {
        var model = conversation.Plan.Model;
        if (!call.State.Models.TryGate(model, out var gate))
        {
            call.Refuse(UnknownModel.Refusal(call.State.Options.Models, model ?? ""));
            return;
        }

        var estimate = conversation.Estimate.Plus(TokenEstimate.Of(new Think { Prompt = tokens.Prompt }));
        call.Effects.Add(new CountTokens(
            call.Call,
            gate.Lane.Options.Name,
            gate.Entry.ProviderModel ?? gate.Entry.Name,
            new ConversationInput(conversation.Id, conversation.Plan.Settings, [.. conversation.Messages], 0, false),
            tokens.Prompt,
            new ConversationTokensReply(estimate.Likely, Exact: false, gate.Entry.Name, gate.Entry.ContextTokens)));
    }

    private static void Show(SyscallContext call, Conversation conversation, ConversationShow show)
    {
        var messages = conversation.Messages;
        var asked = show.From ?? 0;
        var from = Math.Clamp(asked < 0 ? messages.Count + (long)asked : asked, 0, messages.Count);
        var shown = messages.Skip((int)from).Take(show.Count ?? int.MaxValue).ToList();
        var bytes = 0L;
        var fitting = shown.TakeWhile((message, i) =>
            (bytes += message.Bytes) <= Limits.ConversationShowBytesMax || i == 0).ToList();
        call.Effects.Add(
            new ShowMessages(call.Call, conversation.Plan.Settings, fitting, (int)from, messages.Count));
    }

    private static bool Reaches(SyscallContext call, Conversation conversation) => call.Caller.IsHost
        || conversation.Owner == call.Caller.Process
        || (call.State.Processes.TryGet(conversation.Owner, out var owner)
            && Rights.Reaches(call.State, call.Caller.Process, Capability.Read, owner));

    private static ConversationView View(KernelState state, Conversation conversation) =>
        conversation.View(state.ConversationWork.IsBusy(conversation.Id));

    /// <summary>The last words of a process that has ended may still come.</summary>
    private static bool MayOwn(SyscallContext call)
    {
        if (call.Caller.IsHost
            || (call.State.Processes.TryGet(call.Caller.Process, out var caller)
                && caller.IsAlive && caller.StopCause is null))
        {
            return true;
        }

        call.Refuse(new SysError(SysErrorCode.WrongState, "a process that is ending cannot open a conversation"));
        return false;
    }

    private static bool HasRoom(SyscallContext call, int messages)
    {
        if (ConversationRoom.Full(call.State, call.Caller, messages, call.Effects) is not { } full)
        {
            return true;
        }

        call.Refuse(full);
        return false;
    }
}

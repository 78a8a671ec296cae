using Analemma.Abi;

namespace Analemma.Kernel;

/// <summary>
/// Every bound of the kernel itself, in one place. What agents may use by default is in KernelOptions.
/// </summary>
public static class Limits
{
    /// <summary>Memory below which no interpreter starts.</summary>
    public const long MemoryBytesMin = 8L * 1024 * 1024;

    /// <summary>More than any host has: keeps sums far from overflow.</summary>
    public const long MemoryBytesMax = 1L << 46;

    public const int PidsMax = 1 << 20;

    /// <summary>cgroup v1 and v2 refuse quotas below a millisecond.</summary>
    public const long CpuQuotaUsMin = 1_000;

    public const long CpuQuotaUsMax = 1_000_000_000;

    public const long CpuPeriodUsMin = 1_000;

    public const long CpuPeriodUsMax = 1_000_000;

    public const int OpenFilesMin = 16;

    public const int OpenFilesMax = 1 << 20;

    public const long LogBytesMin = 4096;

    public const long LogBytesMax = 1L << 40;

    public const long WorkBytesMin = 64 * 1024;

    public const long WorkBytesMax = 1L << 40;

    /// <summary>A year: an agent that needs longer needs no limit.</summary>
    public const long WallMsMax = 366L * 24 * 3600 * 1000;

    public const long GraceMsMax = 300_000;

    /// <summary>Records in one answer of AUDIT.</summary>
    public const int AuditRecordsPerAnswerMax = 1_000;

    /// <summary>Before SIGTERM, for what an agent has in hand.</summary>
    public const long DrainMsMax = 3_600_000;

    public const int FleetsMax = 256;

    /// <summary>Agents of one declaration.</summary>
    public const int FleetAgentsMax = 1_000;

    public const int FleetSupervisorsMax = 256;

    /// <summary>Agents that one agent waits for.</summary>
    public const int FleetAfterMax = 64;

    public const int FleetMailboxesMax = 256;

    public const int ReplicasMax = 1_000;

    /// <summary>Supervised agents of all fleets, and those that WATCH made.</summary>
    public const int UnitsMax = 10_000;

    public const int WatchedOfHostMax = 1_000;

    public const int WatchedPerAgentMax = 256;

    /// <summary>Starts of one agent, and restarts of one supervisor, that a limit can count.</summary>
    public const int StartsKeptMax = 1_000;

    /// <summary>How often a supervisor may fail within SupervisorFallsMs before those below it are given up.</summary>
    public const int SupervisorFallsMax = 3;

    public const long SupervisorFallsMs = 600_000;

    /// <summary>A day: what waits longer is a schedule.</summary>
    public const long BackoffMsMax = 86_400_000;

    public const int ReasonCharsMax = 1_000;

    public const int StatusCharsMax = 200;

    public const int DigestCharsMax = 128;

    /// <summary>After its grace a shutdown waits so long for the last deaths, then ends without them.</summary>
    public const long ShutdownSlackMs = 10_000;

    public const long WaitMsMax = 7L * 24 * 3600 * 1000;

    /// <summary>One record of the journal.</summary>
    public const int RecordBytesMax = 1024 * 1024;

    /// <summary>The records of one turn: they are one commit of the journal.</summary>
    public const long TurnBytesMax = 8L * 1024 * 1024;

    public const int ArgumentsMax = 256;

    /// <summary>Linux's own bound for one argument is 128 KiB: execve(2), MAX_ARG_STRLEN.</summary>
    public const int ArgumentCharsMax = 100_000;

    public const int EnvironmentMax = 256;

    public const int MountsMax = 64;

    public const int PathCharsMax = 4096;

    /// <summary>Descendants of one process alive at once, so that no family can fill the table.</summary>
    public const int DescendantsMax = 256;

    /// <summary>Parents above a process: cgroups nest as deep.</summary>
    public const int DepthMax = 8;

    /// <summary>Calls that wait for an end, WAIT and KILL together; a KILL beyond is done but not told.</summary>
    public const int WaitingCallsMax = 20_000;

    /// <summary>The part of them that all agents together may have; the rest is for clients on the host.</summary>
    public const int WaitingCallsOfAgentsMax = 10_000;

    /// <summary>As many as one native connection may have in flight, and four for each descendant.</summary>
    public const int WaitingCallsPerAgentMax = 1_024;

    public const int SubscribersMax = 1_000;

    public const int SubscribersOfAgentsMax = 500;

    public const int SubscribersPerAgentMax = 16;

    /// <summary>POLL_EVENTS that wait at once.</summary>
    public const int WaitingPollsMax = 4_000;

    public const int WaitingPollsOfAgentsMax = 2_000;

    public const int WaitingPollsPerAgentMax = 16;

    public const long PollMsMax = 60_000;

    public const int EventsPerPollMax = 1_000;

    /// <summary>What a subscriber that was behind is sent at once.</summary>
    public const int EventsPerBatchMax = 64;

    /// <summary>Kept events that one request has looked at.</summary>
    public const int EventsLookedAtMax = 10_000;

    public const int VolatileEventsKept = 4_096;

    /// <summary>Of the durable ones, and again of the others.</summary>
    public const long EventBytesKept = 2L * 1024 * 1024;

    public const long EventBytesPerAnswerMax = 1024 * 1024;

    public const int EventPatternsMax = 32;

    public const int EventFieldsMax = 8;

    public const int EmitTypeCharsMax = 64;

    public const int EmitBytesMax = 4_096;

    public const int EmitDepthMax = 16;

    public const int EmitsPerSecond = 100;

    /// <summary>Those that may come in one burst.</summary>
    public const int EmitsAtOnce = 500;

    /// <summary>What a durable EMIT counts as.</summary>
    public const int EmitsOfADurable = 50;

    /// <summary>What an ESCALATE to the host counts as.</summary>
    public const int EmitsOfAnEscalation = 100;

    public const int PipesMax = 1_024;

    public const int PipesOfHostMax = 512;

    public const int PipesPerAgentMax = 32;

    public const int PipeBytesPerCallMax = 1024 * 1024;

    /// <summary>Model calls that the kernel knows at once, over all providers.</summary>
    public const int ModelCallsMax = 100_000;

    public const int ModelSlotsMax = 10_000;

    /// <summary>A thousand million dollars, in microdollars, and as many tokens: sums stay far from overflow.</summary>
    public const long BudgetMax = 1_000_000_000_000_000;

    /// <summary>Microdollars for a million tokens: a hundred thousand dollars.</summary>
    public const long PriceMax = 100_000_000_000;

    /// <summary>Texts that one EMBED makes vectors of: what OpenAI takes at once.</summary>
    public const int EmbedInputsMax = 2_048;

    /// <summary>Numbers in a vector: above those of every model known.</summary>
    public const int EmbedDimensionsMax = 65_536;

    public const int MessagesMax = 10_000;

    public const int ToolsMax = 256;

    public const int ConversationsMax = 10_000;

    public const int ConversationsOfHostMax = 1_000;

    public const int ConversationsPerAgentMax = 64;

    public const int ConversationMessagesMax = 4_000;

    /// <summary>The event that adds them must fit a journal record.</summary>
    public const int ConversationMessagesPerCallMax = 1_000;

    /// <summary>Of all conversations: the kernel's state has a line for each.</summary>
    public const int ConversationMessagesAllMax = 200_000;

    /// <summary>Bodies of one conversation, images included.</summary>
    public const long ConversationBytesMax = 32L * 1024 * 1024;

    /// <summary>Bodies of all conversations.</summary>
    public const long ConversationBytesAllMax = 4L * 1024 * 1024 * 1024;

    /// <summary>What CONVERSATIONSHOW answers at once.</summary>
    public const long ConversationShowBytesMax = 8L * 1024 * 1024;

    /// <summary>Below this a summary is no shorter.</summary>
    public const long CompactionTokensMin = 256;

    public const long SummaryTokensMax = 65_536;

    public const int SummaryTokensDefault = 1_024;

    public const int CompactionKeepDefault = 8;

    /// <summary>How long what an answered call has used waits for something else to be written.</summary>
    public const long UsageWaitMs = 50;

    /// <summary>Records that wait so, and changes of leases; answers beyond wait for the disk.</summary>
    public const int UsageWaitingMax = 1_024;

    /// <summary>A lease whose process has asked no model for so long is closed.</summary>
    public const long LeaseIdleMs = 60_000;

    /// <summary>How often a model is asked to correct one answer.</summary>
    public const int RepairsMax = 8;

    /// <summary>Text around an answer that is sent back to its model with what is wrong with it.</summary>
    public const int RepairBytesMax = 4_096;

    public const int ImagesMax = 64;

    /// <summary>The least of what the providers document, in bytes of the image itself.</summary>
    public const int ImageBytesMax = 5_000_000;

    /// <summary>Texts before which an answer ends.</summary>
    public const int StopsMax = 16;

    /// <summary>Rights of one process to call tools of the kernel.</summary>
    public const int ToolPatternsMax = 256;

    /// <summary>Calls of tools, and requests that wait for their servers, that the kernel knows at once.</summary>
    public const int ToolCallsMax = 4_096;

    /// <summary>The part of them that all agents together may have.</summary>
    public const int ToolCallsOfAgentsMax = 3_072;

    public const int ToolCallsPerAgentMax = 64;

    /// <summary>More than any provider counts for one image, at any resolution that fits a body.</summary>
    public const long ImageTokensMax = 4_096;

    /// <summary>
    /// Refused forks after which an agent at its process limit is a fork bomb and is killed. A program that meets the
    /// limit by mistake stays far below it.
    /// </summary>
    public const long PidLimitHitsMax = 200;

    /// <summary>Denials and refusals of one process that are journaled; those beyond are counted only.</summary>
    public const long AuditRecordsPerProcessMax = 1_000;

    /// <summary>A secret: long enough for a certificate's key.</summary>
    public const int SecretCharsMax = 65_536;

    /// <summary>Patterns of one list of permissions.</summary>
    public const int PermissionItemsMax = 64;

    public const int PermissionCharsMax = 256;

    /// <summary>A key of the store, in bytes of UTF-8.</summary>
    public const int StoreKeyBytesMax = 512;

    /// <summary>A value of the store, as JSON.</summary>
    public const int StoreValueBytesMax = 8 * 1024 * 1024;

    /// <summary>Values up to this size are in the journal; larger ones lie beside it.</summary>
    public const int StoreInlineBytesMax = 4 * 1024;

    /// <summary>Of all values in the kernel's state; beyond it small ones lie beside the journal, too.</summary>
    public const long StoreInlineBytesAllMax = 16L * 1024 * 1024;

    /// <summary>Of everybody: the kernel's state has a line for each.</summary>
    public const int StoreKeysAllMax = 200_000;

    public const long StoreBytesAllMax = 4L * 1024 * 1024 * 1024;

    /// <summary>Values that are being kept, or wait for it, at once.</summary>
    public const int StoreWritesMax = 1_024;

    public const int StoreWritesPerAgentMax = 64;

    /// <summary>What KEYS answers at once, unless less is asked.</summary>
    public const int StorePageDefault = 100;

    public const int StorePageMax = 1_000;

    /// <summary>Values whose time is up that one event takes away.</summary>
    public const int StoreExpiriesMax = 256;

    public const int NetworkRulesMax = 64;

    /// <summary>Items of one list of a network rule: ports, methods, paths, addresses.</summary>
    public const int NetworkItemsMax = 64;

    public const int HeadersMax = 64;

    /// <summary>What a request, or one direction of a tunnel, may send when its rule does not say.</summary>
    public const long NetworkRequestBytes = 16L * 1024 * 1024;

    /// <summary>What an answer may bring when its rule does not say.</summary>
    public const long NetworkResponseBytes = 64L * 1024 * 1024;

    public const long NetworkBytesMax = 1L << 40;

    public const long HttpTimeoutMs = 30_000;

    public const long HttpTimeoutMsMax = 3_600_000;

    /// <summary>Requests and tunnels through the kernel at once: each takes a descriptor or two.</summary>
    public const int HttpCallsMax = 2_048;

    public const int HttpCallsPerAgentMax = 64;

    /// <summary>What a message counts for beside its body and labels: about what the kernel needs for it.</summary>
    public const int MailOverheadBytes = 128;

    public const int MailLabelCharsMax = 128;

    /// <summary>Messages in all mailboxes together.</summary>
    public const int MailMessagesMax = 500_000;

    /// <summary>Handles in one mailbox, and what they hold together.</summary>
    public const int MailboxHandlesMax = 64;

    public const long MailboxHandleBytesMax = AbiLimits.HandleBytesMax;

    /// <summary>Handles of one agent in all mailboxes.</summary>
    public const int MailHandlesPerSenderMax = 64;

    public const long MailHandleBytesPerSenderMax = 2 * AbiLimits.HandleBytesMax;

    /// <summary>Handles in all mailboxes: each is a descriptor of the daemon.</summary>
    public const int MailHandlesMax = 512;

    public const long MailHandleBytesMax = 8 * AbiLimits.HandleBytesMax;

    /// <summary>Handles in one answer.</summary>
    public const int MailHandlesPerAnswerMax = 16;

    public const long MailBytesMax = 512L * 1024 * 1024;

    /// <summary>Of durable mailboxes: every checkpoint has them.</summary>
    public const long MailDurableBytesMax = 64L * 1024 * 1024;

    /// <summary>A message to a durable mailbox: it is one record of the journal.</summary>
    public const int MailDurableWeightMax = 512 * 1024;

    /// <summary>What one agent has sent and nobody has taken: so that none can fill the kernel alone.</summary>
    public const int MailMessagesPerSenderMax = 100_000;

    public const long MailBytesPerSenderMax = 128L * 1024 * 1024;

    public const int MailboxMessagesDefault = 1_000;

    public const int MailboxMessagesMax = 100_000;

    public const long MailboxBytesDefault = 8L * 1024 * 1024;

    public const long MailboxBytesMax = 64L * 1024 * 1024;

    /// <summary>Mailboxes that are no inboxes.</summary>
    public const int MailboxesMax = 10_000;

    public const int MailboxesPerAgentMax = 64;

    public const int MailboxNamesMax = 16;

    public const int MailboxTopicsMax = 256;

    /// <summary>Senders' own ids that a durable mailbox remembers, the latest.</summary>
    public const int MailKeysMax = 10_000;

    public const long MailVisibilityMsDefault = 30_000;

    public const long MailVisibilityMsMin = 100;

    public const long MailVisibilityMsMax = 43_200_000;

    public const int MailDeliveriesDefault = 10;

    public const int MailDeliveriesMax = 1_000;

    /// <summary>A year.</summary>
    public const long MailTtlMsMax = 31_536_000_000;

    public const int MailPerAnswerMax = 256;

    /// <summary>Of one answer to RECV, unless one message alone is more.</summary>
    public const long MailAnswerBytesMax = 1024 * 1024;

    /// <summary>What a sender is told to wait for where nothing is known.</summary>
    public const long MailRetryMsDefault = 100;

    public const long MailRetryMsMax = 10_000;

    /// <summary>RECVs that wait.</summary>
    public const int MailReceiversMax = 20_000;

    public const int MailReceiversOfAgentsMax = 15_000;

    public const int MailReceiversPerAgentMax = 256;

    /// <summary>SENDs that wait, for room or for a reply.</summary>
    public const int MailSendersMax = 20_000;

    public const int MailSendersOfAgentsMax = 15_000;

    public const int MailSendersPerAgentMax = 256;

    public const int DeadLettersMax = 1_000;

    public const int DeadLettersShown = 100;

    /// <summary>A larger body is not kept with its dead letter.</summary>
    public const int DeadLetterBodyBytesMax = 4_096;
}

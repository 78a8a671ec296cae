using Analemma.Abi;
using Microsoft.Extensions.Logging;

namespace Analemma.Daemon;

/// <summary>Event ids: 100 boot, 500 sandboxes, 600 model drivers, 610 tools, 700 HTTP, 800 workflows.</summary>
internal static partial class DaemonLog
{
    [LoggerMessage(
        100, LogLevel.Information, "kernel {Version} is ready on {Socket} after {Ms} ms (boot {Boot}, {Engine})")]
    public static partial void Ready(
        this ILogger log, string version, string socket, long ms, long boot, string engine);

    [LoggerMessage(101, LogLevel.Information, "kernel stopped")]
    public static partial void Stopped(this ILogger log);

    [LoggerMessage(102, LogLevel.Critical, "the kernel found itself wrong and ends; a new one recovers")]
    public static partial void Panicked(this ILogger log, Exception wrong);

    [LoggerMessage(110, LogLevel.Critical,
        "the journal cannot be written, and without it nothing holds: the kernel ends, a new one recovers: {Why}")]
    public static partial void JournalLost(this ILogger log, string why);

    [LoggerMessage(103, LogLevel.Warning, "{Count} background tasks still ran at the deadline")]
    public static partial void StillRunning(this ILogger log, int count);

    [LoggerMessage(104, LogLevel.Information, "leftovers of an earlier kernel: {Adopted} adopted, {Reaped} reaped")]
    public static partial void Leftovers(this ILogger log, int adopted, int reaped);

    [LoggerMessage(105, LogLevel.Warning, "this host cannot enforce {Guarantee}: {Why}")]
    public static partial void NotEnforced(this ILogger log, string guarantee, string why);

    [LoggerMessage(106, LogLevel.Warning, "checkpoint at {Sequence} failed: {Why}")]
    public static partial void CheckpointFailed(this ILogger log, long sequence, string why);

    [LoggerMessage(107, LogLevel.Warning, "process {Process} cannot be adopted: {Why}")]
    public static partial void NotAdopted(this ILogger log, ProcessId process, string why);

    [LoggerMessage(108, LogLevel.Warning, "passed over for a sandbox engine: {Why}")]
    public static partial void EnginePassedOver(this ILogger log, string why);

    [LoggerMessage(109, LogLevel.Information, "metrics for Prometheus are at {Address}")]
    public static partial void MetricsServed(this ILogger log, string address);

    [LoggerMessage(500, LogLevel.Debug, "process {Process} runs in {Key}")]
    public static partial void Launched(this ILogger log, ProcessId process, string key);

    [LoggerMessage(501, LogLevel.Warning, "process {Process} could not start: {Why}")]
    public static partial void LaunchFailed(this ILogger log, ProcessId process, string why);

    [LoggerMessage(511, LogLevel.Debug, "process {Process} could not be got ready before its spawn was on disk: {Why}")]
    public static partial void NotForeseen(this ILogger log, ProcessId process, string why);

    [LoggerMessage(503, LogLevel.Warning, "the listener for denied attempts: {Why}")]
    public static partial void ListenerFault(this ILogger log, string why);

    [LoggerMessage(504, LogLevel.Warning, "the holder of filters, which adoption needs: {Why}")]
    public static partial void HolderFault(this ILogger log, string why);

    [LoggerMessage(600, LogLevel.Error, "the driver of {Provider} failed with {Fault} {Trace}")]
    public static partial void DriverFault(this ILogger log, string provider, string fault, string trace);

    [LoggerMessage(610, LogLevel.Information, "the tools of {Server} are up ({Key})")]
    public static partial void ToolServerUp(this ILogger log, string server, string key);

    [LoggerMessage(611, LogLevel.Warning, "the tools of {Server} ended: {Why}")]
    public static partial void ToolServerEnded(this ILogger log, string server, string why);

    [LoggerMessage(612, LogLevel.Error, "the session with {Server} failed with {Fault} {Trace}")]
    public static partial void ToolFault(this ILogger log, string server, string fault, string trace);

    [LoggerMessage(601, LogLevel.Error, "the store of conversations: {Why}")]
    public static partial void BodiesFailed(this ILogger log, string why);

    [LoggerMessage(830, LogLevel.Error, "{Name} cannot be kept running; told {To}: {Chain}")]
    public static partial void Escalated(this ILogger log, string name, string to, string chain);

    [LoggerMessage(820, LogLevel.Information, "{Removed} payloads that nothing refers to are deleted, {Kept} are kept")]
    public static partial void PayloadsSwept(this ILogger log, int removed, int kept);

    [LoggerMessage(821, LogLevel.Warning, "payloads could not be swept: {Why}")]
    public static partial void PayloadsNotSwept(this ILogger log, string why);

    [LoggerMessage(831, LogLevel.Warning, "the webhook at {Address} was not told, after {Attempts} attempts: {Why}")]
    public static partial void WebhookFailed(this ILogger log, string address, int attempts, string why);

    [LoggerMessage(602, LogLevel.Error, "the store of values: {Why}")]
    public static partial void ValuesFailed(this ILogger log, string why);

    [LoggerMessage(502, LogLevel.Warning, "sandbox {Key}: {Why}")]
    public static partial void SandboxFault(this ILogger log, string key, string why);

    [LoggerMessage(700, LogLevel.Debug, "serving HTTP from now on")]
    public static partial void HttpStarted(this ILogger log);

    [LoggerMessage(701, LogLevel.Warning, "no HTTP for an agent: {Why}")]
    public static partial void NoEndpoint(this ILogger log, string why);

    [LoggerMessage(703, LogLevel.Information, "the APIs of model providers are at {Url}, with a token")]
    public static partial void EndpointOpen(this ILogger log, string url);

    [LoggerMessage(702, LogLevel.Error, "a request for {Path} failed with {Fault} {Trace}")]
    public static partial void HttpFault(this ILogger log, string path, string fault, string trace);

    [LoggerMessage(800, LogLevel.Information, "the API of workflows is at {Url}")]
    public static partial void WorkflowsOpen(this ILogger log, string url);

    [LoggerMessage(801, LogLevel.Error, "execution {Arn} could not be kept: {Why}")]
    public static partial void ExecutionNotKept(this ILogger log, string arn, string why);

    [LoggerMessage(802, LogLevel.Error, "execution {Arn} met {Fault} {Trace}")]
    public static partial void ExecutionFault(this ILogger log, string arn, string fault, string trace);

    [LoggerMessage(803, LogLevel.Error, "execution {Arn} is left as it is: {Why}")]
    public static partial void ExecutionNotRestored(this ILogger log, string arn, string why);

    [LoggerMessage(804, LogLevel.Error, "a task of {Resource} failed with {Fault} {Trace}")]
    public static partial void TaskFault(this ILogger log, string resource, string fault, string trace);

    [LoggerMessage(805, LogLevel.Error, "the operation {Operation} failed with {Fault} {Trace}")]
    public static partial void WorkflowFault(this ILogger log, string operation, string fault, string trace);

    [LoggerMessage(806, LogLevel.Error, "the store of workflows cannot be used: {Why}")]
    public static partial void WorkflowStoreGone(this ILogger log, string why);

    [LoggerMessage(807, LogLevel.Warning, "the store of workflows is there again: {Store}")]
    public static partial void WorkflowStoreBack(this ILogger log, string store);

    [LoggerMessage(810, LogLevel.Information, "{Count} executions that ended long ago are forgotten")]
    public static partial void ExecutionsForgotten(this ILogger log, long count);

    [LoggerMessage(811, LogLevel.Warning, "executions that ended long ago could not be forgotten: {Why}")]
    public static partial void ExecutionsNotForgotten(this ILogger log, string why);

    [LoggerMessage(
        812, LogLevel.Warning, "a snapshot of execution {Arn} is passed over, its records are folded: {Why}")]
    public static partial void SnapshotPassedOver(this ILogger log, string arn, string why);

    [LoggerMessage(
        813, LogLevel.Warning, "what execution {Arn} waits for is passed over, its records are folded: {Why}")]
    public static partial void WaitsPassedOver(this ILogger log, string arn, string why);

    [LoggerMessage(816, LogLevel.Information, "execution {Arn} is stopped: what started it waits for it no more")]
    public static partial void OrphanStopped(this ILogger log, string arn);

    [LoggerMessage(814, LogLevel.Information, "{Count} revisions of state machines that nobody uses are forgotten")]
    public static partial void RevisionsForgotten(this ILogger log, int count);

    [LoggerMessage(815, LogLevel.Warning, "revisions that nobody uses could not be forgotten: {Why}")]
    public static partial void RevisionsNotForgotten(this ILogger log, string why);
}

using Analemma.Journal.Executions;
using Analemma.Storage.Payloads;

namespace Analemma.Daemon.Workflows.Payloads;

/// <summary>Opens the store of payloads that the owner chose.</summary>
internal static class PayloadPlaces
{
    /// <summary>For the kernel whose it is: what was never finished is removed.</summary>
    /// <exception cref="PayloadException">It cannot be used.</exception>
    public static IPayloadStore Open(WorkflowOptions options) => options.PayloadsPlace is { } place
        ? S3PayloadStore.Open(place, System.IO.Path.Combine(options.PayloadsFolder, "new"), Id(options), Key(options))
        : FilePayloadStore.Open(options.PayloadsFolder);

    /// <summary>Only to look at, also while a kernel has it; nothing is touched.</summary>
    public static IPayloadStore OpenToRead(WorkflowOptions options) => options.PayloadsPlace is { } place
        ? S3PayloadStore.OpenToRead(place, Id(options), Key(options))
        : FilePayloadStore.OpenToRead(options.PayloadsFolder);

    private static string Id(WorkflowOptions options) => options.PayloadsCredentials?.AccessKeyId ?? "";

    private static string Key(WorkflowOptions options) => options.PayloadsCredentials?.SecretAccessKey ?? "";
}

using Analemma.Daemon.Workflows.Catalog;
using Analemma.Daemon.Workflows.Tasks.Own;

namespace Analemma.Daemon.Workflows.Tasks;

// TO ADD A RESOURCE OF TASKS
//
//   1  its name and its patterns in KnownIntegrations (src/kernel/Workflow/Definitions/TaskResource.cs): a definition
//      that names any other is refused when it is made, with the service's diagnostics
//   2  one class here below Own/ that implements ITaskHandler: Takes says which resource is its, RunAsync does it and
//      ends with TaskOutcome.Done or Failed. It never retries: that is what a definition declares. What must not be
//      done twice is known by TaskCall.Task.IdempotencyKey
//   3  a line below, and one in docs/guide/workflows.md; a test holds the table of 1 and this list together
/// <summary>
/// What does the tasks of each resource, beside functions and executions. The first that takes one has it.
/// </summary>
internal static class TaskHandlers
{
    public static IEnumerable<ITaskHandler> All(
        KernelCalls kernel, AwsClient aws, Connections connections, TimeProvider time)
    {
        JsonServiceHandler services = new(aws);
        var hasAws = aws.Endpoint is not null;
        return
        [
            new AgentHandler(kernel),
            new HttpTaskHandler(kernel, connections),
            new KernelHandler(kernel),
            new MailboxHandler(kernel, services, hasAws),
            new TopicHandler(kernel, new SnsHandler(aws), hasAws),
            new EventBusHandler(kernel, services, hasAws, time),
            new S3ObjectHandler(aws),
            services,
        ];
    }
}

using Analemma.Workflow.Definitions;

namespace Analemma.Daemon.Workflows.Tasks;

/// <summary>Refusals of AWS services, in the words that the workflow service passes on.</summary>
internal static class AwsErrors
{
    public static string ExceptionName(string code) =>
        code.EndsWith("Exception", StringComparison.Ordinal) ? code : code + "Exception";

    /// <summary>The cause of a failed task.</summary>
    /// <param name="resource">Of the task: the two kinds of integration have different words.</param>
    /// <param name="classic">The service's name in the older client, such as AmazonSQS.</param>
    /// <param name="modern">In the newer one, such as Sqs.</param>
    /// <param name="answer">What it answered.</param>
    public static string Cause(TaskResource resource, string classic, string modern, AwsAnswer answer) =>
        resource.Kind is ResourceKind.Sdk
            ? $"{answer.ErrorMessage} (Service: {modern}, Status Code: {answer.Status}, "
                + $"Request ID: {answer.RequestId}) (SDK Attempt Count: 1)"
            : $"{answer.ErrorMessage} (Service: {classic}; Status Code: {answer.Status}; "
                + $"Error Code: {answer.ErrorCode}; Request ID: {answer.RequestId}; Proxy: null)";
}

using Analemma.Workflow.Definitions;
using Analemma.Workflow.Json;
using Analemma.Workflow.Templates;

namespace Analemma.Workflow.Executions;

/// <summary>What the service looks at before it starts a task: that a call has what it must have.</summary>
internal static class TaskParameters
{
    private static readonly string[] LambdaTexts = ["FunctionName", "InvocationType", "LogType", "Qualifier"];

    /// <exception cref="StateErrorException">The call cannot be made.</exception>
    public static void Check(TaskDefinition task, TaskInvocation invocation)
    {
        if (invocation.Resource is not { Kind: ResourceKind.Service, Service: "lambda", Action: "invoke" })
        {
            return;
        }

        List<string> wrong = [];
        if (!invocation.Input["FunctionName"].IsDefined)
        {
            wrong.Add("The field 'FunctionName' is required but was missing");
        }

        foreach (var field in LambdaTexts)
        {
            if (invocation.Input[field] is { IsDefined: true, IsString: false })
            {
                wrong.Add($"The value for the field '{field}' must be a STRING");
            }
        }

        if (wrong.Count > 0)
        {
            var kind = task.IsJsonata ? "Arguments" : "Parameters";
            throw StateErrorException.Runtime(
                $"The {kind} '{invocation.Input.ToString(JsonWriteOptions.Service)}' could not be used to start the "
                + $"Task: [{string.Join(", ", wrong)}]");
        }
    }
}

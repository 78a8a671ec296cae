using Analemma.Workflow.Definitions;

namespace Analemma.Workflow.Testing;

/// <summary>Whether a mock, and what came before, fit a state.</summary>
internal static class MockRules
{
    public static StateTestRefusal? Check(StateTestRequest request, StateDefinition state)
    {
        if (request.Mock is null && NeedsMock(request) is { } field)
        {
            return StateTestRefusal.Invalid($"TestState does not support {field} when a mock is not specified.");
        }

        if (request is { Mock: not null, RevealSecrets: true })
        {
            return StateTestRefusal.Invalid("TestState does not support RevealSecrets when a mock is specified.");
        }

        return request.Mock is null ? WithoutMock(request, state) : WithMock(request, state, request.Mock);
    }

    private static string? NeedsMock(StateTestRequest request)
    {
        var given = request.Configuration;
        return given.MapIterationFailureCount is not null ? "MapIterationFailureCount"
            : given.RetrierRetryCount is not null ? "RetrierRetryCount"
            : given.ErrorCausedByState is not null ? "ErrorCausedByState"
            : given.MapItemReaderData is not null ? "MapItemReaderData"
            : request.Context is not null ? "Context"
            : null;
    }

    private static StateTestRefusal? WithoutMock(StateTestRequest request, StateDefinition state) => state switch
    {
        MapDefinition or ParallelDefinition => new StateTestRefusal(
            "InvalidDefinition",
            "TestState API does not support Map or Parallel states. Supported state types include: "
            + "[Task, Wait, Pass, Succeed, Fail, Choice]"),
        TaskDefinition { Resource.Kind: ResourceKind.Activity } =>
            StateTestRefusal.Invalid("TestState does not support Activity tasks when a mock is not specified."),
        TaskDefinition { Resource: { Pattern: not TaskPattern.RequestResponse } resource } =>
            StateTestRefusal.Invalid(
                $"TestState does not support {resource.ResourceName[resource.Action.Length..]} integrations when a "
                + "mock is not specified."),
        TaskDefinition when request.RoleArn is null =>
            StateTestRefusal.Invalid("RoleArn must be specified when testing a Task state"),
        _ => null,
    };

    private static StateTestRefusal? WithMock(StateTestRequest request, StateDefinition state, StateMock mock)
    {
        if (mock.Result is not null && mock.ErrorOutput is not null)
        {
            return StateTestRefusal.Invalid(
                "A test mock should have only one of the following fields: [result, errorOutput].");
        }

        if (mock.Result is null && mock.ErrorOutput is null)
        {
            return StateTestRefusal.Invalid(
                "A test mock should have one of the following fields: [result, errorOutput].");
        }

        if (mock.ErrorOutput is { Error: null })
        {
            // API reference, MockErrorOutput.
            return StateTestRefusal.Invalid("The field error is required when a test mock has errorOutput.");
        }

        if (!state.IsRetriable)
        {
            return StateTestRefusal.Invalid($"State type '{state.Type}' is not supported when a mock is specified");
        }

        if (request.Configuration.ErrorCausedByState is { } inner
            && state.Inner.All(machine => machine.FindState(inner) is null))
        {
            return StateTestRefusal.Invalid($"State '{inner}' is not within state '{state.Name}'");
        }

        return mock.Result is null ? null : CheckResult(mock, state);
    }

    private static StateTestRefusal? CheckResult(StateMock mock, StateDefinition state)
    {
        var result = StateTestSubject.Parse(mock.Result);
        if (result.IsUndefined)
        {
            return StateTestRefusal.Invalid("Mocked result must be a valid JSON");
        }

        return state switch
        {
            MapDefinition { Writer.Resource: null } or MapDefinition { Writer: null } when !result.IsArray =>
                StateTestRefusal.Invalid("Mocked result must be an array."),
            MapDefinition { Writer.Resource: not null } when !result.IsObject =>
                StateTestRefusal.Invalid("Mocked result must be a JSON object."),
            ParallelDefinition when !result.IsArray => StateTestRefusal.Invalid("Mocked result must be an array."),
            ParallelDefinition parallel when result.AsArray().Count != parallel.Branches.Count =>
                StateTestRefusal.Invalid(
                    "Mocked result must contain the same number of items as number of Parallel branches."),
            TaskDefinition task when mock.FieldValidationMode != "NONE" =>
                MockShapes.Check(task.Resource, result, isStrict: mock.FieldValidationMode == "STRICT"),
            _ => null,
        };
    }
}

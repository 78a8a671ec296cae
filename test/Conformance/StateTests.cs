using Analemma.Workflow.Executions;
using Analemma.Workflow.Json;
using Analemma.Workflow.Testing;

namespace Analemma.Conformance.Tests;

/// <summary>TestState, from the arguments of the API to its answer.</summary>
internal static class StateTests
{
    private const string Prefix = "arn:aws:states:us-east-1:000000000000";
    private const string Machine = "5d54f1e4-1c6b-4d4e-8a5c-0d6a2f0c9b11";
    private const string Execution = "9a1f6a3e-4a0e-4b1d-9b7e-2f1f4b7c3d22";

    public static JsonValue Answer(JsonObject arguments)
    {
        var role = Text(arguments["roleArn"]);
        StateTestRequest request = new()
        {
            Definition = arguments["definition"].AsString(),
            StateName = Text(arguments["stateName"]),
            Input = Text(arguments["input"]),
            Context = Text(arguments["context"]),
            Variables = Text(arguments["variables"]),
            RoleArn = role,
            Mock = MockOf(arguments["mock"]),
            Configuration = ConfigurationOf(arguments["stateConfiguration"]),
            At = new DateTimeOffset(2026, 11, 26, 10, 0, 0, TimeSpan.Zero),
            Identity = new ExecutionIdentity
            {
                Id = $"{Prefix}:express:{Machine}:{Execution}",
                Name = Execution,
                RoleArn = role ?? "arn:aws:iam::000000000000:role/a",
                StateMachineArn = $"{Prefix}:stateMachine:{Machine}",
                StateMachineName = Machine,
                IsExpress = true,
                Seed = "seed",
            },
        };
        var (test, refusal) = StateTest.Begin(request);
        if (refusal is not null)
        {
            return VirtualService.Refusal(refusal.Code, refusal.Message);
        }

        return test!.Result?.ToService(Text(arguments["inspectionLevel"]) is "DEBUG" or "TRACE")
            ?? throw new NotHereException("a task without a mock");
    }

    private static StateMock? MockOf(JsonValue mock)
    {
        if (!mock.IsObject)
        {
            return null;
        }

        var error = mock["errorOutput"];
        return new StateMock
        {
            Result = Text(mock["result"]),
            ErrorOutput = error.IsObject ? new StateMockError(Text(error["error"]), Text(error["cause"])) : null,
            FieldValidationMode = Text(mock["fieldValidationMode"]) ?? "STRICT",
        };
    }

    private static StateConfiguration ConfigurationOf(JsonValue given) => new()
    {
        RetrierRetryCount = given["retrierRetryCount"].TryGetInt32(out var retries) ? retries : null,
        ErrorCausedByState = Text(given["errorCausedByState"]),
        MapIterationFailureCount = given["mapIterationFailureCount"].TryGetInt32(out var failures) ? failures : null,
        MapItemReaderData = Text(given["mapItemReaderData"]),
    };

    private static string? Text(JsonValue value) => value.TryGetString(out var text) ? text : null;
}

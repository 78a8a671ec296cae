using Analemma.Daemon.Workflows.Tasks;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Json;
using Analemma.Workflow.Testing;

namespace Analemma.Daemon.Workflows.Api;

/// <summary>TestState: one state, run alone. A task without a mock is really run.</summary>
internal sealed class TestOperations(WorkflowOptions options, TaskRunner tasks, TimeProvider time)
{
    /// <summary>As at the service: who waits longer for a task tests an execution.</summary>
    private static readonly TimeSpan TaskTimeMax = TimeSpan.FromMinutes(5);

    public async Task<JsonValue> TestAsync(ApiRequest request, CancellationToken aborted)
    {
        var level = request.Word("inspectionLevel", "INFO", "DEBUG", "TRACE") ?? "INFO";
        var (test, refusal) = StateTest.Begin(Read(request));
        if (refusal is not null)
        {
            throw new ApiRefusedException(refusal.Code, refusal.Message);
        }

        JsonObject? exchange = null;
        if (test!.Task is { } task)
        {
            using CancellationTokenSource late = new(TaskTimeMax, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, aborted);
            var outcome = await tasks.RunAloneAsync(IdentityOf(request), task, either.Token)
                ?? TaskOutcome.Failed("States.Timeout", null);
            exchange = level == "TRACE" ? outcome.Exchange : null;
            if (outcome.IsDone)
            {
                test.Succeed(outcome.Output);
            }
            else
            {
                test.Fail(outcome.Error, outcome.Cause);
            }
        }

        return test.Result!.ToService(level is "DEBUG" or "TRACE", exchange);
    }

    private StateTestRequest Read(ApiRequest request)
    {
        var mock = request["mock"];
        var error = mock["errorOutput"];
        var configuration = request["stateConfiguration"];
        return new StateTestRequest
        {
            Definition = request.Text("definition"),
            StateName = request.MaybeText("stateName", DefinitionLimits.StateNameCharsMax),
            Input = request.MaybeText("input"),
            Context = request.MaybeText("context"),
            Variables = request.MaybeText("variables"),
            RoleArn = request.MaybeText("roleArn"),
            RevealSecrets = request.Flag("revealSecrets"),
            Mock = mock.IsObject
                ? new StateMock
                {
                    Result = mock.MaybeText("result"),
                    ErrorOutput = error.IsObject
                        ? new StateMockError(error.MaybeText("error"), error.MaybeText("cause")) : null,
                    FieldValidationMode = ValidationMode(mock),
                }
                : null,
            Configuration = new StateConfiguration
            {
                RetrierRetryCount = Whole(configuration["retrierRetryCount"]),
                ErrorCausedByState = configuration.MaybeText("errorCausedByState"),
                MapIterationFailureCount = Whole(configuration["mapIterationFailureCount"]),
                MapItemReaderData = configuration.MaybeText("mapItemReaderData"),
            },
            At = time.GetUtcNow(),
            Identity = IdentityOf(request),
        };
    }

    private static string ValidationMode(JsonValue mock) => mock.MaybeText("fieldValidationMode") switch
    {
        null => "STRICT",
        ("STRICT" or "PRESENT" or "NONE") and var mode => mode,
        var other => throw ApiRefusedException.Constraint(
            $"'{other}'",
            "mock.fieldValidationMode",
            "Member must satisfy enum value set: [STRICT, PRESENT, NONE]"),
    };

    private ExecutionIdentity IdentityOf(ApiRequest request)
    {
        var (machine, execution) = (Guid.NewGuid().ToString(), Guid.NewGuid().ToString());
        return new ExecutionIdentity
        {
            Id = options.Arn("express", $"{machine}:{execution}"),
            Name = execution,
            RoleArn = request.MaybeText("roleArn") ?? "",
            StateMachineArn = options.Arn("stateMachine", machine),
            StateMachineName = machine,
            IsExpress = true,
            Seed = Engine.WorkflowEngine.NewSeed(),
            Region = options.Region,
            Account = options.Account,
        };
    }

    private static int? Whole(JsonValue value) => value.TryGetInt32(out var number) ? number : null;
}

using Analemma.Workflow.Executions;

namespace Analemma.Workflow.Testing;

/// <summary>What TestState is asked (API reference, TestState). Texts that are JSON are checked here.</summary>
public sealed record StateTestRequest
{
    /// <summary>A state; with <see cref="StateName"/> a whole state machine that has it.</summary>
    public required string Definition { get; init; }

    public string? StateName { get; init; }

    /// <summary>JSON; an empty object where there is none.</summary>
    public string? Input { get; init; }

    /// <summary>JSON: members of the context object.</summary>
    public string? Context { get; init; }

    /// <summary>JSON: an object of variables.</summary>
    public string? Variables { get; init; }

    /// <summary>Whether it may be run: a Task without a mock needs a role.</summary>
    public string? RoleArn { get; init; }

    public StateMock? Mock { get; init; }

    /// <summary>Whether secrets of a call are to be shown; a mock has none.</summary>
    public bool RevealSecrets { get; init; }

    public StateConfiguration Configuration { get; init; } = new();

    /// <summary>Whose ARNs the context shows.</summary>
    public required ExecutionIdentity Identity { get; init; }

    /// <summary>Now.</summary>
    public required DateTimeOffset At { get; init; }
}

/// <summary>What stands for what a state would do. Exactly one of the two is there.</summary>
public sealed record StateMock
{
    /// <summary>JSON.</summary>
    public string? Result { get; init; }

    public StateMockError? ErrorOutput { get; init; }

    /// <summary>STRICT, PRESENT or NONE: how the result is compared with the service's API.</summary>
    public string FieldValidationMode { get; init; } = "STRICT";
}

/// <summary>An error that a state would end in.</summary>
public sealed record StateMockError(string? Error, string? Cause);

/// <summary>What came before, in the execution that a test stands for.</summary>
public sealed record StateConfiguration
{
    /// <summary>Retries of the retrier that the error matches.</summary>
    public int? RetrierRetryCount { get; init; }

    /// <summary>The state inside a Map or Parallel that the mocked error comes from.</summary>
    public string? ErrorCausedByState { get; init; }

    /// <summary>Iterations of a Map that failed.</summary>
    public int? MapIterationFailureCount { get; init; }

    /// <summary>JSON: what the reader of a distributed Map read.</summary>
    public string? MapItemReaderData { get; init; }
}

/// <summary>The test cannot be made: an error of the API.</summary>
/// <param name="Code">ValidationException, InvalidDefinition or InvalidExecutionInput.</param>
/// <param name="Message">In the service's words.</param>
public sealed record StateTestRefusal(string Code, string Message)
{
    internal static StateTestRefusal Invalid(string message) => new("ValidationException", message);
}

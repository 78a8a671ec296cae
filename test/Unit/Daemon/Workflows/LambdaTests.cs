using System.Text;
using Analemma.Daemon.Runners;
using Analemma.Daemon.Workflows;
using Analemma.Daemon.Workflows.Functions;
using Analemma.Daemon.Workflows.Tasks;
using Analemma.Daemon.Workflows.Tasks.Lambda;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Json;
using Microsoft.Extensions.Logging.Abstractions;

namespace Analemma.Unit.Tests.Daemon.Workflows;

/// <summary>Functions are called as the API of Lambda is, and its refusals are the service's.</summary>
public sealed class LambdaTests : IAsyncDisposable
{
    private const string Invoke = "arn:aws:states:::lambda:invoke";
    private const string SdkInvoke = "arn:aws:states:::aws-sdk:lambda:invoke";
    private const string Direct = "arn:aws:lambda:us-east-1:000000000000:function:f";

    private readonly BackgroundTasks _background = new(_ => { }, NullLogger.Instance);
    private readonly AwsClient _aws = new(new WorkflowOptions { Path = "/nowhere" }, TimeProvider.System);
    private readonly Stub _functions = new();

    [Theory]
    [InlineData("RequestResponse", 200, "echo")]
    [InlineData("Event", 202, "")]
    [InlineData("DryRun", 204, "")]
    public async Task A_call_is_waited_for_or_not_as_its_type_says(string type, int status, string payload)
    {
        // Whoever waits for nothing does not wait for this either.
        if (type != "RequestResponse")
        {
            _functions.Ends = new TaskCompletionSource<Invoked>();
        }

        var outcome = await RunAsync(Invoke, $$"""{"FunctionName":"f","InvocationType":"{{type}}","Payload":1}""");

        Assert.True(outcome.IsDone, outcome.Cause);
        Assert.Equal(status, outcome.Output["StatusCode"].AsDouble());
        Assert.Equal(payload, outcome.Output["Payload"].AsString());
        Assert.Equal(type == "RequestResponse", outcome.Output["ExecutedVersion"].IsDefined);
        Assert.Equal(type == "DryRun" ? 0 : 1, _functions.Calls.Count);
    }

    [Fact]
    public async Task A_call_that_nobody_waits_for_goes_on_when_its_task_is_over_and_is_refused_when_too_many_wait()
    {
        _functions.Ends = new TaskCompletionSource<Invoked>();
        using CancellationTokenSource over = new();
        await RunAsync(Invoke, """{"FunctionName":"f","InvocationType":"Event"}""", over);
        await over.CancelAsync();
        Assert.False(Assert.Single(_functions.Calls).Cancelled.IsCancellationRequested);

        _functions.Ends.SetResult(Invoked.Failed("Lambda.TooManyRequestsException", "Rate Exceeded."));
        var outcome = await RunAsync(Invoke, """{"FunctionName":"f","InvocationType":"Event"}""");
        Assert.Equal("Lambda.TooManyRequestsException", outcome.Error);
    }

    [Theory]
    [InlineData("f")]
    [InlineData("f:$LATEST")]
    [InlineData("000000000000:function:f")]
    [InlineData(Direct)]
    [InlineData(Direct + ":$LATEST")]
    public async Task A_function_has_many_names(string name)
    {
        Assert.True((await RunAsync(Invoke, $$"""{"FunctionName":"{{name}}"}""")).IsDone);
        var asked = Assert.Single(_functions.Calls);
        Assert.Equal(("f", name.EndsWith("LATEST", StringComparison.Ordinal) ? "$LATEST" : null),
            (asked.Name, asked.Asked.Qualifier));
        Assert.Equal("{}", asked.Asked.Payload.ToString());
    }

    [Theory]
    [InlineData("""{"FunctionName":"f","Qualifier":"7"}""", "Lambda.ResourceNotFoundException",
        "Function not found: arn:aws:lambda:us-east-1:000000000000:function:f:7 (Service: AWSLambda; Status Code: 404; "
        + "Error Code: ResourceNotFoundException; Request ID: ")]
    [InlineData("""{"FunctionName":"f:1","Qualifier":"2"}""", "Lambda.InvalidParameterValueException",
        "The derived qualifier from the function name does not match the specified qualifier. (Service: AWSLambda; "
        + "Status Code: 400; ")]
    [InlineData("""{"FunctionName":"nobody"}""", "Lambda.ResourceNotFoundException",
        "Function not found: arn:aws:lambda:us-east-1:000000000000:function:nobody (")]
    [InlineData("""{"FunctionName":"f","InvocationType":"event"}""", "Lambda.AWSLambdaException",
        "1 validation error detected: Value 'event' at 'invocationType' failed to satisfy constraint: Member must "
        + "satisfy enum value set: [RequestResponse, Event, DryRun] (Service: AWSLambda; Status Code: 400; "
        + "Error Code: ValidationException; ")]
    [InlineData("""{"FunctionName":"f","LogType":"All"}""", "Lambda.AWSLambdaException",
        "1 validation error detected: Value 'All' at 'logType' failed to satisfy constraint: Member must satisfy enum "
        + "value set: [None, Tail]")]
    [InlineData("""{"FunctionName":"a b"}""", "Lambda.AWSLambdaException",
        "1 validation error detected: Value 'a b' at 'functionName' failed to satisfy constraint: Member must satisfy "
        + "regular expression pattern: (arn:")]
    [InlineData("""{"FunctionName":"f","Qualifier":"a b"}""", "Lambda.AWSLambdaException",
        "1 validation error detected: Value 'a b' at 'qualifier' failed to satisfy constraint: ")]
    [InlineData("""{"FunctionName":"f","ClientContext":"no"}""", "Lambda.InvalidRequestContentException",
        "Client context must be a valid Base64-encoded JSON object. (Service: AWSLambda; Status Code: 400; ")]
    [InlineData("""{"FunctionName":"f","ClientContext":"MQ=="}""", "Lambda.InvalidRequestContentException",
        "Client context must be a valid Base64-encoded JSON object.")]
    public async Task What_is_wrong_fails_as_the_service_words_it(string input, string error, string cause)
    {
        var outcome = await RunAsync(Invoke, input);

        Assert.Equal(error, outcome.Error);
        Assert.StartsWith(cause, outcome.Cause, StringComparison.Ordinal);
        Assert.Empty(_functions.Calls);
    }

    [Fact]
    public async Task A_context_and_a_log_are_asked_for_and_handed_on()
    {
        _functions.Ends = new TaskCompletionSource<Invoked>();
        _functions.Ends.SetResult(new Invoked("echo", null, null) { LogResult = "bG9n", RequestId = "r" });
        var context = Convert.ToBase64String(Encoding.UTF8.GetBytes("""{"custom":{"a":"b"}}"""));

        var outcome = await RunAsync(
            Invoke, $$"""{"FunctionName":"f","ClientContext":"{{context}}","LogType":"Tail"}""");

        var asked = Assert.Single(_functions.Calls).Asked;
        Assert.Equal(("""{"custom":{"a":"b"}}""", true), (asked.ClientContext, asked.WantsLog));
        Assert.Equal("bG9n", outcome.Output["LogResult"].AsString());
    }

    // The two integrations differ: one fails by what the function raises, the other tells it.
    [Fact]
    public async Task An_error_of_the_function_fails_the_one_and_is_the_answer_of_the_other()
    {
        _functions.Ends = new TaskCompletionSource<Invoked>();
        _functions.Ends.SetResult(Invoked.Failed("ValueError", """{"errorType":"ValueError"}"""));

        Assert.Equal("ValueError", (await RunAsync(Invoke, """{"FunctionName":"f"}""")).Error);
        Assert.Equal("ValueError", (await RunAsync(Direct, "{}")).Error);
        var told = await RunAsync(SdkInvoke, """{"FunctionName":"f"}""");
        Assert.Equal(
            ("Unhandled", """{"errorType":"ValueError"}""", 200d),
            (told.Output["FunctionError"].AsString(), told.Output["Payload"].AsString(),
                told.Output["StatusCode"].AsDouble()));
        var refused = await RunAsync(SdkInvoke, """{"FunctionName":"f","InvocationType":"x"}""");
        Assert.Equal("Lambda.LambdaException", refused.Error);
        Assert.Contains("(Service: Lambda, Status Code: 400, ", refused.Cause, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"Payload":1}""",
        "The Parameters '{\"Payload\":1}' could not be used to start the Task: [The field 'FunctionName' is required "
        + "but was missing]")]
    [InlineData("""{"FunctionName":"f","Qualifier":7}""", "[The value for the field 'Qualifier' must be a STRING]")]
    public async Task A_call_that_cannot_be_made_is_an_error_of_the_execution(string parameters, string cause)
    {
        var folder = Directory.CreateTempSubdirectory("analemma-lambda-").FullName;
        await using (var bench = WorkflowBench.Open(Path.Combine(folder, "workflows.db"), new FunctionBook()))
        {
            var machine = await bench.CreateAsync("m", """
                {"StartAt":"A","States":{"A":{"Type":"Task","End":true,"Resource":"arn:aws:states:::lambda:invoke",
                 "Retry":[{"ErrorEquals":["States.ALL"]}],"Parameters":
                """ + parameters + "}}}");
            var end = await bench.EndAsync(await bench.StartAsync(machine));

            Assert.Equal("States.Runtime", end["error"].AsString());
            Assert.Contains(
                "An error occurred while executing the state 'A' (entered at the event id #2). ",
                end["cause"].AsString(),
                StringComparison.Ordinal);
            Assert.Contains(cause, end["cause"].AsString(), StringComparison.Ordinal);
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void A_log_is_cut_to_what_one_event_printed_and_to_its_end()
    {
        var log = "START RequestId: 1 Version: $LATEST\nold\nEND RequestId: 1\n"
            + "START RequestId: 2 Version: $LATEST\na\nSTART RequestId: 2 Version: $LATEST\nerr\nEND RequestId: 2\n"
            + "END RequestId: 2\n";
        Assert.Equal("START RequestId: 2 Version: $LATEST\na\nerr\nEND RequestId: 2\n", Tail(log, "2"));
        Assert.Equal("START RequestId: 3 Version: $LATEST\nEND RequestId: 3\n", Tail(log, "3"));
        Assert.Equal("START RequestId: 3 Version: $LATEST\nno marks\nEND RequestId: 3\n", Tail("no marks", "3"));
        var large = Tail("START RequestId: 4 Version: $LATEST\n" + new string('x', 9000), "4");
        Assert.Equal(4096, large.Length);
        Assert.EndsWith("xx\nEND RequestId: 4\n", large, StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        _functions.Ends?.TrySetResult(new Invoked("echo", null, null));
        await _background.CancelAsync();
        await _background.DisposeAsync();
        _aws.Dispose();
    }

    private static string Tail(string log, string request) =>
        Encoding.UTF8.GetString(InvocationLogs.Tail(Encoding.UTF8.GetBytes(log), request));

    private async Task<TaskOutcome> RunAsync(string resource, string input, CancellationTokenSource? over = null)
    {
        ExecutionIdentity identity = new()
        {
            Id = "arn:aws:states:us-east-1:000000000000:execution:m:e",
            Name = "e",
            RoleArn = "r",
            StateMachineArn = "m",
            StateMachineName = "m",
            Seed = "s",
        };
        TaskInvocation task = new(1, identity, "A", TaskResource.TryParse(resource)!, JsonValue.Parse(input));
        return await new LambdaHandler(_functions, _aws, _background).RunAsync(
            new TaskCall(identity, task, false), over?.Token ?? TestContext.Current.CancellationToken);
    }

    private sealed class Stub : IFunctions
    {
        public List<(string Name, FunctionCall Asked, CancellationToken Cancelled)> Calls { get; } = [];

        /// <summary>How calls end; null for an echo.</summary>
        public TaskCompletionSource<Invoked>? Ends { get; set; }

        public bool Has(string name) => name == "f";

        public Task<Invoked> InvokeAsync(
            TaskCall call, string name, FunctionCall asked, CancellationToken cancelled)
        {
            Calls.Add((name, asked, cancelled));
            return Ends?.Task ?? Task.FromResult(new Invoked("echo", null, null) { RequestId = "r" });
        }
    }
}

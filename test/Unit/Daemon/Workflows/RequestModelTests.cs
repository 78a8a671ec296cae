using Analemma.Workflow.Executions;
using Analemma.Workflow.Json;

namespace Analemma.Unit.Tests.Daemon.Workflows;

/// <summary>Requests are refused by the service's API model, in its words, before an operation sees them.</summary>
public sealed class RequestModelTests : IDisposable
{
    private const string Pass = """{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}""";
    private const string Machine = "arn:aws:states:us-east-1:000000000000:stateMachine:m";

    // Of more than an output may have.
    private const string Large = "\"{% $map([1..14000], function($i) { 'abcdefghijklmnopqrs' }) %}\"";

    private const string InA = "An error occurred while executing the state 'A' (entered at the event id #2). ";

    private readonly string _folder = Directory.CreateTempSubdirectory("analemma-model-").FullName;

    private string Path => System.IO.Path.Combine(_folder, "workflows.db");

    [Theory]
    [InlineData(
        "CreateActivity", "{}", "1 validation error detected: Value null at 'name' failed to satisfy constraint: "
        + "Member must not be null")]
    [InlineData(
        "StartExecution",
        """{"stateMachineArn":"","name":""}""",
        "2 validation errors detected: Value '' at 'stateMachineArn' failed to satisfy constraint: Member must have "
        + "length greater than or equal to 1; Value '' at 'name' failed to satisfy constraint: Member must have length "
        + "greater than or equal to 1")]
    [InlineData(
        "ListActivities", """{"maxResults":-1}""", "1 validation error detected: Value '-1' at 'maxResults' failed to "
        + "satisfy constraint: Member must have value greater than or equal to 0")]
    [InlineData(
        "ListActivities", """{"nextToken":""}""", "1 validation error detected: Value '' at 'nextToken' failed to "
        + "satisfy constraint: Member must have length greater than or equal to 1")]
    [InlineData(
        "CreateStateMachineAlias",
        """
        {"name":"1",
         "routingConfiguration":[{"stateMachineVersionArn":"a","weight":101},{"weight":1},{"weight":1}]}
        """,
        "5 validation errors detected: Value '1' at 'name' failed to satisfy constraint: Member must satisfy regular "
        + @"expression pattern: ^(?=.*[a-zA-Z_\-\.])[a-zA-Z0-9_\-\.]+$; "
        + "Value '[RoutingConfigurationListItem(stateMachineVersionArn=a, weight=101), "
        + "RoutingConfigurationListItem(weight=1), RoutingConfigurationListItem(weight=1)]' at 'routingConfiguration' "
        + "failed to satisfy constraint: Member must have length less than or equal to 2; Value '101' at "
        + "'routingConfiguration.1.member.weight' failed to satisfy constraint: Member must have value less than or "
        + "equal to 100; Value null at 'routingConfiguration.2.member.stateMachineVersionArn' failed to satisfy "
        + "constraint: Member must not be null; Value null at 'routingConfiguration.3.member.stateMachineVersionArn' "
        + "failed to satisfy constraint: Member must not be null")]
    [InlineData(
        "CreateActivity",
        """{"name":"a","encryptionConfiguration":{"type":"X","kmsDataKeyReusePeriodSeconds":59}}""",
        "2 validation errors detected: Value '59' at 'encryptionConfiguration.kmsDataKeyReusePeriodSeconds' failed to "
        + "satisfy constraint: Member must have value greater than or equal to 60; Value 'X' at "
        + "'encryptionConfiguration.type' failed to satisfy constraint: Member must satisfy enum value set: "
        + "[AWS_OWNED_KEY, CUSTOMER_MANAGED_KMS_KEY]")]
    [InlineData(
        "RedriveExecution", """{"executionArn":"a","clientToken":"a b"}""", "1 validation error detected: Value 'a b' "
        + "at 'clientToken' failed to satisfy constraint: Member must satisfy regular expression pattern: [!-~]+")]
    public async Task All_that_is_wrong_is_told_at_once(string operation, string request, string message)
    {
        await using var bench = Bench();
        var answer = await AskAsync(bench, operation, request);
        Assert.Equal(("ValidationException", message), (answer.Error, answer.Message));
    }

    [Theory]
    [InlineData("CreateActivity", """{"name":1}""", "NUMBER_VALUE can not be converted to a String")]
    [InlineData("CreateActivity", """{"name":{}}""", "Start of structure or map found where not expected.")]
    [InlineData("ListActivities", """{"maxResults":"1"}""", "STRING_VALUE can not be converted to an Integer")]
    [InlineData("UpdateStateMachine", """{"publish":"true"}""", "STRING_VALUE can not be converted to a Boolean")]
    [InlineData("TagResource", """{"tags":"x"}""", "Unrecognized collection type")]
    [InlineData("TagResource", """{"tags":[{"key":true}]}""", "TRUE_VALUE can not be converted to a String")]
    [InlineData("UntagResource", """{"tagKeys":[null]}""", "NUMBER_VALUE can not be converted to a String")]
    public async Task Types_are_looked_at_before_all_else(string operation, string request, string message)
    {
        await using var bench = Bench();
        var answer = await AskAsync(bench, operation, request);
        Assert.Equal(("SerializationException", message), (answer.Error, answer.Message));
    }

    [Fact]
    public async Task What_is_sensitive_is_not_repeated()
    {
        await using var bench = Bench();
        var answer = await bench.AskAsync(
            "StartExecution",
            ("stateMachineArn", Machine),
            ("input", $"\"{new string('s', ExecutionLimits.PayloadBytesMax)}\""));
        Assert.Equal(
            "1 validation error detected: Value at 'input' failed to satisfy constraint: Member must have length less "
            + "than or equal to 262144",
            answer.Message);
    }

    [Fact]
    public async Task Refusals_have_the_reason_and_the_resource_that_the_model_has()
    {
        await using var bench = Bench();
        var machine = await bench.CreateAsync("m", Pass);
        await bench.CallAsync("PublishStateMachineVersion", ("stateMachineArn", machine));
        var routes = JsonValue.Parse($$"""[{"stateMachineVersionArn":"{{machine}}:1","weight":99}]""");
        var sum = await bench.AskAsync("CreateStateMachineAlias", ("name", "a"), ("routingConfiguration", routes));
        var labeled = await bench.AskAsync("StartExecution", ("stateMachineArn", machine + "/label"));
        var tags = await bench.AskAsync("ListTagsForResource", ("resourceArn", machine + "2"));
        Assert.Equal("INVALID_ROUTING_CONFIGURATION", sum.Reason);
        Assert.Equal("API_DOES_NOT_SUPPORT_LABELED_ARNS", labeled.Reason);
        Assert.Equal(("ResourceNotFound", machine + "2"), (tags.Error, tags.Resource));
    }

    [Fact]
    public async Task A_key_of_the_customers_is_named_and_an_activity_keeps_its_own()
    {
        await using var bench = Bench();
        var own = JsonValue.Parse("""{"type":"CUSTOMER_MANAGED_KMS_KEY","kmsKeyId":"k"}""");
        string[] wrongs =
        [
            """{"type":"CUSTOMER_MANAGED_KMS_KEY"}""", """{"type":"AWS_OWNED_KEY","kmsKeyId":"k"}""",
        ];
        foreach (var wrong in wrongs)
        {
            Assert.Equal("InvalidEncryptionConfiguration", (await bench.AskAsync(
                "CreateActivity", ("name", "a"), ("encryptionConfiguration", JsonValue.Parse(wrong)))).Error);
        }

        var made = await bench.CallAsync("CreateActivity", ("name", "a"), ("encryptionConfiguration", own));
        await bench.CallAsync("CreateActivity", ("name", "a"), ("encryptionConfiguration", own));
        var told = await bench.CallAsync("DescribeActivity", ("activityArn", made["activityArn"]));
        Assert.Equal(
            """{"type":"CUSTOMER_MANAGED_KMS_KEY","kmsKeyId":"k","kmsDataKeyReusePeriodSeconds":300}""",
            told["encryptionConfiguration"].ToString());
        Assert.Equal("ActivityAlreadyExists", (await bench.AskAsync("CreateActivity", ("name", "a"))).Error);
    }

    [Fact]
    public async Task A_machine_that_is_made_again_is_compared_with_its_first_version_too()
    {
        await using var bench = Bench();
        (string, JsonValue)[] request =
        [
            ("name", "m"), ("definition", Pass), ("roleArn", "arn:aws:iam::000000000000:role/r"),
            ("publish", true), ("versionDescription", "one"),
        ];
        var first = await bench.CallAsync("CreateStateMachine", request);
        Assert.Equal(first, await bench.CallAsync("CreateStateMachine", request));
        Assert.Equal(
            "StateMachineAlreadyExists",
            (await bench.AskAsync("CreateStateMachine", request.AsSpan(0, 4))).Error);
        Assert.Equal(
            "StateMachineAlreadyExists",
            (await bench.AskAsync("CreateStateMachine", request.AsSpan(0, 3))).Error);
        Assert.Equal("ValidationException", (await bench.AskAsync(
            "DeleteStateMachine", ("stateMachineArn", first["stateMachineVersionArn"]))).Error);
        await bench.CallAsync("DescribeStateMachine", ("stateMachineArn", first["stateMachineVersionArn"]));
    }

    [Fact]
    public async Task Executions_are_listed_by_version_and_alias()
    {
        await using var bench = Bench();
        var machine = await bench.CreateAsync("m", Pass);
        await bench.CallAsync("PublishStateMachineVersion", ("stateMachineArn", machine));
        var version = machine + ":1";
        await bench.CallAsync(
            "CreateStateMachineAlias",
            ("name", "live"),
            ("routingConfiguration", JsonValue.Parse($$"""[{"stateMachineVersionArn":"{{version}}","weight":100}]""")));
        foreach (var (arn, name) in new[] { (machine, "a"), (version, "b"), (machine + ":live", "c"), (machine, "d") })
        {
            await bench.EndAsync(await bench.StartAsync(arn, name: name));
        }

        Assert.Equal("dcba", await NamesAsync(("stateMachineArn", machine)));
        Assert.Equal("cb", await NamesAsync(("stateMachineArn", version)));
        Assert.Equal("c", await NamesAsync(("stateMachineArn", machine + ":live"), ("maxResults", 1)));
        Assert.Equal("StateMachineDoesNotExist", await ErrorAsync(("stateMachineArn", machine + ":2")));
        Assert.Equal("ValidationException", await ErrorAsync());
        Assert.Equal("ValidationException", await ErrorAsync(
            ("stateMachineArn", machine), ("statusFilter", "PENDING_REDRIVE")));
        Assert.Equal("ResourceNotFound", await ErrorAsync(
            ("mapRunArn", "arn:aws:states:us-east-1:000000000000:mapRun:m/l:u")));

        async Task<string> NamesAsync(params (string, JsonValue)[] query) => string.Concat(
            (await bench.CallAsync("ListExecutions", query))["executions"].AsArray().Items.ToArray()
                .Select(each => each["name"].AsString()));
        async Task<string?> ErrorAsync(params (string, JsonValue)[] query) =>
            (await bench.AskAsync("ListExecutions", query)).Error;
    }

    [Fact]
    public async Task A_token_of_a_page_is_good_for_its_operation_for_a_day()
    {
        HandClock clock = new(WorkflowBench.Start);
        await using var bench = WorkflowBench.Open(Path, new FunctionBook(), time: clock);
        await bench.CreateAsync("a", Pass);
        await bench.CreateAsync("b", Pass);
        var token = (await bench.CallAsync("ListStateMachines", ("maxResults", 1)))["nextToken"];
        await bench.CallAsync("ListStateMachines", ("nextToken", token));
        Assert.Equal("InvalidToken", (await bench.AskAsync("ListActivities", ("nextToken", token))).Error);
        clock.Advance(TimeSpan.FromHours(24));
        Assert.Equal("InvalidToken", (await bench.AskAsync("ListStateMachines", ("nextToken", token))).Error);
    }

    [Fact]
    public async Task A_token_of_a_page_is_good_for_what_was_asked_for()
    {
        await using var bench = Bench();
        var machine = await bench.CreateAsync("m", Pass);
        var (first, second) = (await bench.StartAsync(machine), await bench.StartAsync(machine));
        await bench.EndAsync(first);
        await bench.EndAsync(second);
        var page = await bench.CallAsync("GetExecutionHistory", ("executionArn", first), ("maxResults", 2));
        var token = page["nextToken"];
        var refused = await bench.AskAsync("GetExecutionHistory", ("executionArn", second), ("nextToken", token));
        Assert.Equal("InvalidToken", refused.Error);
        await bench.CallAsync("GetExecutionHistory", ("nextToken", token), ("maxResults", 1), ("executionArn", first));
    }

    // API reference, DescribeExecution, redriveStatusReason.
    [Fact]
    public async Task What_a_deleted_machine_has_left_is_not_redriven()
    {
        await using var bench = Bench();
        var machine = await bench.CreateAsync("m", """{"StartAt":"A","States":{"A":{"Type":"Fail"}}}""");
        var execution = await bench.StartAsync(machine);
        Assert.Equal("REDRIVABLE", (await bench.EndAsync(execution))["redriveStatus"].AsString());
        await bench.CallAsync("DeleteStateMachine", ("stateMachineArn", machine));
        var told = await bench.CallAsync("DescribeExecution", ("executionArn", execution));
        Assert.Equal(
            ("NOT_REDRIVABLE", "State machine is in DELETING status"),
            (told["redriveStatus"].AsString(), told["redriveStatusReason"].AsString()));
        Assert.Equal(
            "ExecutionNotRedrivable", (await bench.AskAsync("RedriveExecution", ("executionArn", execution))).Error);
    }

    [Fact]
    public async Task Who_removes_each_page_of_a_list_removes_all_of_it()
    {
        await using var bench = Bench();
        foreach (var name in "edcba")
        {
            await bench.CreateAsync($"m{name}", Pass);
        }

        JsonValue token = default;
        List<string> removed = [];
        do
        {
            var page = await bench.CallAsync("ListStateMachines", ("maxResults", 2), ("nextToken", token));
            foreach (var machine in page["stateMachines"].AsArray().Items.ToArray())
            {
                await bench.CallAsync("DeleteStateMachine", ("stateMachineArn", machine["stateMachineArn"]));
                removed.Add(machine["name"].AsString());
            }

            token = page["nextToken"];
        }
        while (token.IsDefined);

        Assert.Equal(["ma", "mb", "mc", "md", "me"], removed.Order());
    }

    [Fact]
    public async Task A_redrive_asked_for_twice_with_one_token_is_done_once()
    {
        await using var bench = Bench();
        var machine = await bench.CreateAsync("m", """{"StartAt":"A","States":{"A":{"Type":"Fail"}}}""");
        var execution = await bench.StartAsync(machine);
        await bench.EndAsync(execution);
        (string, JsonValue)[] request = [("executionArn", execution), ("clientToken", "one")];
        var first = await bench.CallAsync("RedriveExecution", request);
        await bench.EndAsync(execution);
        Assert.Equal(first, await bench.CallAsync("RedriveExecution", request));
        var end = await bench.EndAsync(execution);
        Assert.Equal(1, end["redriveCount"].AsDouble());
        Assert.True(end["redriveDate"].IsNumber);
        await bench.CallAsync("RedriveExecution", ("executionArn", execution), ("clientToken", "two"));
        Assert.Equal(2, (await bench.EndAsync(execution))["redriveCount"].AsDouble());
    }

    [Theory]
    [InlineData(
        """{"Type":"Pass","QueryLanguage":"JSONata","Output":1,"End":true,"Assign":{"x":""" + Large + "}}",
        "States.DataLimitExceeded",
        "The state/task 'A' returned a result with a size exceeding the maximum number of bytes service limit.")]
    [InlineData(
        """{"Type":"Task","QueryLanguage":"JSONata","Resource":"arn:aws:lambda:us-east-1:0:function:f","End":true,"""
            + "\"Arguments\":" + Large + "}",
        "States.DataLimitExceeded",
        InA + "The input of the state/task 'A' has a size exceeding the maximum number of bytes service limit.")]
    [InlineData(
        """{"Type":"Wait","TimestampPath":"$.t","End":true}""",
        "States.Runtime",
        InA + "The TimestampPath parameter does not reference an input value: $.t")]
    public async Task States_fail_with_their_words(string state, string error, string cause)
    {
        await using var bench = Bench();
        var machine = await bench.CreateAsync("m", "{\"StartAt\":\"A\",\"States\":{\"A\":" + state + "}}");
        var end = await bench.EndAsync(await bench.StartAsync(machine));
        Assert.Equal((error, cause), (end["error"].AsString(), end["cause"].AsString()));
    }

    [Theory]
    [InlineData(true, 301, "TIMED_OUT")]
    [InlineData(true, 299, "SUCCEEDED")]
    [InlineData(false, 301, "SUCCEEDED")]
    public async Task Strictly_an_express_execution_takes_five_minutes(bool isStrict, int seconds, string status)
    {
        await using var bench = WorkflowBench.Open(
            Path, new FunctionBook(), configure: options => options with { Strict = isStrict });
        var machine = await bench.CreateAsync(
            "m",
            $"{{\"StartAt\":\"A\",\"States\":{{\"A\":{{\"Type\":\"Wait\",\"End\":true,\"Seconds\":{seconds}}}}}}}",
            type: "EXPRESS");
        var end = await bench.CallAsync("StartSyncExecution", ("stateMachineArn", machine));
        Assert.Equal(status, end["status"].AsString());
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private WorkflowBench Bench() =>
        WorkflowBench.Open(Path, new FunctionBook(), payloadMax: ExecutionLimits.PayloadBytesMax);

    private static Task<Analemma.Daemon.Workflows.Api.ApiAnswer> AskAsync(
        WorkflowBench bench, string operation, string request)
    {
        List<(string, JsonValue)> members = [];
        foreach (var (name, value) in JsonValue.Parse(request).AsObject())
        {
            members.Add((name, value));
        }

        return bench.AskAsync(operation, [.. members]);
    }
}

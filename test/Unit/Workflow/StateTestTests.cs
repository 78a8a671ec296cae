using Analemma.Workflow.Executions;
using Analemma.Workflow.Json;
using Analemma.Workflow.Testing;

namespace Analemma.Unit.Tests.Workflow;

public sealed class StateTestTests
{
    private const string Invoke = "\"Type\":\"Task\",\"Resource\":\"arn:aws:states:::lambda:invoke\","
        + "\"Parameters\":{\"FunctionName\":\"f\"}";

    private static readonly StateTestRequest Request = new()
    {
        Definition = """{"Type":"Pass","Next":"B"}""",
        Input = """{"a":1}""",
        At = new DateTimeOffset(2026, 11, 26, 10, 0, 0, TimeSpan.Zero),
        Identity = new ExecutionIdentity
        {
            Id = "arn:e",
            Name = "e",
            RoleArn = "r",
            StateMachineArn = "arn:m",
            StateMachineName = "m",
            Seed = "seed",
            IsExpress = true,
        },
    };

    [Fact]
    public void A_state_tells_what_flowed_through_it_and_where_it_leads()
    {
        var result = Run(Request with
        {
            Definition = """{"Type":"Pass","InputPath":"$.a","Parameters":{"b.$":"$"},"ResultPath":"$.c","Next":"B"}""",
        });
        Assert.Equal(("SUCCEEDED", "B"), (result.Status, result.NextState));
        Assert.Equal("""{"a":1,"c":{"b":1}}""", result.Output.ToString());
        Assert.Equal("1", result.Inspection["afterInputPath"].AsString());
        Assert.Equal("""{"b":1}""", result.Inspection["afterParameters"].AsString());
    }

    [Fact]
    public void A_task_without_a_mock_waits_until_it_was_run()
    {
        var (test, _) = StateTest.Begin(Request with { Definition = $$"""{ {{Invoke}},"End":true}""", RoleArn = "r" });
        Assert.Null(test!.Result);
        Assert.Equal("invoke", test.Task!.Resource.Action);
        test.Succeed(JsonValue.Parse("7"));
        Assert.Null(test.Task);
        Assert.Equal("7", test.Result!.Output.ToString());
    }

    [Theory]
    [InlineData(
        """{"Type":"Map","ItemProcessor":{"StartAt":"A","States":{"A":{"Type":"Succeed"}}},"End":true}""",
        "TestState API does not support Map or Parallel states. Supported state types include: "
        + "[Task, Wait, Pass, Succeed, Fail, Choice]")]
    [InlineData(
        """{"Type":"Task","Resource":"arn:aws:states:us-east-1:111111111111:activity:a","End":true}""",
        "TestState does not support Activity tasks when a mock is not specified.")]
    [InlineData(
        """{"Type":"Task","Resource":"arn:aws:states:::states:startExecution.sync:2","End":true}""",
        "TestState does not support .sync:2 integrations when a mock is not specified.")]
    public void What_cannot_run_alone_needs_a_mock(string definition, string expected)
    {
        var (test, refusal) = StateTest.Begin(Request with { Definition = definition, RoleArn = "r" });
        Assert.Null(test);
        Assert.Equal(expected, refusal!.Message);
    }

    [Fact]
    public void A_mocked_task_sees_its_token()
    {
        var result = Run(Request with
        {
            Definition = """
                {"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage.waitForTaskToken","End":true,
                 "Parameters":{"QueueUrl":"q","MessageBody":{"t.$":"$$.Task.Token"}}}
                """,
            Mock = new StateMock { Result = "{}", FieldValidationMode = "NONE" },
        });
        Assert.Equal("SUCCEEDED", result.Status);
        Assert.Contains("\"t\":\"", result.Inspection["afterParameters"].AsString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, "RETRIABLE", null, 4L)]
    [InlineData(2, "CAUGHT_ERROR", "C", null)]
    public void A_mocked_error_is_retried_until_it_is_caught(int retries, string status, string? next, long? backoff)
    {
        var result = Run(Request with
        {
            Definition = $$"""
                { {{Invoke}},"End":true,"Retry":[{"ErrorEquals":["E"],"IntervalSeconds":2,"MaxAttempts":2}],
                  "Catch":[{"ErrorEquals":["States.ALL"],"Next":"C"}]}
                """,
            Mock = new StateMock { ErrorOutput = new StateMockError("E", "why") },
            Configuration = new StateConfiguration { RetrierRetryCount = retries },
        });
        Assert.Equal((status, next, "E"), (result.Status, result.NextState, result.Error));
        var details = result.Inspection["errorDetails"];
        Assert.Equal(backoff is { } seconds ? seconds : default(JsonValue), details["retryBackoffIntervalSeconds"]);
    }

    [Theory]
    [InlineData("""{"Type":"Pass","End":true}""", "{}", "State type 'Pass' is not supported when a mock is specified")]
    [InlineData(
        """{"Type":"Parallel","End":true,"Branches":[{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}]}""",
        "[1,2]",
        "Mocked result must contain the same number of items as number of Parallel branches.")]
    [InlineData(
        """{"Type":"Task","Resource":"arn:aws:states:::states:startExecution","End":true}""",
        """{"StartDate":1}""",
        "Mock result schema validation error: Required field 'ExecutionArn' is missing")]
    [InlineData(
        """{"Type":"Task","Resource":"arn:aws:states:::events:putEvents","End":true}""",
        """{"Entries":[{"EventId":"a"},{"EventId":1}]}""",
        "Mock result schema validation error: Field 'EventId' must be a string")]
    [InlineData(
        """{"Type":"Task","Resource":"arn:aws:states:::aws-sdk:lambda:getFunction","End":true}""",
        """{"Configuration":{"MemorySize":127,"EphemeralStorage":{"Size":512}},"Tags":{"a":"b"}}""",
        "Mock result schema validation error: Field 'MemorySize' is less than the minimum value")]
    [InlineData(
        """{"Type":"Task","Resource":"arn:aws:states:::aws-sdk:lambda:getFunction","End":true}""",
        """{"Configuration":{"MemorySize":128,"EphemeralStorage":{"Size":10241}},"Tags":{"a":"b"}}""",
        "Mock result schema validation error: Field 'Size' is greater than the maximum value")]
    [InlineData(
        """{"Type":"Task","Resource":"arn:aws:states:::dynamodb:getItem","End":true}""",
        """{"Item":{"a":{"S":"x"},"b":{"S":1}}}""",
        "Mock result schema validation error: Field 'S' must be a string")]
    [InlineData(
        """{"Type":"Task","Resource":"arn:aws:states:::aws-sdk:s3:getObject","End":true}""",
        """{"Metadata":[]}""",
        "Mock result schema validation error: Field 'Metadata' must be an object")]
    [InlineData(
        """{"Type":"Task","Resource":"arn:aws:states:::dynamodb:getItem","End":true}""",
        """{"Item":{"a":{"BOOL":"x"}}}""",
        "Mock result schema validation error: Field 'BOOL' must be a boolean")]
    [InlineData(
        """{"Type":"Task","Resource":"arn:aws:states:::aws-sdk:lambda:getFunction","End":true}""",
        """{"Configuration":{"MemorySize":"128"}}""",
        "Mock result schema validation error: Field 'MemorySize' must be a number")]
    [InlineData(
        """{"Type":"Task","Resource":"arn:aws:states:::aws-sdk:lambda:getFunction","End":true}""",
        """{"Configuration":[]}""",
        "Mock result schema validation error: Field 'Configuration' must be an object")]
    public void A_mock_that_does_not_fit_is_refused(string definition, string result, string message)
    {
        var (test, refusal) = StateTest.Begin(
            Request with { Definition = definition, Mock = new StateMock { Result = result } });
        Assert.Null(test);
        Assert.Equal(new StateTestRefusal("ValidationException", message), refusal);
    }

    [Fact]
    public void A_mock_may_have_the_least_the_most_and_nothing() => Assert.Equal("SUCCEEDED", Run(Request with
    {
        Definition = """
            {"Type":"Task","Resource":"arn:aws:states:::aws-sdk:lambda:getFunction","End":true,
             "Parameters":{"FunctionName":"f"}}
            """,
        Mock = new StateMock
        {
            Result = """{"Configuration":{"MemorySize":128,"EphemeralStorage":{"Size":10240},"Role":null}}""",
        },
    }).Status);

    [Fact]
    public void Only_what_must_be_there_is_missed_in_strict_mode_alone()
    {
        var request = Request with
        {
            Definition = """
                {"Type":"Task","Resource":"arn:aws:states:::states:startExecution","End":true,
                 "Parameters":{"StateMachineArn":"arn:m"}}
                """,
            Mock = new StateMock { Result = "{}", FieldValidationMode = "PRESENT" },
        };
        Assert.Equal("SUCCEEDED", Run(request).Status);
    }

    [Fact]
    public void A_state_inside_a_machine_is_found_by_its_name()
    {
        var result = Run(Request with
        {
            StateName = "Inner",
            Definition = """
                {"StartAt":"M","States":{"M":{"Type":"Map","End":true,"ItemProcessor":{"StartAt":"Inner","States":{
                  "Inner":{"Type":"Pass","Parameters":{"s.$":"$$.State.Name","v.$":"$v"},"End":true}}}}}}
                """,
            Variables = """{"v":5}""",
        });
        Assert.Equal("""{"s":"Inner","v":5}""", result.Output.ToString());
    }

    [Fact]
    public void Variables_are_told_as_they_are_after_the_state()
    {
        var result = Run(Request with
        {
            Definition = """{"Type":"Pass","Assign":{"a":1},"End":true}""",
            Variables = """{"v":5}""",
        });
        Assert.Equal("""{"v":5,"a":1}""", result.Inspection["variables"].AsString());
    }

    [Fact]
    public void Items_are_told_before_and_after_they_are_put_in_batches()
    {
        var result = Run(Request with
        {
            Definition = """
                {"Type":"Map","End":true,
                 "ItemSelector":{"v.$":"$$.Map.Item.Value"},"ItemBatcher":{"MaxItemsPerBatch":2},
                 "ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},
                  "StartAt":"B","States":{"B":{"Type":"Pass","End":true}}}}
                """,
            Input = "[1,2,3]",
            Mock = new StateMock { Result = "[]" },
        });
        Assert.Equal("""[{"v":1},{"v":2},{"v":3}]""", result.Inspection["afterItemSelector"].AsString());
        Assert.Equal(
            """[{"Items":[{"v":1},{"v":2}]},{"Items":[{"v":3}]}]""", result.Inspection["afterItemBatcher"].AsString());
    }

    [Fact]
    public void A_context_needs_a_mock()
    {
        var (_, refusal) = StateTest.Begin(Request with
        {
            Definition = """{"Type":"Pass","End":true}""",
            Context = "{}",
        });
        Assert.Equal("TestState does not support Context when a mock is not specified.", refusal!.Message);
    }

    // TestState, Testing Map and Parallel states, Testing Distributed Map states.
    [Theory]
    [InlineData("""{"Bucket":"b","Key":"k"}""", """{"a":{"b":[1,2]}}""", "/a/b", "[1,2]", null)]
    [InlineData("[3,4]", null, null, null, "[3,4]")]
    public void What_a_reader_would_read_is_given_or_stands_in_the_input(
        string input, string? data, string? pointer, string? afterPointer, string? afterPath)
    {
        var result = Run(Request with
        {
            Definition = """
                {"Type":"Map","End":true,"ItemSelector":{"v.$":"$$.Map.Item.Value"},
                 "ItemReader":{"Resource":"arn:aws:states:::s3:getObject","ReaderConfig":{CONFIG}},
                 "ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},
                  "StartAt":"B","States":{"B":{"Type":"Pass","End":true}}}}
                """.Replace("CONFIG", pointer is null ? "" : $"\"InputType\":\"JSON\",\"ItemsPointer\":\"{pointer}\"",
                StringComparison.Ordinal),
            Input = input,
            Mock = new StateMock { Result = "[]" },
            Configuration = new StateConfiguration { MapItemReaderData = data },
        });
        Assert.Equal(afterPointer, Told("afterItemsPointer"));
        Assert.Equal(afterPath, Told("afterItemsPath"));
        Assert.Equal(
            (afterPointer ?? afterPath)!.Replace(",", "},{\"v\":", StringComparison.Ordinal)
                .Replace("[", "[{\"v\":", StringComparison.Ordinal).Replace("]", "}]", StringComparison.Ordinal),
            Told("afterItemSelector"));

        string? Told(string name) => result.Inspection[name].TryGetString(out var text) ? text : null;
    }

    // TestState, Testing Activity, .sync and .waitForTaskToken states.
    [Theory]
    [InlineData(
        "states:startExecution.sync:2", """{"ExecutionArn":"a"}""", "Required field 'StateMachineArn' is missing")]
    [InlineData("states:startExecution", """{"ExecutionArn":"a"}""", "Required field 'StartDate' is missing")]
    [InlineData("sqs:sendMessage", """{"MessageId":1}""", "Field 'MessageId' must be a string")]
    [InlineData("sqs:sendMessage.waitForTaskToken", """{"MessageId":1}""", null)]
    public void A_mock_is_compared_with_what_tells_how_a_job_stands_and_a_tokens_answer_with_nothing(
        string resource, string mock, string? problem)
    {
        var (_, refusal) = StateTest.Begin(Request with
        {
            Definition = $$"""{"Type":"Task","Resource":"arn:aws:states:::{{resource}}","End":true}""",
            Mock = new StateMock { Result = mock },
        });
        Assert.Equal(problem is null ? null : $"Mock result schema validation error: {problem}", refusal?.Message);
    }

    // TestState, Automatic Context population.
    [Fact]
    public void A_state_within_a_map_is_tested_as_its_first_item()
    {
        var result = Run(Request with
        {
            Definition = """
                {"StartAt":"M","States":{"M":{"Type":"Map","End":true,"ItemProcessor":{"StartAt":"B","States":{
                  "B":{"Type":"Pass","Parameters":{"i.$":"$$.Map.Item.Index","v.$":"$$.Map.Item.Value"},"End":true}}}}}}
                """,
            StateName = "B",
        });
        Assert.Equal("""{"i":0,"v":{"a":1}}""", result.Output.ToString());
    }

    private static StateTestResult Run(StateTestRequest request)
    {
        var (test, refusal) = StateTest.Begin(request);
        Assert.Null(refusal);
        return test!.Result!;
    }
}

using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Client;
using Analemma.Integration.Tests.Kernel;
using Analemma.Integration.Tests.Network;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Workflows;

/// <summary>Resources of tasks that are the kernel's own: agents, mailboxes, events, HTTP.</summary>
public sealed class TaskResourceTests
{
    private const string Sqs = "arn:aws:states:::sqs:sendMessage";
    private const string Sns = "arn:aws:states:::sns:publish";
    private const string Events = "arn:aws:states:::events:putEvents";
    private const string Http = "arn:aws:states:::analemma:http";
    private const string Agent = "arn:aws:states:::analemma:agent";

    [Fact]
    public async Task A_message_for_a_queue_comes_into_the_mailbox_of_its_name()
    {
        await using var kernel = await StartKernelAsync();
        await kernel.Client.RegisterAsync(new Register { Name = "jobs", Durable = true }, Token);

        var sent = (await kernel.TaskAsync(Sqs, fields: """
            "Parameters":{"QueueUrl":"https://sqs.us-east-1.amazonaws.com/000000000000/jobs",
             "MessageBody":"Hello world!","MessageAttributes":{"test":{"DataType":"String","StringValue":"value"}}},
            """)).Output();

        Assert.Equal("86fb269d190d2c85f6e0468ceca42a20", sent.GetProperty("MD5OfMessageBody").GetString());
        Assert.Equal(32, sent.GetProperty("MD5OfMessageAttributes").GetString()!.Length);
        Assert.True(Guid.TryParse(sent.GetProperty("MessageId").GetString(), out _));
        Assert.Equal(200, sent.GetProperty("SdkHttpMetadata").GetProperty("HttpStatusCode").GetInt32());
        var message = Assert.Single((await kernel.Client.RecvAsync(new Recv { Mailbox = "jobs" }, Token)).Messages);
        Assert.Equal(
            """{"test":{"DataType":"String","StringValue":"value"}}""",
            message.Body!.ToElement().GetProperty("MessageAttributes").GetRawText());
        Assert.Equal("Hello world!", message.Body.ToElement().GetProperty("MessageBody").GetString());
    }

    [Fact]
    public async Task Who_takes_the_message_can_end_the_task_by_its_token()
    {
        await using var kernel = await StartKernelAsync();
        await kernel.Client.RegisterAsync(new Register { Name = "jobs", Durable = true }, Token);
        var machine = await kernel.MachineAsync("""
            {"StartAt":"A","States":{"A":{"Type":"Task","End":true,"TimeoutSeconds":60,
             "Resource":"arn:aws:states:::sqs:sendMessage.waitForTaskToken",
             "Parameters":{"QueueUrl":"http://127.0.0.1/jobs","MessageBody":{"token.$":"$$.Task.Token"}}}}}
            """);
        var execution = await kernel.StartAsync(machine);

        var taken = await kernel.Client.RecvAsync(new Recv { Mailbox = "jobs", TimeoutMs = 30_000 }, Token);
        var token = Assert.Single(taken.Messages).Body!.ToElement().GetProperty("token").GetString();
        await kernel.CallAsync("SendTaskSuccess", new { taskToken = token, output = "7" });

        Assert.Equal(7, (await kernel.EndAsync(execution)).Output().GetInt32());
    }

    [Theory]
    [InlineData(Sqs, """{"QueueUrl":"http://127.0.0.1/none","MessageBody":"x"}""", "SQS.NonExistentQueueException",
        "The specified queue does not exist. (Service: AmazonSQS; Status Code: 400; "
            + "Error Code: AWS.SimpleQueueService.NonExistentQueue;")]
    [InlineData(Sns, """{"TopicArn":"arn:aws:sns:here:000000000000:none","Message":"x"}""", "SNS.NotFoundException",
        "Topic does not exist (Service: AmazonSNS; Status Code: 404; Error Code: NotFound;")]
    [InlineData(Events, """{"Entries":[{"Source":"shop","Detail":{}}]}""", "EventBridge.FailedEntry",
        "Parameter DetailType is not valid. Reason: DetailType is a required argument.")]
    [InlineData("arn:aws:states:::dynamodb:getItem", """{"TableName":"t","Key":{}}""", "DynamoDB.SdkClientException",
        "There is no endpoint of AWS")]
    [InlineData(Agent, """{"argv":["true"],"colour":"red"}""", "Analemma.InvalidArgument", "colour")]
    [InlineData(Http, """{"endpoint":"http://127.0.0.1:1/"}""", "Analemma.PermissionDenied", "no rule allows")]
    [InlineData(Http, """{"endpoint":"http://127.0.0.1:1/","connection":"x"}""", "Events.ConnectionResource.NotFound",
        "Connection 'x' does not exist.")]
    [InlineData(Http, """{"endpoint":"http://127.0.0.1:1/","body_text":"x"}""", "States.Runtime",
        "analemma:http has no parameter body_text")]
    public async Task What_cannot_be_done_fails_in_the_words_of_its_service(
        string resource, string parameters, string error, string cause)
    {
        await using var kernel = await StartKernelAsync();

        var failure = (await kernel.TaskAsync(resource, fields: $"\"Parameters\":{parameters},")).Failure();

        Assert.Equal(error, failure.Error);
        Assert.Contains(cause, failure.Cause, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_topic_is_heard_by_the_mailboxes_that_registered_it()
    {
        await using var kernel = await StartKernelAsync();
        await kernel.Client.RegisterAsync(new Register { Name = "one", Durable = true }, Token);
        await kernel.Client.RegisterAsync(new Register { Name = "one", Topic = "news" }, Token);

        var sent = (await kernel.TaskAsync(Sns, fields: """
            "Parameters":{"TopicArn":"arn:aws:sns:us-east-1:000000000000:news","Message":{"n":1}},
            """)).Output();

        Assert.True(Guid.TryParse(sent.GetProperty("MessageId").GetString(), out _));
        var message = Assert.Single((await kernel.Client.RecvAsync(new Recv { Mailbox = "one" }, Token)).Messages);
        Assert.Equal("""{"n":1}""", message.Body!.ToElement().GetRawText());
    }

    [Fact]
    public async Task An_entry_for_the_event_bus_is_an_event_of_the_host()
    {
        await using var kernel = await StartKernelAsync();

        var put = (await kernel.TaskAsync(Events, fields: """
            "Parameters":{"Entries":[{"Source":"shop","DetailType":"Order Placed","Detail":{"id":7}}]},
            """)).Output();

        Assert.Equal(0, put.GetProperty("FailedEntryCount").GetInt32());
        var told = await kernel.Client.PollEventsAsync(
            new PollEvents { From = "oldest", Types = ["_host/order-placed"], TimeoutMs = 10_000 }, Token);
        var data = Assert.Single(told.Events).Data!.Value;
        Assert.Equal(
            put.GetProperty("Entries")[0].GetProperty("EventId").GetString(), data.GetProperty("id").GetString());
        Assert.Equal("Order Placed", data.GetProperty("detail-type").GetString());
        Assert.Equal(7, data.GetProperty("detail").GetProperty("id").GetInt32());
        // The integration adds which execution it was.
        Assert.Equal(2, data.GetProperty("resources").GetArrayLength());
    }

    [Fact]
    public async Task A_request_goes_through_the_kernel_with_the_secret_of_its_connection()
    {
        List<string> seen = [];
        await using var stage = await NetworkStage.StartAsync(exchange =>
        {
            lock (seen)
            {
                seen.Add($"{exchange.Request.Path} "
                    + $"{exchange.Request.Headers.GetValueOrDefault("Authorization")} "
                    + System.Text.Encoding.UTF8.GetString(exchange.Request.Body));
            }

            return exchange.Request.Path.StartsWith("/missing", StringComparison.Ordinal)
                ? exchange.AnswerAsync(404, """{"why":"not here"}""")
                : exchange.AnswerAsync(200, """{"ok":true}""");
        });
        await stage.Kernel.CallAsync("PutConnection", new
        {
            name = "api",
            network = JsonSerializer.SerializeToElement(
                new[] { stage.WithSecret }, AbiJsonContext.Default.NetworkRuleArray),
        });

        var own = (await stage.Kernel.TaskAsync(Http, fields: $$"""
            "Parameters":{"endpoint":"{{stage.Url}}/items","method":"POST","connection":"api",
             "query":{"a":[1,"x y"]},"body":{"n":1} },
            """)).Output();
        var invoked = (await stage.Kernel.TaskAsync("arn:aws:states:::http:invoke", fields: $$"""
            "Parameters":{"ApiEndpoint":"{{stage.Url}}/forms","Method":"POST","RequestBody":{"a":["x","y"],"b":1},
             "Authentication":{"ConnectionArn":"arn:aws:events:us-east-1:000000000000:connection/api/1234"},
             "Transform":{"RequestBodyEncoding":"URL_ENCODED"} },
            """)).Output();
        var missing = (await stage.Kernel.TaskAsync(Http, fields: $$"""
            "Parameters":{"endpoint":"{{stage.Url}}/missing","connection":"api"},
            """)).Failure();
        var elsewhere = (await stage.Kernel.TaskAsync(Http, fields: $$"""
            "Parameters":{"endpoint":"http://other.example.com:{{stage.Port}}/","connection":"api"},
            """)).Failure();

        Assert.Equal(200, own.GetProperty("StatusCode").GetInt32());
        Assert.Equal("OK", own.GetProperty("StatusText").GetString());
        Assert.True(own.GetProperty("ResponseBody").GetProperty("ok").GetBoolean());
        Assert.True(invoked.GetProperty("ResponseBody").GetProperty("ok").GetBoolean());
        Assert.Equal(("States.Http.StatusCode.404", """{"why":"not here"}"""), missing);
        Assert.Equal("Analemma.PermissionDenied", elsewhere.Error);
        Assert.Equal(
            [
                $"/items?a=1&a=x%20y Bearer {NetworkStage.Canary} {{\"n\":1}}",
                $"/forms Bearer {NetworkStage.Canary} a%5B0%5D=x&a%5B1%5D=y&b=1",
                $"/missing Bearer {NetworkStage.Canary} ",
            ],
            seen);
    }

    [Fact]
    public async Task Only_the_host_brings_rules_with_a_request()
    {
        await using var kernel = await StartKernelAsync();

        var host = await Assert.ThrowsAsync<SyscallException>(() => kernel.Client.Http(
            new Abi.Syscalls.Http { Url = "http://127.0.0.1:1/" }).ToEndAsync(Token));
        Assert.Equal(SysErrorCode.InvalidArgument, host.Code);
        var bad = await Assert.ThrowsAsync<SyscallException>(() => kernel.CallAsync(
            "PutConnection", new { name = "x", network = new[] { new { host = "https://example.com" } } }));
        Assert.Contains("network[0].host", bad.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_agent_is_spawned_with_all_that_SPAWN_has()
    {
        await using var kernel = await StartKernelAsync();
        var folder = Directory.CreateDirectory(Path.Combine(kernel.Folder, "shared")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "word"), "read", Token);

        var answer = (await kernel.TaskAsync(Agent + ".sync", fields: $$"""
            "Parameters":{"name":"worker","argv":["sh","-c","cat /mnt/shared/word; echo $COLOUR"],
             "env":{"COLOUR":"red"},"limits":{"memory":33554432,"max_pids":9},"permissions":{"send":[],"spawn":[]},
             "network":[{"host":"api.example.com","methods":["GET"]}],"models":{"weight":3},"tools":[],
             "mounts":[{"source":"{{folder}}","target":"/mnt/shared"}],"cwd":"/tmp","pool":"cold"},
            """)).Output();

        Assert.Equal("readred", answer.GetProperty("Output").GetString());
        var process = new ProcessId((uint)answer.GetProperty("Process").GetInt64());
        var shown = await kernel.Client.InspectAsync(new Inspect { Id = process }, Token);
        Assert.Equal(("worker", 33554432L, 9), (shown.Name, shown.Limits!.Memory, shown.Limits.MaxPids));
        Assert.Contains("api.example.com", Assert.Single(shown.Network!), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_of_somebody_else_is_refused()
    {
        await using var kernel = await StartKernelAsync();
        await kernel.Client.SpawnAsync(new Spawn { Name = "taken", Argv = ["sleep", "600"] }, Token);

        var failure = (await kernel.TaskAsync(
            Agent, fields: """
            "Parameters":{"name":"taken","argv":["true"]},
            """)).Failure();

        Assert.Equal("Analemma.NameTaken", failure.Error);
    }

    [Theory]
    [InlineData("arn:aws:states:::analemma:dance")]
    [InlineData("arn:aws:states:::analemma:approve")]
    [InlineData("arn:aws:states:::nothing:here")]
    [InlineData("arn:aws:states:::sqs:sendMessage.sync")]
    public async Task A_resource_that_is_none_is_refused_when_the_machine_is_made(string resource)
    {
        await using var kernel = await StartKernelAsync();

        var refused = await Assert.ThrowsAsync<SyscallException>(() => kernel.TaskAsync(resource));

        Assert.Equal("InvalidDefinition", refused.Error.Reason);
        Assert.Contains(
            $"The resource provided {resource} is not recognized", refused.Message, StringComparison.Ordinal);
    }

    private static Task<RunningKernel> StartKernelAsync() =>
        RunningKernel.StartAsync("--pool.created=0", "--pool.preloaded=0");
}

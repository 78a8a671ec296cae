using System.Text;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Workflows;

/// <summary>lambda:invoke with all that it takes, of functions in real sandboxes.</summary>
public sealed class LambdaInvokeTests
{
    private const string Resource = "arn:aws:states:::lambda:invoke";

    private const string Told = """
        def handler(event, context):
            if "print" in event:
                print(event["print"])
            if "file" in event:
                open(event["file"], "w").write("done")
            return {"arn": context.invoked_function_arn, "context": context.client_context}
        """;

    [Fact]
    public async Task The_end_of_the_log_comes_with_the_answer_and_has_this_event_alone()
    {
        await using var kernel = await StartAsync("--pool.created=0", "--pool.preloaded=0");
        await kernel.CallAsync("PutFunction", new { name = "f", source = Told });

        foreach (var word in (string[])["first", "second"])
        {
            var output = (await kernel.TaskAsync(
                Resource,
                fields: $$"""
                "Parameters":{"FunctionName":"f","LogType":"Tail","Payload":{"print":"{{word}}"} },
                """)).Output();
            var log = Encoding.UTF8.GetString(output.GetProperty("LogResult").GetBytesFromBase64());
            var id = output.GetProperty("SdkResponseMetadata").GetProperty("RequestId").GetString();
            Assert.Equal($"START RequestId: {id} Version: $LATEST\n{word}\nEND RequestId: {id}\n", log);
        }

        var none = (await kernel.TaskAsync(Resource, fields: "\"Parameters\":{\"FunctionName\":\"f\"},")).Output();
        Assert.False(none.TryGetProperty("LogResult", out _));
    }

    [Fact]
    public async Task An_event_is_taken_and_done_though_nobody_waits_for_it()
    {
        await using var kernel = await StartAsync("--pool.created=0", "--pool.preloaded=0");
        var folder = Directory.CreateDirectory(Path.Combine(kernel.Folder, "shared")).FullName;
        File.SetUnixFileMode(folder, (UnixFileMode)0x1FF);
        await kernel.CallAsync("PutFunction", new
        {
            name = "f",
            source = Told,
            agent = new { mounts = new[] { new { source = folder, target = "/mnt/shared", writable = true } } },
        });

        var output = (await kernel.TaskAsync(
            Resource,
            fields: """
            "Parameters":{"FunctionName":"f","InvocationType":"Event","Payload":{"file":"/mnt/shared/done"}},
            """)).Output();

        Assert.Equal(202, output.GetProperty("StatusCode").GetInt32());
        while (!File.Exists(Path.Combine(folder, "done")))
        {
            await Task.Delay(20, Token);
        }
    }

    [Fact]
    public async Task The_function_is_told_how_it_was_called()
    {
        await using var kernel = await StartAsync("--pool.created=0", "--pool.preloaded=0");
        await kernel.CallAsync("PutFunction", new { name = "f", source = Told });
        var context = Convert.ToBase64String("""{"custom":{"a":"b"}}"""u8);

        var output = (await kernel.TaskAsync(
            Resource,
            fields: $$"""
            "Parameters":{"FunctionName":"f","Qualifier":"$LATEST","ClientContext":"{{context}}","Payload":{} },
            """)).Output().GetProperty("Payload");

        Assert.Equal(
            "arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST", output.GetProperty("arn").GetString());
        Assert.Equal("b", output.GetProperty("context").GetProperty("custom").GetProperty("a").GetString());
        var direct = await kernel.InvokeAsync("f:2");
        Assert.Equal("Lambda.ResourceNotFoundException", direct.Failure().Error);
    }
}

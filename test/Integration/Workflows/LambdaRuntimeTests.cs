using Analemma.Integration.Tests.Kernel;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Workflows;

/// <summary>Programs that speak the Lambda Runtime API, unmodified, as environments of functions.</summary>
public sealed class LambdaRuntimeTests
{
    // As a runtime in Python is written by the documentation: nothing but the API.
    private const string Python = """
        import json, os, urllib.request, urllib.error
        api = "http://%s/2018-06-01/runtime/" % os.environ["AWS_LAMBDA_RUNTIME_API"]
        def post(path, body, **headers):
            asked = urllib.request.Request(api + path, data=body, headers=headers, method="POST")
            try:
                with urllib.request.urlopen(asked) as got:
                    return got.status, got.read().decode()
            except urllib.error.HTTPError as wrong:
                return wrong.code, wrong.read().decode()
        if os.environ.get("FAIL_INIT"):
            post("init/error", json.dumps({"errorType": "Config.Missing", "errorMessage": "no table"}).encode())
            raise SystemExit(1)
        count = 0
        while True:
            with urllib.request.urlopen(api + "invocation/next") as got:
                head, event = got.headers, json.loads(got.read())
            request = head["Lambda-Runtime-Aws-Request-Id"]
            count += 1
            if event.get("say"):
                post("invocation/%s/response" % request, event["say"].encode())
            elif event.get("fail"):
                post("invocation/%s/error" % request, json.dumps(event["fail"]).encode(),
                     **{"Lambda-Runtime-Function-Error-Type": "Runtime.Other"})
            elif event.get("big"):
                post("invocation/%s/response" % request, b'"' + b"x" * 7000000 + b'"')
            else:
                other = post("invocation/00000000-0000-0000-0000-000000000000/response", b"{}")
                answer = {"count": count, "other": other, "arn": head["Lambda-Runtime-Invoked-Function-Arn"],
                          "trace": head["Lambda-Runtime-Trace-Id"], "deadline": int(head["Lambda-Runtime-Deadline-Ms"]),
                          "env": {name: os.environ[name] for name in sorted(os.environ) if name.startswith("AWS_")},
                          "handler": os.environ["_HANDLER"], "context": head["Lambda-Runtime-Client-Context"]}
                post("invocation/%s/response" % request, json.dumps(answer).encode())
        """;

    // The tutorial's bootstrap: a shell and curl.
    private const string Shell = """
        set -eu
        while true; do
          headers=$(mktemp)
          event=$(curl -sS -LD "$headers" "http://${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation/next")
          request=$(grep -Fi Lambda-Runtime-Aws-Request-Id "$headers" | tr -d '[:space:]' | cut -d: -f2)
          curl -sS "http://${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation/$request/response" \
            -d "{\"echo\": $event}" > /dev/null
        done
        """;

    private static readonly string[] Bash = ["bash"];

    [Fact]
    public async Task A_program_takes_events_and_answers_over_HTTP()
    {
        await using var kernel = await StartKernelAsync();
        await kernel.CallAsync("PutFunction", new
        {
            name = "f",
            runtime = "provided",
            source = Python,
            handler = "app.main",
            memoryBytes = 134_217_728,
        });

        var first = (await kernel.TaskAsync(
            "arn:aws:states:::lambda:invoke",
            fields: """
            "Parameters":{"FunctionName":"f","Payload":{"n":1},"ClientContext":"eyJhIjoxfQ=="},
            """))
            .Output().GetProperty("Payload");
        var second = (await kernel.InvokeAsync("f")).Output();

        Assert.Equal((1, 2), (first.GetProperty("count").GetInt32(), second.GetProperty("count").GetInt32()));
        Assert.Equal("""{"a":1}""", first.GetProperty("context").GetString());
        Assert.Equal("arn:aws:lambda:us-east-1:000000000000:function:f", first.GetProperty("arn").GetString());
        Assert.StartsWith("Root=1-", first.GetProperty("trace").GetString(), StringComparison.Ordinal);
        Assert.Equal(400, first.GetProperty("other")[0].GetInt32());
        Assert.Contains(
            "\"errorType\":\"InvalidRequestID\"", first.GetProperty("other")[1].GetString(), StringComparison.Ordinal);
        Assert.Equal("app.main", first.GetProperty("handler").GetString());
        var env = first.GetProperty("env");
        Assert.Equal("f", env.GetProperty("AWS_LAMBDA_FUNCTION_NAME").GetString());
        Assert.Equal("128", env.GetProperty("AWS_LAMBDA_FUNCTION_MEMORY_SIZE").GetString());
        Assert.Equal("$LATEST", env.GetProperty("AWS_LAMBDA_FUNCTION_VERSION").GetString());
        Assert.Equal("us-east-1", env.GetProperty("AWS_REGION").GetString());
    }

    [Theory]
    [InlineData("""{"fail":{"errorType":"Order.Invalid","errorMessage":"no items"}}""", "Order.Invalid", "no items")]
    [InlineData("""{"fail":{"errorMessage":"by header"}}""", "Runtime.Other", "by header")]
    [InlineData("""{"say":"this is no JSON"}""", "Lambda.Unknown", "no JSON")]
    [InlineData("""{"big":true}""", "Function.ResponseSizeTooLarge", "6291556")]
    public async Task What_it_says_of_an_error_is_its_tasks_error(string input, string error, string cause)
    {
        await using var kernel = await StartKernelAsync();
        await kernel.CallAsync("PutFunction", new { name = "f", runtime = "provided", source = Python });

        var failure = (await kernel.InvokeAsync("f", input)).Failure();

        Assert.Equal(error, failure.Error);
        Assert.Contains(cause, failure.Cause, StringComparison.Ordinal);
        // And it lives on.
        Assert.Equal(2, (await kernel.InvokeAsync("f")).Output().GetProperty("count").GetInt32());
    }

    [Fact]
    public async Task One_that_cannot_begin_says_why()
    {
        await using var kernel = await StartKernelAsync();
        await kernel.CallAsync("PutFunction", new
        {
            name = "f",
            runtime = "provided",
            source = Python,
            env = new { FAIL_INIT = "1" },
        });

        var failure = (await kernel.InvokeAsync("f")).Failure();

        Assert.Equal("Config.Missing", failure.Error);
        Assert.Contains("no table", failure.Cause, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_shell_with_curl_is_one_too()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/curl"), "there is no curl here");
        await using var kernel = await StartKernelAsync();
        await kernel.CallAsync("PutFunction", new { name = "f", runtime = "provided", source = Shell, argv = Bash });

        Assert.Equal(
            """{"echo":{"n":1}}""", (await kernel.InvokeAsync("f", """{"n":1}""")).Output().GetRawText());
        Assert.Equal(
            """{"echo":{"n":2}}""", (await kernel.InvokeAsync("f", """{"n":2}""")).Output().GetRawText());
    }

    /// <summary>
    /// The runtime that AWS publishes for Node. It is compiled when it is installed (cmake, autoconf), so it is taken
    /// from a folder that has it: <c>npm install aws-lambda-ric</c> there, and name it in ANALEMMA_TEST_LAMBDA_RIC.
    /// </summary>
    [Fact]
    public async Task The_runtime_of_AWS_for_Node_works_unmodified()
    {
        var folder = System.Environment.GetEnvironmentVariable("ANALEMMA_TEST_LAMBDA_RIC");
        Assert.SkipUnless(
            folder is not null && Directory.Exists(Path.Combine(folder, "node_modules", "aws-lambda-ric")),
            "ANALEMMA_TEST_LAMBDA_RIC names no folder in which aws-lambda-ric is installed");
        await using var kernel = await StartKernelAsync();
        await File.WriteAllTextAsync(
            Path.Combine(folder, "app.js"),
            "exports.main = async (event, context) => ({ got: event, name: context.functionName });",
            Token);
        await kernel.CallAsync("PutFunction", new
        {
            name = "f",
            runtime = "provided",
            folder,
            argv = (string[])["node", "/mnt/task/node_modules/aws-lambda-ric/bin/index.mjs", "app.main"],
            agent = new { cwd = "/mnt/task" },
        });

        Assert.Equal(
            """{"got":{"n":1},"name":"f"}""", (await kernel.InvokeAsync("f", """{"n":1}""")).Output().GetRawText());
    }

    private static Task<RunningKernel> StartKernelAsync() =>
        RunningKernel.StartAsync("--pool.created=0", "--pool.preloaded=0");
}

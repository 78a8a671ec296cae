using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;
using Analemma.Integration.Tests.Kernel;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Workflows;

/// <summary>
/// The largest payload: 1 GiB, made by a Parallel of one large input many times, is kept, outlives a kernel that is
/// killed, is handed on, and is read out whole; one byte more is refused. By hand, with ANALEMMA_GIGABYTE=1: it takes
/// minutes, 3 GiB of disk and as much memory.
/// </summary>
public sealed class GigabyteTests
{
    private const long Gigabyte = 1L << 30;
    private const int Copies = 63;
    private const int CopyBytes = 17_000_000;

    // Of the array: its brackets and commas, the copies, and one more item that makes up what is missing.
    private const int RestBytes = (int)(Gigabyte - 2 - Copies - ((long)Copies * CopyBytes));

    [Fact]
    public async Task A_payload_of_one_gibibyte_goes_through_an_execution_and_one_byte_more_does_not()
    {
        Assert.SkipUnless(
            Environment.GetEnvironmentVariable("ANALEMMA_GIGABYTE") == "1", "takes minutes: set ANALEMMA_GIGABYTE=1");
        await using var kernel = await RunningKernel.StartAsync("--pool.created=0", "--pool.preloaded=0");
        await CallAsync(kernel, "CreateStateMachine", new
        {
            name = "large",
            definition = Definition(),
            roleArn = "arn:aws:iam::000000000000:role/r",
        });

        await StartAsync(kernel, "over", RestBytes + 1);
        var refused = await EndAsync(kernel, "over");
        Assert.Equal(
            ("FAILED", "States.DataLimitExceeded"),
            (refused.GetProperty("status").GetString(), refused.GetProperty("error").GetString()));

        await StartAsync(kernel, "whole", RestBytes);
        while (!(await HistoryAsync(kernel, "whole")).Contains("WaitStateEntered", StringComparison.Ordinal))
        {
            await Task.Delay(100, Token);
        }

        var made = PeakBytes(kernel);
        await kernel.CrashAsync();
        await kernel.BeginAsync();
        var end = await EndAsync(kernel, "whole");
        Assert.Equal("SUCCEEDED", end.GetProperty("status").GetString());
        var details = end.GetProperty("outputDetails");
        Assert.Equal(Gigabyte, details.GetProperty("bytes").GetInt64());
        var handedOn = PeakBytes(kernel);
        await AssertIsWholeAsync(kernel, details.GetProperty("sha256").GetString()!);
        var readOut = PeakBytes(kernel);

        TestContext.Current.SendDiagnosticMessage("peaks: {0}, {1} and {2} bytes", made, handedOn, readOut);
        Assert.InRange(made, 0, Gigabyte / 2);
        Assert.InRange(handedOn, Gigabyte, 2 * Gigabyte);
        Assert.InRange(readOut, Gigabyte, 2 * Gigabyte);
    }

    private static string Definition()
    {
        var branches = string.Join(',', Enumerable.Range(0, Copies + 1).Select(i =>
        {
            var state = string.Create(CultureInfo.InvariantCulture, $"\"P{i}\"");
            return "{\"StartAt\":" + state + ",\"States\":{" + state + ":" + Pass(i < Copies ? "$.a" : "$.b") + "}}";
        }));
        return """
            {"StartAt":"Many","States":{"Many":{"Type":"Parallel","Branches":[BRANCHES],"Next":"Wait"},
             "Wait":{"Type":"Wait","Seconds":30,"Next":"Last"},"Last":{"Type":"Pass","End":true}}}
            """.Replace("BRANCHES", branches, StringComparison.Ordinal);
    }

    private static string Pass(string path) => $$"""{"Type":"Pass","InputPath":"{{path}}","End":true}""";

    // Over HTTP, which takes more than the socket does.
    private static async Task StartAsync(RunningKernel kernel, string name, int restBytes)
    {
        using HttpClient client = new()
        {
            BaseAddress = new Uri((await kernel.Client.WorkflowListenAsync(Token)).Url),
            Timeout = TimeSpan.FromMinutes(5),
        };
        using ByteArrayContent body = new(JsonSerializer.SerializeToUtf8Bytes(new
        {
            machine = "large",
            name,
            input = new { a = new string('x', CopyBytes - 2), b = new string('y', restBytes - 2) },
        }));
        body.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var answer = await client.PostAsync("/v1/executions", body, Token);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Token));
    }

    private static async Task<JsonElement> EndAsync(RunningKernel kernel, string name)
    {
        while (true)
        {
            var end = await CallAsync(kernel, "DescribeExecution", new { executionArn = Arn(name) });
            if (end.GetProperty("status").GetString() != "RUNNING")
            {
                return end;
            }

            await Task.Delay(100, Token);
        }
    }

    private static async Task<string> HistoryAsync(RunningKernel kernel, string name) => (await CallAsync(
        kernel,
        "GetExecutionHistory",
        new { executionArn = Arn(name), maxResults = 1000, includeExecutionData = false })).GetRawText();

    private static async Task AssertIsWholeAsync(RunningKernel kernel, string digest)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long read = 0;
        while (read < Gigabyte)
        {
            var part = (await CallAsync(kernel, "ReadPayload", new { sha256 = digest, offset = read }))
                .GetProperty("data").GetBytesFromBase64();
            Assert.NotEmpty(part);
            hash.AppendData(part);
            read += part.Length;
        }

        Assert.Equal((Gigabyte, digest), (read, Convert.ToHexStringLower(hash.GetHashAndReset())));
    }

    private static long PeakBytes(RunningKernel kernel)
    {
        var line = File.ReadLines($"/proc/{kernel.Pid}/status")
            .Single(each => each.StartsWith("VmHWM:", StringComparison.Ordinal));
        var kib = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
        return long.Parse(kib, CultureInfo.InvariantCulture) * 1024;
    }

    private static string Arn(string name) => $"arn:aws:states:us-east-1:000000000000:execution:large:{name}";

    private static Task<JsonElement> CallAsync(RunningKernel kernel, string operation, object input) =>
        kernel.Client.WorkflowCallAsync(operation, JsonSerializer.SerializeToElement(input), Token);
}

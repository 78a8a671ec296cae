using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Amazon.S3.Model;
using Analemma.Integration.Tests.Kernel;
using Analemma.Journal.Executions;
using Analemma.Storage.Payloads;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Workflows;

/// <summary>Large payloads in a bucket of a real S3 server. Slow: only in `./analemma test s3`.</summary>
public sealed class S3PayloadStoreTests : IAsyncLifetime
{
    private readonly string _drafts = Directory.CreateTempSubdirectory("analemma-s3-").FullName;
    private RadosGateway? _gateway;

    public async ValueTask InitializeAsync()
    {
        if (RadosGateway.Missing is null)
        {
            _gateway = await RadosGateway.StartAsync(Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_gateway is not null)
        {
            await _gateway.DisposeAsync();
        }

        Directory.Delete(_drafts, recursive: true);
    }

    [Fact]
    public async Task Payloads_are_kept_listed_read_and_deleted_and_what_is_wrong_is_said_without_the_key()
    {
        Assert.SkipWhen(RadosGateway.Missing is not null, RadosGateway.Missing ?? "");
        using var store = Open(RadosGateway.SecretKey);
        Dictionary<string, byte[]> kept = [];
        foreach (var size in (int[])[0, 300_000, 64 * 1024 * 1024])
        {
            var bytes = RandomNumberGenerator.GetBytes(size);
            var digest = Convert.ToHexStringLower(SHA256.HashData(bytes));
            await store.PutAsync(digest, size, piece => piece(bytes), Token);
            // Again is no mistake.
            await store.PutAsync(digest, size, piece => piece(bytes), Token);
            kept[digest] = bytes;
        }

        Assert.Equal(kept.Keys.Order(), store.List().Order());
        foreach (var (digest, bytes) in kept)
        {
            Assert.Equal(bytes.Length, store.LengthOf(digest));
            Assert.True(bytes.AsSpan().SequenceEqual(store.Get(digest, bytes.Length)));
            store.Delete(digest);
            store.Delete(digest);
            Assert.Null(store.LengthOf(digest));
            var missing = Assert.Throws<PayloadException>(() => store.Get(digest, bytes.Length));
            Assert.Equal(PayloadFailure.Missing, missing.Failure);
        }

        Assert.Empty(store.List());
        Assert.Empty(Directory.GetFiles(_drafts));
        using var stranger = Open("another secret");
        var refused = Assert.Throws<PayloadException>(() => stranger.List());
        Assert.Equal(PayloadFailure.Unavailable, refused.Failure);
        Assert.DoesNotContain("another secret", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_than_a_page_is_listed()
    {
        Assert.SkipWhen(RadosGateway.Missing is not null, RadosGateway.Missing ?? "");
        using var store = Open(RadosGateway.SecretKey);
        await Parallel.ForEachAsync(Enumerable.Range(0, 1100), Token, async (n, cancelled) =>
        {
            var bytes = Encoding.ASCII.GetBytes($"{n}");
            var digest = Convert.ToHexStringLower(SHA256.HashData(bytes));
            await store.PutAsync(digest, bytes.Length, piece => piece(bytes), cancelled);
        });

        Assert.Equal(1100, store.List().Distinct().Count());
    }

    [Fact]
    public async Task A_workflow_with_its_payloads_in_a_bucket_goes_on_after_a_kill()
    {
        Assert.SkipWhen(RadosGateway.Missing is not null, RadosGateway.Missing ?? "");
        Dictionary<string, string> keys = new()
        {
            ["ANALEMMA_PAYLOADS_ACCESS_KEY_ID"] = RadosGateway.AccessKey,
            ["ANALEMMA_PAYLOADS_SECRET_ACCESS_KEY"] = RadosGateway.SecretKey,
        };
        await using var kernel = await RunningKernel.StartWithAsync(
            keys,
            "--pool.created=0",
            "--pool.preloaded=0",
            $"--workflows.payload_s3={_gateway!.Url}{RadosGateway.Bucket}/kernel");
        var machine = (await CallAsync(kernel, "CreateStateMachine", new
        {
            name = "m",
            definition = """
                {"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":2,"Next":"A"},
                 "A":{"Type":"Pass","Parameters":{"in.$":"$","more":1},"End":true}}}
                """,
            roleArn = "arn:aws:iam::000000000000:role/r",
        })).GetProperty("stateMachineArn").GetString();
        var input = $$"""{"text":"{{new string('é', 500_000)}}"}""";
        var arn = (await CallAsync(kernel, "StartExecution", new { stateMachineArn = machine, input }))
            .GetProperty("executionArn").GetString()!;

        await kernel.CrashAsync();
        await kernel.BeginAsync();
        JsonElement end;
        do
        {
            await Task.Delay(50, Token);
            end = await CallAsync(kernel, "DescribeExecution", new { executionArn = arn });
        }
        while (end.GetProperty("status").GetString() == "RUNNING");

        Assert.Equal("SUCCEEDED", end.GetProperty("status").GetString());
        var digest = end.GetProperty("outputDetails").GetProperty("sha256").GetString()!;
        var read = await CallAsync(kernel, "ReadPayload", new { sha256 = digest });
        var output = Encoding.UTF8.GetString(read.GetProperty("data").GetBytesFromBase64());
        Assert.Equal($$"""{"in":{{input}},"more":1}""", output);
        using var client = _gateway.Client();
        var listed = await client.ListObjectsV2Async(
            new ListObjectsV2Request { BucketName = RadosGateway.Bucket, Prefix = "kernel/" }, Token);
        Assert.Equal(2, listed.S3Objects.Count);
        Assert.Contains(listed.S3Objects, each => each.Key.EndsWith(digest, StringComparison.Ordinal));

        // A byte that changes there is found when it is read.
        var changed = Encoding.UTF8.GetBytes(output);
        changed[50] ^= 1;
        await client.PutObjectAsync(
            new PutObjectRequest
            {
                BucketName = RadosGateway.Bucket,
                Key = listed.S3Objects.Single(each => each.Key.EndsWith(digest, StringComparison.Ordinal)).Key,
                InputStream = new MemoryStream(changed),
                UseChunkEncoding = false,
            },
            Token);
        await kernel.CrashAsync();
        await kernel.BeginAsync();
        var wrong = await Assert.ThrowsAnyAsync<Exception>(
            () => CallAsync(kernel, "ReadPayload", new { sha256 = digest }));
        Assert.Contains("is not what was written", wrong.Message, StringComparison.Ordinal);
    }

    private S3PayloadStore Open(string secret) => S3PayloadStore.Open(
        new S3Place(_gateway!.Url, RadosGateway.Bucket, "tests/", "us-east-1"),
        Path.Combine(_drafts, secret.Length.ToString(System.Globalization.CultureInfo.InvariantCulture)),
        RadosGateway.AccessKey,
        secret);

    private static Task<JsonElement> CallAsync(RunningKernel kernel, string operation, object input) =>
        kernel.Client.WorkflowCallAsync(operation, JsonSerializer.SerializeToElement(input), Token);
}

using System.Text;
using Analemma.Daemon.Workflows;
using Analemma.Daemon.Workflows.Tasks;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Json;

namespace Analemma.Unit.Tests.Daemon.Workflows;

/// <summary>Calls of S3 as tasks, answered as users of the service have published its answers.</summary>
public sealed class S3ObjectTests : IDisposable
{
    private readonly ObjectStore _store = new();
    private readonly AwsClient _aws;
    private readonly S3ObjectHandler _handler;

    public S3ObjectTests()
    {
        _aws = new AwsClient(new WorkflowOptions { Path = "/none", AwsEndpoint = _store.Address }, TimeProvider.System);
        _handler = new S3ObjectHandler(_aws);
    }

    [Fact]
    public async Task An_object_is_read_as_text_with_what_is_told_of_it()
    {
        _store.Answers = _ => (
            "200 OK\r\nETag: \"e\"\r\nLast-Modified: Thu, 24 Sep 2026 02:36:45 GMT\r\nx-amz-meta-Phase: one\r\n"
            + "Content-Type: text/plain\r\nx-amz-storage-class: STANDARD",
            "grün");
        Assert.Equal(
            """
            {"Body":"grün","ContentLength":5,"ContentType":"text/plain","ETag":"\"e\"",
            "LastModified":"2026-09-24T02:36:45Z","Metadata":{"phase":"one"},"StorageClass":"STANDARD"}
            """.ReplaceLineEndings(""),
            await DoneAsync("getObject", """{"Bucket":"b","Key":"a/ü b","VersionId":"v/1","Range":"bytes=0-4"}"""));
        var asked = Assert.Single(_store.Requests);
        Assert.StartsWith("GET /b/a/%C3%BC%20b?versionId=v%2F1 HTTP/1.1\r\n", asked, StringComparison.Ordinal);
        Assert.Contains("\r\nRange: bytes=0-4\r\n", asked, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("""{"a":"ü"}""", """{"a":"ü"}""")]
    [InlineData("\"text\"", "\"text\"")]
    public async Task What_is_written_is_the_json_of_the_body(string body, string written)
    {
        var parameters = $$"""
            {"Bucket":"b","Key":"k","Body":{{body}},"Metadata":{"phase":"one"},"IfNoneMatch":"*",
             "CacheControl":"no-cache","ContentLanguage":"de"}
            """;
        Assert.Equal("""{"ETag":"\"e\""}""", await DoneAsync("putObject", parameters));
        Assert.Equal(written, Encoding.UTF8.GetString(_store["/b/k"]));
        var asked = Assert.Single(_store.Requests);
        foreach (var header in (string[])
            [
                "x-amz-meta-phase: one", "If-None-Match: *", "Cache-Control: no-cache", "Content-Language: de",
                "Content-Type: text/plain; charset=UTF-8",
            ])
        {
            Assert.Contains($"\r\n{header}\r\n", asked, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public async Task A_type_of_content_that_is_given_is_kept()
    {
        await DoneAsync("putObject", """{"Bucket":"b","Key":"k","Body":1,"ContentType":"application/json"}""");
        Assert.Contains(
            "\r\nContent-Type: application/json\r\n", Assert.Single(_store.Requests), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_in_a_bucket_is_listed_with_its_types()
    {
        _store["/b"] = """
            <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><Prefix>p</Prefix>
            <KeyCount>1</KeyCount><MaxKeys>2</MaxKeys><IsTruncated>true</IsTruncated>
            <NextContinuationToken>t=</NextContinuationToken>
            <Contents><Key>p1</Key><Size>34</Size><LastModified>2026-09-24T02:36:49.000Z</LastModified>
            <ChecksumAlgorithm>CRC32</ChecksumAlgorithm><Owner><ID>o</ID></Owner></Contents>
            <CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes></ListBucketResult>
            """u8.ToArray();
        Assert.Equal(
            """
            {"CommonPrefixes":[{"Prefix":"p/"}],"Contents":[{"ChecksumAlgorithm":["CRC32"],"Key":"p1",
            "LastModified":"2026-09-24T02:36:49Z","Owner":{"Id":"o"},"Size":34}],"IsTruncated":true,"KeyCount":1,
            "MaxKeys":2,"Name":"b","NextContinuationToken":"t=","Prefix":"p"}
            """.ReplaceLineEndings(""),
            await DoneAsync("listObjectsV2", """{"Bucket":"b","Prefix":"p","MaxKeys":2,"FetchOwner":true}"""));
        Assert.StartsWith(
            "GET /b?list-type=2&prefix=p&max-keys=2&fetch-owner=true ",
            Assert.Single(_store.Requests),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("getObject", "404 Not Found", "NoSuchKey", "S3.NoSuchKeyException", "why")]
    [InlineData("headObject", "404 Not Found", null, "S3.NoSuchKeyException", "null")]
    [InlineData("getObject", "404 Not Found", "NoSuchBucket", "S3.NoSuchBucketException", "why")]
    [InlineData("putObject", "400 Bad Request", "InvalidRequest", "S3.InvalidRequestException", "why")]
    [InlineData("putObject", "403 Forbidden", "AccessDenied", "S3.S3Exception", "why")]
    public async Task A_refusal_has_the_name_that_the_services_client_gives_it(
        string action, string status, string? code, string error, string message)
    {
        _store.Answers = _ => (
            $"{status}\r\nx-amz-request-id: {(code is null ? "r" : "another")}",
            code is null ? ""
                : $"<Error><Code>{code}</Code><Message>why</Message><RequestId>r</RequestId>"
                    + "<HostId>h</HostId></Error>");
        var outcome = await RunAsync(action, """{"Bucket":"b","Key":"k","Body":1}""".Replace(
            ",\"Body\":1", action == "putObject" ? ",\"Body\":1" : "", StringComparison.Ordinal));
        Assert.Equal(
            (error, $"{message} (Service: S3, Status Code: {status[..3]}, Request ID: r"
                + $"{(code is null ? "" : ", Extended Request ID: h")}) (SDK Attempt Count: 1)"),
            (outcome.Error, outcome.Cause));
    }

    [Theory]
    [InlineData("getObject", """{"Bucket":"b"}""", "The parameter 'Key' must be a string that is not empty")]
    [InlineData("listObjectsV2", """{"Bucket":""}""", "The parameter 'Bucket' must be a string that is not empty")]
    [InlineData(
        "getObject", """{"Bucket":"b","Key":"x/../../c"}""", "The parameter 'Key' has a part that is no name: ..")]
    [InlineData("getObject", """{"Bucket":"b","Key":"k","Body":1}""", "The parameter 'Body' is not known here")]
    [InlineData(
        "putObject",
        """{"Bucket":"b","Key":"k","IfMatch":"a\nb"}""",
        "There can be no header 'If-Match' of that value")]
    [InlineData(
        "putObject",
        """{"Bucket":"b","Key":"k","Metadata":{"a b":"c"}}""",
        "There can be no header 'x-amz-meta-a b' of that value")]
    public async Task What_cannot_be_asked_is_told(string action, string parameters, string wrong)
    {
        var outcome = await RunAsync(action, parameters);
        Assert.Equal(("S3.SdkClientException", wrong), (outcome.Error, outcome.Cause));
        Assert.Empty(_store.Requests);
    }

    [Fact]
    public async Task Without_an_endpoint_nothing_is_asked()
    {
        using AwsClient none = new(new WorkflowOptions { Path = "/none" }, TimeProvider.System);
        Assert.Contains(
            "no endpoint of AWS",
            (await RunAsync("getObject", "{}", new S3ObjectHandler(none))).Cause,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Only_calls_that_are_known_are_taken() => Assert.Equal(
        [true, true, false, false],
        ((string[])["getObject", "putObject.waitForTaskToken", "putObject.sync", "createBucket"])
            .Select(action => _handler.Takes(Resource(action))));

    public void Dispose()
    {
        _aws.Dispose();
        _store.Dispose();
    }

    private async Task<string> DoneAsync(string action, string parameters)
    {
        var outcome = await RunAsync(action, parameters);
        Assert.True(outcome.IsDone, outcome.Cause);
        return outcome.Output.ToString();
    }

    private Task<TaskOutcome> RunAsync(string action, string parameters, S3ObjectHandler? handler = null)
    {
        ExecutionIdentity identity = new()
        {
            Id = "e",
            Name = "e",
            RoleArn = "r",
            StateMachineArn = "m",
            StateMachineName = "m",
            Seed = "s",
        };
        TaskInvocation task = new(1, identity, "S", Resource(action), JsonValue.Parse(parameters));
        return (handler ?? _handler).RunAsync(
            new TaskCall(identity, task, IsSubmitted: false), TestContext.Current.CancellationToken);
    }

    private static TaskResource Resource(string action) =>
        TaskResource.TryParse($"arn:aws:states:::aws-sdk:s3:{action}")!;
}

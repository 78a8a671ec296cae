using System.Diagnostics;
using System.Runtime.CompilerServices;
using Analemma.Integration.Tests.Kernel;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Workflows;

/// <summary>Clients that are made for AWS, unmodified, against the endpoint of workflows.</summary>
public sealed class AwsClientTests
{
    private const int Checks = 17;

    private static readonly string[] Flags =
        ["--pool.created=0", "--pool.preloaded=0", "--workflows.access_key_id=AKIDEXAMPLE"];

    private static readonly Dictionary<string, string> Secret = new()
    {
        ["ANALEMMA_WORKFLOWS_SECRET_KEY"] = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    };

    [Fact]
    public async Task Boto3_works_as_with_the_service()
    {
        Assert.SkipUnless(await RunsAsync("python3", "-c", "import boto3"), "python3 has no boto3 here");
        await using var kernel = await RunningKernel.StartWithAsync(Secret, Flags);
        var endpoint = await kernel.Client.WorkflowListenAsync(Token);
        Assert.True(endpoint.Signed);

        var (code, output) = await RunAsync(
            "python3", Client("boto3_client.py"), endpoint.Url, "AKIDEXAMPLE", Secret.Values.Single());

        Assert.True(code == 0, output);
        Assert.DoesNotContain("NOT ", output, StringComparison.Ordinal);
        Assert.Equal(Checks, output.Split('\n').Count(line => line.StartsWith("ok ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task The_JavaScript_SDK_works_as_with_the_service()
    {
        var modules = NpmPackages.Modules("aws-clients");
        await using var kernel = await RunningKernel.StartAsync("--pool.created=0", "--pool.preloaded=0");
        var url = (await kernel.Client.WorkflowListenAsync(Token)).Url;
        // Beside its packages, where Node looks for them.
        var program = Path.Combine(Path.GetDirectoryName(modules)!, "sfn.mjs");
        File.Copy(Client("sfn.mjs"), program, overwrite: true);

        var (code, output) = await RunAsync("node", program, url);

        Assert.True(code == 0, output);
        Assert.DoesNotContain("NOT ", output, StringComparison.Ordinal);
        Assert.Equal(6, output.Split('\n').Count(line => line.StartsWith("ok ", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("AKIDEXAMPLE", "another secret", "InvalidSignatureException")]
    [InlineData("AKIDOTHER", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "UnrecognizedClientException")]
    public async Task A_request_signed_with_another_key_is_refused(string key, string secret, string error)
    {
        Assert.SkipUnless(await RunsAsync("python3", "-c", "import boto3"), "python3 has no boto3 here");
        await using var kernel = await RunningKernel.StartWithAsync(Secret, Flags);
        var endpoint = await kernel.Client.WorkflowListenAsync(Token);

        var (code, output) = await RunAsync("python3", Client("boto3_client.py"), endpoint.Url, key, secret);

        Assert.NotEqual(0, code);
        Assert.Contains(error, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_command_line_of_AWS_lists_and_starts()
    {
        Assert.SkipUnless(await RunsAsync("aws", "--version"), "there is no aws command here");
        await using var kernel = await RunningKernel.StartAsync("--pool.created=0", "--pool.preloaded=0");
        var url = (await kernel.Client.WorkflowListenAsync(Token)).Url;
        var definition = """{"StartAt":"A","States":{"A":{"Type":"Pass","Result":7,"End":true}}}""";

        var (created, arn) = await AwsAsync(
            url, "create-state-machine", "--name", "cli", "--definition", definition,
            "--role-arn", "arn:aws:iam::000000000000:role/r", "--query", "stateMachineArn");
        Assert.True(created == 0, arn);
        var (started, execution) = await AwsAsync(
            url, "start-execution", "--state-machine-arn", arn.Trim(), "--query", "executionArn");
        Assert.True(started == 0, execution);
        var (shown, history) = await AwsAsync(
            url, "get-execution-history", "--execution-arn", execution.Trim(), "--query", "events[0].type");

        Assert.True(shown == 0, history);
        Assert.Equal("ExecutionStarted", history.Trim());
    }

    [Fact]
    public async Task A_page_of_a_browser_is_refused()
    {
        await using var kernel = await RunningKernel.StartAsync("--pool.created=0", "--pool.preloaded=0");
        using HttpClient client = new() { BaseAddress = new Uri((await kernel.Client.WorkflowListenAsync(Token)).Url) };
        using HttpRequestMessage request = new(HttpMethod.Post, "/") { Content = new StringContent("{}") };
        request.Headers.Add("X-Amz-Target", "AWSStepFunctions.ListStateMachines");
        request.Headers.Add("Origin", "https://example.com");

        using var answer = await client.SendAsync(request, Token);

        var text = await answer.Content.ReadAsStringAsync(Token);
        Assert.Contains("AccessDeniedException", text, StringComparison.Ordinal);
    }

    private static Task<(int Code, string Output)> AwsAsync(string url, params string[] words) => RunAsync(
        "env", ["AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b", "AWS_DEFAULT_REGION=us-east-1", "aws",
            "stepfunctions", "--endpoint-url", url, "--output", "text", .. words]);

    private static string Client(string name, [CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "Clients", name);

    private static async Task<bool> RunsAsync(string program, params string[] words)
    {
        try
        {
            return (await RunAsync(program, words)).Code == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static async Task<(int Code, string Output)> RunAsync(string program, params string[] words)
    {
        using var process = Process.Start(new ProcessStartInfo(program, words)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var error = process.StandardError.ReadToEndAsync(Token);
        var output = await process.StandardOutput.ReadToEndAsync(Token);
        await process.WaitForExitAsync(Token);
        return (process.ExitCode, process.ExitCode == 0 ? output : output + await error);
    }
}

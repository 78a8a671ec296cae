using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Amazon.Runtime;
using Amazon.S3;

namespace Analemma.Integration.Tests.Workflows;

/// <summary>
/// A server of S3 that is not a stand-in: Ceph's gateway over a monitor and one object store in memory, all of them on
/// loopback and gone with the test.
/// </summary>
internal sealed class RadosGateway : IAsyncDisposable
{
    public const string AccessKey = "ANALEMMATESTKEY";
    public const string SecretKey = "analemma-test-secret";
    public const string Bucket = "payloads";

    private const string FileSystem = "506e8e84-9f0d-4107-ac67-7a211ffac44c";
    private static readonly TimeSpan StartTime = TimeSpan.FromMinutes(3);

    private readonly string _folder = Directory.CreateTempSubdirectory("analemma-rgw-").FullName;
    private readonly List<Process> _daemons = [];
    private readonly int _gatewayPort = FreePort();

    public Uri Url => new($"http://127.0.0.1:{_gatewayPort}");

    private string Configuration => Path.Combine(_folder, "ceph.conf");

    private string Log => Path.Combine(_folder, "log.txt");

    /// <summary>Why it cannot be had here; null when it can.</summary>
    public static string? Missing =>
        Environment.GetEnvironmentVariable("ANALEMMA_TEST_S3") is not "1"
            ? "slow: ./analemma test s3"
            : ((string[])["ceph-mon", "ceph-osd", "monmaptool", "radosgw", "radosgw-admin"])
                .FirstOrDefault(program => !File.Exists($"/usr/bin/{program}")) is { } program
                ? $"{program} is not installed: apt-get install ceph-mon ceph-osd ceph-common radosgw"
                : null;

    public static async Task<RadosGateway> StartAsync(CancellationToken cancelled)
    {
        RadosGateway gateway = new();
        try
        {
            using var late = CancellationTokenSource.CreateLinkedTokenSource(cancelled);
            late.CancelAfter(StartTime);
            await gateway.BeginAsync(late.Token);
            return gateway;
        }
        catch (Exception failed)
        {
            var log = File.Exists(gateway.Log) ? await File.ReadAllTextAsync(gateway.Log, CancellationToken.None) : "";
            await gateway.DisposeAsync();
            throw new InvalidOperationException($"no gateway: {log}", failed);
        }
    }

    /// <summary>A client of its own, to look at what is there.</summary>
    public AmazonS3Client Client() => new(
        new BasicAWSCredentials(AccessKey, SecretKey),
        new AmazonS3Config
        {
            ServiceURL = Url.ToString(),
            ForcePathStyle = true,
            AuthenticationRegion = "us-east-1",
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        });

    public async ValueTask DisposeAsync()
    {
        foreach (var daemon in Enumerable.Reverse(_daemons))
        {
            if (!daemon.HasExited)
            {
                daemon.Kill();
            }

            await daemon.WaitForExitAsync();
            daemon.Dispose();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private async Task BeginAsync(CancellationToken cancelled)
    {
        var monitor = FreePort();
        foreach (var name in (string[])["run", "mon", "osd", "rgw"])
        {
            Directory.CreateDirectory(Path.Combine(_folder, name));
        }

        await File.WriteAllTextAsync(Configuration, ConfigurationText(monitor), cancelled);
        var map = Path.Combine(_folder, "monmap");
        await RunAsync(
            "monmaptool", ["--create", "--fsid", FileSystem, "--addv", "a", $"v1:127.0.0.1:{monitor}", map], cancelled);
        await RunAsync("ceph-mon", ["--mkfs", "-i", "a", "--monmap", map], cancelled);
        Start("ceph-mon", "-f", "-i", "a");
        await RunAsync("ceph", ["osd", "create"], cancelled);
        await RunAsync("ceph-osd", ["--mkfs", "-i", "0", "--osd-uuid", Guid.NewGuid().ToString()], cancelled);
        Start("ceph-osd", "-f", "-i", "0");
        Start("radosgw", "-f", "-n", "client.rgw");
        await AnswersAsync(cancelled);
        await RunAsync(
            "radosgw-admin",
            ["-n", "client.rgw", "user", "create", "--uid=t", "--display-name=t", $"--access-key={AccessKey}",
                $"--secret-key={SecretKey}"],
            cancelled);
        using var client = Client();
        await client.PutBucketAsync(Bucket, cancelled);
    }

    private async Task AnswersAsync(CancellationToken cancelled)
    {
        using HttpClient http = new(new SocketsHttpHandler { UseProxy = false });
        while (true)
        {
            try
            {
                using var answer = await http.GetAsync(Url, cancelled);
                return;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(200, cancelled);
            }
        }
    }

    private void Start(string program, params string[] words) => _daemons.Add(Begin(program, words));

    private async Task RunAsync(string program, string[] words, CancellationToken cancelled)
    {
        using var process = Begin(program, words);
        try
        {
            await process.WaitForExitAsync(cancelled);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }

        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', words)} ended with {process.ExitCode}");
        }
    }

    private Process Begin(string program, string[] words)
    {
        ProcessStartInfo start = new(program, words)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["CEPH_CONF"] = Configuration;
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private void Keep(string? line)
    {
        lock (_daemons)
        {
            if (line is not null && Directory.Exists(_folder))
            {
                File.AppendAllText(Log, line + "\n");
            }
        }
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    // One of everything, no authentication within the cluster, objects in memory.
    private string ConfigurationText(int monitor) => string.Create(CultureInfo.InvariantCulture, $"""
        [global]
        fsid = {FileSystem}
        mon host = v1:127.0.0.1:{monitor}
        public addr = 127.0.0.1
        cluster addr = 127.0.0.1
        auth cluster required = none
        auth service required = none
        auth client required = none
        osd pool default size = 1
        osd pool default min size = 1
        mon allow pool size one = true
        osd pool default pg num = 1
        osd crush chooseleaf type = 0
        run dir = {_folder}/run
        admin socket = {_folder}/run/$name.$pid.asok
        log file = /dev/null
        pid file = {_folder}/run/$name.pid
        ms bind msgr2 = false
        mon data = {_folder}/mon
        osd data = {_folder}/osd
        osd objectstore = memstore
        osd class load list = *
        osd class default list = *
        memstore device bytes = 1073741824
        mon osd min up ratio = 0
        [client.rgw]
        rgw frontends = beast endpoint=127.0.0.1:{_gatewayPort}
        rgw data = {_folder}/rgw
        rgw dns name = 127.0.0.1
        rgw enable usage log = false
        rgw gc max objs = 1
        rgw lc max objs = 1
        rgw num rados handles = 1

        """);
}

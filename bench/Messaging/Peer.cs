using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Analemma.Bench.Messaging;

/// <summary>A server of somebody else's, run for a benchmark on this machine alone.</summary>
internal sealed class Peer : IDisposable
{
    private static readonly TimeSpan StartMax = TimeSpan.FromSeconds(10);

    private readonly Process _process;

    private Peer(Process process, string where) => (_process, Where) = (process, where);

    /// <summary>A socket's path, or a port on loopback.</summary>
    public string Where { get; }

    public int Pid => _process.Id;

    /// <summary>Null, with the reason on stderr, where it is not installed.</summary>
    public static Peer? Redis(string folder, bool durable)
    {
        if (Program("redis-server") is not { } program)
        {
            return null;
        }

        var own = Directory.CreateDirectory(Path.Combine(folder, durable ? "redis-kept" : "redis")).FullName;
        var socket = Path.Combine(own, "redis.sock");
        string[] keeps = durable ? ["--appendonly", "yes", "--appendfsync", "always"] : ["--appendonly", "no"];
        return Start(
            program, ["--port", "0", "--unixsocket", socket, "--save", "", "--dir", own, .. keeps], socket,
            () => new UnixDomainSocketEndPoint(socket));
    }

    /// <summary>Null, with the reason on stderr, where it is not installed.</summary>
    public static Peer? Nats()
    {
        if (Program("nats-server") is not { } program)
        {
            return null;
        }

        var port = FreePort();
        return Start(
            program, ["-a", "127.0.0.1", "-p", port.ToString(CultureInfo.InvariantCulture)],
            port.ToString(CultureInfo.InvariantCulture), () => new IPEndPoint(IPAddress.Loopback, port));
    }

    /// <summary>A bus of its own. Null, with the reason on stderr, where it is not installed.</summary>
    public static Peer? DBus(string folder)
    {
        if (Program("dbus-daemon", "dbus") is not { } program)
        {
            return null;
        }

        var own = Directory.CreateDirectory(Path.Combine(folder, "dbus")).FullName;
        var (socket, config) = (Path.Combine(own, "bus.sock"), Path.Combine(own, "bus.conf"));
        File.WriteAllText(
            config,
            $"""
            <!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
              "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
            <busconfig>
              <type>session</type>
              <listen>unix:path={socket}</listen>
              <auth>EXTERNAL</auth>
              <policy context="default">
                <allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
              </policy>
              <limit name="max_incoming_bytes">1000000000</limit>
              <limit name="max_outgoing_bytes">1000000000</limit>
              <limit name="max_message_size">1000000000</limit>
              <limit name="max_replies_per_connection">50000</limit>
            </busconfig>
            """);
        return Start(
            program, [$"--config-file={config}", "--nofork", "--nopidfile"], socket,
            () => new UnixDomainSocketEndPoint(socket));
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static Peer Start(string program, string[] arguments, string where, Func<EndPoint> end)
    {
        var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var begun = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(begun) < StartMax && !process.HasExited)
        {
            try
            {
                var address = end();
                using Socket socket = new(address.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
                socket.Connect(address);
                return new Peer(process, where);
            }
            catch (SocketException)
            {
                Pause.For(5);
            }
        }

        throw new BenchException($"{program} does not answer at {where}");
    }

    private static string? Program(string name, string? package = null)
    {
        var found = BenchProcess.Find(name) ?? new[] { $"/usr/sbin/{name}" }.FirstOrDefault(File.Exists);
        if (found is null)
        {
            Console.Error.WriteLine(
                $"{name} is not installed, so its rows are left out: apt-get install {package ?? name}");
        }

        return found;
    }

    private static int FreePort()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}

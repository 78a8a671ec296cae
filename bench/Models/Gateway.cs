using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Analemma.Bench.Models;

/// <summary>
/// Portkey's gateway from npm, as eng/npm/gateway pins it: a peer that forwards calls to a provider. Installed below
/// artifacts at the first run.
/// </summary>
internal sealed class Gateway : IDisposable
{
    private readonly Process _process;

    private Gateway(Process process, int port) => (_process, Port) = (process, port);

    public int Port { get; }

    /// <summary>How it is told where the provider is.</summary>
    public static string Headers(int upstream) => string.Create(
        CultureInfo.InvariantCulture,
        $"x-portkey-provider: openai|x-portkey-custom-host: http://localhost:{upstream}/v1|Authorization: Bearer none");

    /// <summary>Null, with the reason on the error output, where it cannot be had.</summary>
    public static Gateway? TryStart(string repository)
    {
        var folder = Path.Combine(repository, "artifacts/npm/gateway");
        var program = Path.Combine(folder, "node_modules/@portkey-ai/gateway/build/start-server.js");
        if (!File.Exists(program) && !Install(Path.Combine(repository, "eng/npm/gateway"), folder))
        {
            return null;
        }

        var port = FreePort();
        ProcessStartInfo start = new(
            "node", [program, string.Create(CultureInfo.InvariantCulture, $"--port={port}"), "--headless"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        for (var turn = 0; turn < 100 && !process.HasExited; turn++)
        {
            if (Answers(port))
            {
                return new Gateway(process, port);
            }

            Pause.For(100);
        }

        Console.Error.WriteLine("the gateway from npm did not start; its rows are left out");
        return null;
    }

    public double ResidentBytes()
    {
        _process.Refresh();
        return _process.WorkingSet64;
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static bool Install(string source, string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var file in (string[])["package.json", "package-lock.json"])
        {
            File.Copy(Path.Combine(source, file), Path.Combine(folder, file), overwrite: true);
        }

        try
        {
            using var npm = Process.Start(new ProcessStartInfo(
                "npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
            {
                WorkingDirectory = folder,
            })!;
            npm.WaitForExit();
            return npm.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Console.Error.WriteLine("npm is not here (apt install nodejs npm); the gateway's rows are left out");
            return false;
        }
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static bool Answers(int port)
    {
        try
        {
            using TcpClient client = new("localhost", port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}

using System.Diagnostics;
using System.Net.Sockets;
using Analemma.Abi;
using Analemma.Abi.Frames;
using Analemma.Client;

namespace Analemma.Bench.Ipc;

/// <summary>The measuring ends, each run in a process of its own, as clients are.</summary>
internal static class NoopClient
{
    /// <summary>Rounds before the first that counts: the runtime compiles hot code anew after a while.</summary>
    private const int WarmupRounds = 60_000;

    /// <summary>`client PATH BYTES ROUNDS CLIENTS`: round trips of the C# SDK, a thread for each client.</summary>
    public static async Task<int> RunAsync(string path, int bytes, int rounds, int clients)
    {
        List<KernelClient> connected = [];
        for (var i = 0; i < clients; i++)
        {
            connected.Add(await KernelClient.ConnectAsync(path));
        }

        var samples = new double[clients][];
        Thread[] threads = [.. connected.Select((client, i) =>
            new Thread(() => samples[i] = Measure(client, bytes, rounds, clients)))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        Console.WriteLine(Latency.Of([.. samples.SelectMany(each => each)]));
        return 0;
    }

    /// <summary>`pipeline PATH SECONDS`: NOOPs a second on one connection, sent as fast as they are taken.</summary>
    public static int Pipeline(string path, double seconds)
    {
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(path));
        var batch = Batch(frames: 256, payloadBytes: 64);
        Thread sender = new(() => SendUntilClosed(socket, batch)) { IsBackground = true };
        sender.Start();

        var buffer = new byte[256 * 1024];
        Receive(socket, buffer, seconds / 2);
        var start = Stopwatch.GetTimestamp();
        var received = Receive(socket, buffer, seconds);
        var rate = received / (NativeFrame.HeaderSize + 64) / Stopwatch.GetElapsedTime(start).TotalSeconds;
        Console.WriteLine(FormattableString.Invariant($"{rate:F0}"));
        return 0;
    }

    /// <summary>`hold PATH COUNT`: idle connections, until stdin ends.</summary>
    public static int Hold(string path, int count)
    {
        List<Socket> held = [];
        for (var i = 0; i < count; i++)
        {
            Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(path));
            held.Add(socket);
        }

        Console.WriteLine("ready");
        Console.In.ReadToEnd();
        held.ForEach(socket => socket.Dispose());
        return 0;
    }

    private static double[] Measure(KernelClient client, int bytes, int rounds, int clients)
    {
        var payload = new byte[bytes];
        var reply = new byte[bytes];
        var took = new double[rounds];
        for (var i = -WarmupRounds / clients; i < rounds; i++)
        {
            var start = Stopwatch.GetTimestamp();
            client.Echo(payload, reply);
            if (i >= 0)
            {
                took[i] = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
            }
        }

        return took;
    }

    private static byte[] Batch(int frames, int payloadBytes)
    {
        var size = NativeFrame.HeaderSize + payloadBytes;
        var batch = new byte[frames * size];
        for (var i = 0; i < frames; i++)
        {
            new NativeFrame(
                FrameKind.Request, FrameFlags.Raw, (ushort)SyscallNumber.Noop, (ulong)i, SysErrorCode.Ok, payloadBytes)
                .WriteTo(batch.AsSpan(i * size));
        }

        return batch;
    }

    private static void SendUntilClosed(Socket socket, byte[] batch)
    {
        try
        {
            while (true)
            {
                for (var at = 0; at < batch.Length;)
                {
                    at += socket.Send(batch.AsSpan(at));
                }
            }
        }
        catch (Exception ended) when (ended is SocketException or ObjectDisposedException)
        {
            // The receiving side has measured enough.
        }
    }

    private static double Receive(Socket socket, byte[] buffer, double seconds)
    {
        var start = Stopwatch.GetTimestamp();
        var received = 0.0;
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < seconds)
        {
            received += socket.Receive(buffer);
        }

        return received;
    }
}

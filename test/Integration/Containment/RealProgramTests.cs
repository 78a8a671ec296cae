using Analemma.Integration.Tests.Sandbox;
using Analemma.Sandbox;

namespace Analemma.Integration.Tests.Containment;

/// <summary>What agents are written in must run unmodified under the seccomp profile.</summary>
public sealed class RealProgramTests
{
    private const string Node = "/usr/bin/node";

    private const string PythonProgram = """
        import asyncio, concurrent.futures, hashlib, multiprocessing, os, secrets, socket, sqlite3, ssl, subprocess
        import tempfile, threading, urllib.request

        async def asynchronous():
            child = await asyncio.create_subprocess_exec("/bin/echo", "hi", stdout=-1)
            assert (await child.communicate())[0] == b"hi\n"
            def answer(reader, writer): writer.write(b"x"); writer.close()
            server = await asyncio.start_server(answer, "127.0.0.1", 0)
            reader, _ = await asyncio.open_connection("127.0.0.1", server.sockets[0].getsockname()[1])
            assert await reader.read() == b"x"

        if __name__ == "__main__":
            asyncio.run(asynchronous())
            thread = threading.Thread(target=os.getpid); thread.start(); thread.join()
            assert subprocess.run(["sh", "-c", "echo $((1+1)) | cat"], capture_output=True).stdout == b"2\n"
            with multiprocessing.Pool(2) as pool: assert pool.map(abs, [-1, 2]) == [1, 2]
            spawned = multiprocessing.get_context("spawn")
            with concurrent.futures.ProcessPoolExecutor(1, mp_context=spawned) as workers:
                assert list(workers.map(abs, [-1])) == [1]
            database = sqlite3.connect("/work/test.db")
            database.execute("pragma journal_mode=wal"); database.execute("create table t(a)"); database.commit()
            ssl.create_default_context()
            try: urllib.request.urlopen("http://example.com", timeout=2)
            except OSError: pass
            with tempfile.NamedTemporaryFile() as file: file.write(secrets.token_bytes(16))
            hashlib.scrypt(b"a", salt=b"b", n=16, r=8, p=1)
            assert [name for _, name in socket.if_nameindex()] == ["lo"]
            print("python works")
        """;

    private const string NodeProgram = """
        const fs = require('fs'), child = require('child_process'), crypto = require('crypto'), net = require('net');
        const os = require('os'), { Worker } = require('worker_threads');
        const worker = new Worker('require("worker_threads").parentPort.postMessage(7)', { eval: true });
        worker.on('message', message => {
          fs.writeFileSync('/work/file', 'x' + message);
          const read = child.execFileSync('/bin/cat', ['/work/file']).toString();
          const ran = child.spawnSync(process.execPath, ['-e', 'console.log(1)']).stdout.toString();
          crypto.scrypt('a', 'b', 32, (error, key) => {
            const server = net.createServer(peer => peer.end('hey')).listen(0, '127.0.0.1', () => {
              net.connect(server.address().port, '127.0.0.1').on('data', async data => {
                server.close();
                await fs.promises.readdir('/usr');
                console.log(read, ran.trim(), key.length, data.toString(), Object.keys(os.networkInterfaces()).join());
              });
            });
          });
        });
        """;

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    [InlineData("bwrap")]
    public async Task Python_with_its_threads_processes_sockets_and_databases(string engine)
    {
        await using var home = await ListeningHome.OpenAsync(engine);
        var policy = Script("/usr/bin/python3", "program.py");

        Assert.Equal("python works\n", await RunAsync(home, policy, "program.py", PythonProgram));
    }

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    [InlineData("bwrap")]
    public async Task Node_with_its_workers_children_crypto_and_sockets(string engine)
    {
        Assert.SkipUnless(File.Exists(Node), $"{Node} is not here (package nodejs)");
        await using var home = await ListeningHome.OpenAsync(engine);
        var policy = Script(Node, "program.js");

        Assert.Equal("x7 1 32 hey lo\n", await RunAsync(home, policy, "program.js", NodeProgram));
    }

    private static SandboxPolicy Script(params string[] argv) => EngineHome.Policy(argv) switch
    {
        var policy => policy with { Limits = policy.Limits with { MemoryBytes = 512 << 20, OpenFiles = 1024 } },
    };

    private static async Task<string> RunAsync(ListeningHome home, SandboxPolicy policy, string name, string program)
    {
        await using var sandbox = await home.Home.Engine.CreateAsync(policy, EngineHome.Token);
        await using (StreamWriter file = new(sandbox.Work.OpenWrite(name, append: false, mode: 0x1A4)))
        {
            await file.WriteAsync(program);
        }

        await sandbox.StartAsync(EngineHome.Token);
        await sandbox.Exited.WaitAsync(TimeSpan.FromSeconds(60), EngineHome.Token);
        return await EngineHome.OutputAsync(sandbox);
    }
}

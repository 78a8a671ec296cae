using System.Globalization;
using Analemma.Daemon.Sockets;
using Analemma.Fuzz;

// analemma-fuzz frames|server|json|jsonata|paths|states|hostile|workflows
//     [SEED] [--count N] [--minutes N] [--case NUMBER] [--socket PATH]
//
// frames: decoder and codecs in this process. server: a live server, here with a kernel that answers everything, or
// with --socket the one that listens there (which is then spared what would do harm). json: values, jsonata:
// expressions, paths: JSONPath and intrinsic functions, states: definitions in the States Language with executions
// and tests, hostile: texts made to break parsers, in this process; workflows: these five, in --minutes together.
// Prints a summary; exits 1 at a failure, with the case's number, by which `--case` runs it again alone.

const string Usage =
    "usage: fuzz frames|server|json|jsonata|paths|states|hostile|workflows [SEED] [--count N] [--minutes N] "
    + "[--case NUMBER] [--socket PATH]";
const int FramesPerCase = 64;

string? target = null;
var seed = 1UL;
var count = 1_000_000L;
var minutes = 0.0;
ulong? only = null;
string? socket = null;
for (var i = 0; i < args.Length; i++)
{
    var last = i + 1 == args.Length;
    switch (args[i])
    {
        case "frames" or "server" or "json" or "jsonata" or "paths" or "states" or "hostile" or "workflows"
            when target is null:
            target = args[i];
            break;
        case "--count" when !last && long.TryParse(args[i + 1], CultureInfo.InvariantCulture, out count) && count > 0:
        case "--minutes" when !last && double.TryParse(args[i + 1], CultureInfo.InvariantCulture, out minutes)
            && minutes > 0:
        case "--socket" when !last && (socket = args[i + 1]).Length > 0:
            i++;
            break;
        case "--case" when !last && ulong.TryParse(args[i + 1], CultureInfo.InvariantCulture, out var number):
            only = number;
            i++;
            break;
        case var text when ulong.TryParse(text, CultureInfo.InvariantCulture, out var given):
            seed = given;
            break;
        default:
            return Refuse(Usage);
    }
}

if (target is null)
{
    return Refuse(Usage);
}

if (target is "json" or "jsonata" or "paths" or "states" or "hostile")
{
    return RunWorkflows(target);
}

if (target == "workflows")
{
    string[] parts = ["hostile", "json", "jsonata", "paths", "states"];
    // The first has a fixed number of cases.
    minutes /= parts.Length - 1;
    return parts.Select(RunWorkflows).FirstOrDefault(code => code != 0);
}

CaseMaker cases = new(Corpus.Load(), seed);
if (target == "frames")
{
    return Report(new FuzzRun(cases, stream => DecodeTarget.Run(stream), FramesPerCase));
}

if (socket is not null)
{
    return Report(new FuzzRun(cases, new ServerTarget(socket, harmlessOnly: true).Run, framesPerCase: 8));
}

var folder = Directory.CreateTempSubdirectory("analemma-fuzz-");
try
{
    StubKernel kernel = new();
    using var host = HostSocket.Claim(Path.Combine(folder.FullName, "kernel.sock"));
    await using SyscallServer server = new(kernel, new SocketOptions(), TimeProvider.System);
    server.ListenForHost(host);
    var code = Report(new FuzzRun(cases, new ServerTarget(host.Path, harmlessOnly: false).Run, FramesPerCase));
    var drained = SpinWait.SpinUntil(() => server is { Connections: 0, BytesKept: 0 }, TimeSpan.FromSeconds(10));
    Console.WriteLine(
        $"{server.Refusals} connections refused, {kernel.Submitted} calls handed to the kernel, "
        + $"{kernel.Cancelled} taken "
        + $"back; kept at the end: {server.Connections} connections, {server.BytesKept} bytes");
    return drained ? code : Refuse("the server keeps something of clients that have gone");
}
finally
{
    folder.Delete(recursive: true);
}

int RunWorkflows(string part)
{
    target = part;
    return part switch
    {
        "json" => Report(new FuzzRun(new JsonMaker(seed), JsonTarget.Run, framesPerCase: 1)),
        "jsonata" => Report(new FuzzRun(new ExpressionMaker(seed), ExpressionTarget.Run, framesPerCase: 1)),
        "paths" => Report(new FuzzRun(new PathMaker(seed), PathTarget.Run, framesPerCase: 1)),
        "states" => StatesTarget.Run(seed, only is null ? count : 1, only ?? 0, minutes) is { } broken
            ? Refuse(broken) : 0,
        _ => HostileTarget.Run() is { } wrong ? Refuse(wrong) : 0,
    };
}

int Report(FuzzRun run)
{
    run.TimeMax = minutes > 0 ? TimeSpan.FromMinutes(minutes) : null;
    if (only is { } number)
    {
        run.Run(frames: 1, threads: 1, first: number);
    }
    else
    {
        var took = run.Run(count, Math.Max(1, Environment.ProcessorCount));
        Console.WriteLine(
            $"{target}: seed {seed}, {run.Frames} frames in {run.Cases} streams, {took.TotalSeconds:F1} s, "
            + $"{run.Frames / took.TotalSeconds:F0} frames/s, {Environment.WorkingSet / 1024 / 1024} MiB resident");
    }

    return run.Failure is null ? 0 : Refuse(run.Failure);
}

static int Refuse(string reason)
{
    Console.Error.WriteLine(reason);
    return 1;
}

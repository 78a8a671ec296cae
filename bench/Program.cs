using System.Globalization;
using Analemma.Bench;
using Analemma.Bench.Fairness;
using Analemma.Bench.Ipc;
using Analemma.Bench.Kernel;
using Analemma.Bench.Messaging;
using Analemma.Bench.Models;
using Analemma.Bench.Supervision;
using Analemma.Bench.Workflow;

// analemma-bench CASE [--json] [--quick]: prints one row a figure, each beside its reference where there is one; exits
// 1 when a goal is missed. The other modes are the programs that the cases run.

const string Usage =
    "usage: bench ipc|spawn|scale|notify|fairness|llm|messaging|jsonata|workflows|executions|supervisor|soak"
    + " [--json] [--quick] [--soak] [--busy] [--parts=NAME,...]";
try
{
    return args switch
    {
        ["serve", var path] => await NoopServer.RunAsync(path),
        ["client", var path, var bytes, var rounds, var clients] =>
            await NoopClient.RunAsync(path, Number(bytes), Number(rounds), Number(clients)),
        ["pipeline", var path, var seconds] => NoopClient.Pipeline(path, Number(seconds)),
        ["hold", var path, var count] => NoopClient.Hold(path, Number(count)),
        ["upstream"] => await Upstream.RunAsync(),
        ["ask", var port, var headers, var how, var rounds, var clients] =>
            AskClient.Run(Number(port), headers, how == "stream", Number(rounds), Number(clients)),
        [var name, .. var options]
            when options.All(option =>
                option is "--json" or "--quick" or "--soak" or "--busy" || BenchParts.IsOption(option)) =>
            RunCase(name, options),
        _ => Refuse(Usage),
    };
}
catch (BenchException cannot)
{
    return Refuse(cannot.Message);
}

static int RunCase(string name, string[] options)
{
    var quick = options.Contains("--quick");
    HostLoad.Waits = !options.Contains("--busy");
    BenchReport report = new(options.Contains("--json"));
    switch (name)
    {
        case "ipc":
            using (IpcBench ipc = new(report, Repository(), quick))
            {
                ipc.Run();
            }

            break;
        case "spawn":
            new SpawnBench(report, Repository(), quick).Run();
            break;
        case "scale":
            new ScaleBench(report, Repository(), quick).Run();
            break;
        case "notify":
            new NotifyBench(report, Repository()).Run();
            break;
        case "fairness":
            new FairnessBench(report, quick).Run();
            break;
        case "llm":
            new LlmBench(report, Repository(), quick, options.Contains("--soak")).Run();
            break;
        case "jsonata":
            new JsonataBench(report, Repository(), quick).Run();
            break;
        case "workflows":
            new WorkflowsBench(report, Repository(), quick, new BenchParts(options)).Run();
            break;
        case "executions":
            new WorkflowScaleBench(report, Repository(), quick).Run();
            break;
        case "messaging":
            using (MessagingBench messaging = new(report, Repository(), quick, new BenchParts(options)))
            {
                messaging.Run();
            }

            break;
        case "supervisor":
            new SupervisorBench(report, Repository(), quick).Run();
            break;
        case "soak":
            new SoakBench(report, Repository(), quick).Run();
            break;
        default:
            return Refuse(Usage);
    }

    return report.End();
}

// The sources of the reference programs: above the folder that this program was built into.
static string Repository()
{
    for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
    {
        if (File.Exists(Path.Combine(folder.FullName, "Analemma.slnx")))
        {
            return folder.FullName;
        }
    }

    throw new BenchException("the benchmark runs from a working copy: its reference programs are in bench/");
}

static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

static int Refuse(string reason)
{
    Console.Error.WriteLine(reason);
    return 2;
}

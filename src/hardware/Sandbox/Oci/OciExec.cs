using Analemma.Linux;
using Analemma.Sandbox.Bundles;
using Analemma.Sandbox.Living;

namespace Analemma.Sandbox.Oci;

/// <summary>One command run beside an agent, confined like it.</summary>
internal sealed class OciExec(OciRuntime runtime, CommandRun run, string key, string file)
{
    private const int NotExecutable = 126;
    private const int NotFound = 127;
    private const int SignalBase = 128;

    public async Task<ExecResult> RunAsync(
        OciProcess process,
        string program,
        IReadOnlyList<string> joinFiles,
        ExecOutput output,
        CancellationToken cancellationToken)
    {
        File.WriteAllBytes($"{file}.json", OciJson.Write(process));
        try
        {
            var status = await run.RunAsync(
                (stdin, stdout, stderr) => runtime.Exec(
                    key,
                    new RuntimeFiles("", $"{file}.pid", $"{file}.log")
                    {
                        Stdin = stdin,
                        Stdout = stdout,
                        Stderr = stderr,
                    },
                    $"{file}.json",
                    joinFiles,
                    process.OomScoreAdj),
                () => int.TryParse(ProcFiles.TryRead($"{file}.pid"), out var pid) ? pid : null,
                output,
                cancellationToken);
            return Result(status, program);
        }
        finally
        {
            foreach (var ending in (string[])["json", "pid", "log"])
            {
                File.Delete($"{file}.{ending}");
            }
        }
    }

    private ExecResult Result(WaitStatus status, string program)
    {
        var code = status.Code ?? (SignalBase + (status.Signal ?? 0));
        var isStarted = File.Exists($"{file}.pid");
        return isStarted || code is NotExecutable or NotFound || status.Signal is not null
            ? new ExecResult(code)
            : throw new SandboxException(
                $"{program} could not be started in the sandbox: {OciRuntime.Complaint($"{file}.log")}");
    }
}

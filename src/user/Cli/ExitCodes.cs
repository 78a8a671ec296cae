namespace Analemma.Cli;

/// <summary>What the command's exit code means. Where an agent's own code is passed on, it may be any.</summary>
internal static class ExitCodes
{
    public const int Ok = 0;
    public const int Failure = 1;
    public const int Usage = 2;
    public const int KernelNotRunning = 3;
    public const int Interrupted = 130;

    /// <summary>Whoever read the output has gone, as in <c>analemma logs -f x | head</c>: 128 + SIGPIPE.</summary>
    public const int ReaderGone = 141;
}

using Analemma.Abi;
using Analemma.Cli.Output;

namespace Analemma.Cli.Copying;

/// <summary>Counts what a copy does, and after the first second shows it to whoever watches.</summary>
internal sealed class CopyTally(Terminal terminal, bool quiet)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    private readonly List<string> _skipped = [];
    private readonly long _started = terminal.Time.GetTimestamp();
    private TimeSpan _shownAt = Patience - Interval;
    private bool _shown;
    private int _files;
    private int _folders;
    private long _bytes;

    public void Folder() => _folders++;

    public void File() => _files++;

    public void Bytes(int count)
    {
        _bytes += count;
        var elapsed = terminal.Time.GetElapsedTime(_started);
        if (!quiet && terminal.ErrorInteractive && elapsed - _shownAt >= Interval)
        {
            (_shown, _shownAt) = (true, elapsed);
            terminal.RewriteError();
            terminal.Error.Write($"copied {_files} files, {ByteSize.Format(_bytes)} ");
        }
    }

    /// <summary>Something that is not copied, with the reason.</summary>
    public void Skip(string path, string reason) => _skipped.Add($"{path}: {reason}");

    public CopyReport Finish()
    {
        if (_shown)
        {
            terminal.Error.WriteLine();
        }

        return new CopyReport(_files, _folders, _bytes, _skipped);
    }
}

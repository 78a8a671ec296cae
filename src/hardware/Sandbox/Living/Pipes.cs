using Analemma.Linux;
using Microsoft.Win32.SafeHandles;

namespace Analemma.Sandbox.Living;

/// <summary>Two pipes to a first process's standard input and from its standard output: its ends, and ours.</summary>
internal sealed class Pipes : IDisposable
{
    private readonly SafeFileHandle _input;
    private readonly SafeFileHandle _ourInput;
    private readonly SafeFileHandle _output;
    private readonly SafeFileHandle _ourOutput;
    private bool _isOurs = true;

    public Pipes()
    {
        (_input, _ourInput) = HostFiles.MakePipe(readBlocks: true, writeBlocks: false);
        (_ourOutput, _output) = HostFiles.MakePipe(readBlocks: false);
    }

    /// <summary>The ends of the first process; the caller's, to dispose of once it has them.</summary>
    public (SafeFileHandle Input, SafeFileHandle Output) TakeTheirs() => (_input, _output);

    /// <summary>Our ends, from now on somebody else's.</summary>
    public (Stream Input, Stream Output) Ours(Watcher watcher)
    {
        _isOurs = false;
        return (new PipeStream(_ourInput, watcher, isInput: true), new PipeStream(_ourOutput, watcher, isInput: false));
    }

    public void Dispose()
    {
        if (_isOurs)
        {
            _input.Dispose();
            _output.Dispose();
            _ourInput.Dispose();
            _ourOutput.Dispose();
        }
    }
}

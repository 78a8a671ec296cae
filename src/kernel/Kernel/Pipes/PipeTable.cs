using System.Text.Json.Serialization;
using Analemma.Abi;
using Analemma.Abi.Syscalls;

namespace Analemma.Kernel.Pipes;

/// <summary>
/// The pipes of this kernel start, and who holds their ends. Durable while the kernel lives, so that a SPAWN decides
/// from what the journal has; bytes are not the kernel's business.
/// </summary>
public sealed class PipeTable
{
    private readonly SortedDictionary<long, Pipe> _all = [];

    public long NextId { get; internal set; } = 1;

    public int Count => _all.Count;

    public IEnumerable<Pipe> All => _all.Values;

    public Pipe? Find(long id) => _all.GetValueOrDefault(id);

    public int CountOf(ProcessId opener) => _all.Values.Count(pipe => pipe.Opener == opener);

    internal Pipe Open(ProcessId opener, ProcessId reader, ProcessId writer)
    {
        Pipe pipe = new()
        {
            Id = NextId++,
            Opener = opener,
            Reader = new PipeEnd(reader, IsStream: false),
            Writer = new PipeEnd(writer, IsStream: false),
        };
        _all.Add(pipe.Id, pipe);
        return pipe;
    }

    internal void Add(Pipe pipe) => _all.Add(pipe.Id, pipe);

    /// <summary>Closes an end; the pipe is gone with its second.</summary>
    internal void Close(Pipe pipe, bool isReader)
    {
        pipe.Reader = isReader ? null : pipe.Reader;
        pipe.Writer = isReader ? pipe.Writer : null;
        if (pipe is { Reader: null, Writer: null })
        {
            _all.Remove(pipe.Id);
        }
    }

    /// <summary>They were this kernel's.</summary>
    internal void Clear() => _all.Clear();
}

/// <summary>One pipe: an end is null once it is closed.</summary>
public sealed class Pipe
{
    public required long Id { get; init; }

    /// <summary>Whose bound it counts against; None for the host.</summary>
    public ProcessId Opener { get; init; }

    public PipeEnd? Reader { get; set; }

    public PipeEnd? Writer { get; set; }

    public PipeEnd? End(bool isReader) => isReader ? Reader : Writer;

    public PipeView View() => new(Id) { Reader = Reader?.View(), Writer = Writer?.View() };
}

/// <summary>Who holds an end; as a stream it is a process's standard input or output.</summary>
public sealed record PipeEnd(ProcessId Holder, bool IsStream)
{
    [JsonIgnore]
    public bool IsHosts => Holder == ProcessId.None;

    public PipeEndView View() => new(Holder) { IsStream = IsStream };
}

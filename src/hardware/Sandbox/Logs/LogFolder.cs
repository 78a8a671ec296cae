using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Analemma.Sandbox.Logs;

// THE LOG OF A SANDBOX
//
// Files log.1, log.2 … in the sandbox's folder, each at most a quarter of the limit; when a fifth would begin, the
// first is deleted and its bytes counted as dropped. A file is a sequence of records with nothing between them:
//
//   offset  size  field
//        0     1  stream   1 stdout, 2 stderr
//        1     3  length   of the body, little-endian
//        4     n  body     as it was read, so that the order of the streams is kept
//
// Written by one thread, read by any number. A record torn by a crash is cut off when the log is opened again.
internal sealed class LogFolder : ILogSource, IDisposable
{
    public const int HeaderSize = 4;
    public const int BodySizeMax = 64 * 1024;

    private const int FilesMax = 4;
    private const int FileBytesMin = 1024;
    private const string Prefix = "log.";

    private readonly Lock _gate = new();
    private readonly string _folder;
    private long _fileBytesMax;
    private readonly List<long> _sizes = [];
    private readonly List<int> _records = [];
    private long _first = 1;
    private long _dropped;
    private bool _ended;
    private SafeFileHandle? _writing;
    private TaskCompletionSource? _grown;

    /// <summary>Takes in what was printed and is still on its way; asked before the log is read.</summary>
    public event Action? Draining;

    public LogFolder(string folder, long bytesMax)
    {
        _folder = folder;
        Limit(bytesMax);
        Reopen();
    }

    /// <summary>The largest body that fits in a file.</summary>
    public int BodyBytesMax => (int)Math.Min(BodySizeMax, _fileBytesMax - HeaderSize);

    /// <summary>Sets the limit anew; it holds from the next file on.</summary>
    public void Limit(long bytesMax) =>
        Interlocked.Exchange(ref _fileBytesMax, Math.Max(bytesMax / FilesMax, FileBytesMin));

    /// <summary>Adds a record. The header is written into the first bytes of the buffer; the body follows it.</summary>
    public void Append(int stream, Span<byte> buffer)
    {
        BinaryPrimitives.WriteInt32LittleEndian(buffer, ((buffer.Length - HeaderSize) << 8) | stream);
        TaskCompletionSource? grown;
        lock (_gate)
        {
            if (_ended)
            {
                return;
            }

            try
            {
                WriteLocked(buffer);
            }
            catch (IOException)
            {
                // The disk is full, say. The agent must not be held up by that: its output is lost, and counted.
                _dropped += buffer.Length - HeaderSize;
            }

            (grown, _grown) = (_grown, null);
        }

        grown?.TrySetResult();
    }

    /// <summary>Nothing more comes: lets followers finish.</summary>
    public void End()
    {
        TaskCompletionSource? grown;
        lock (_gate)
        {
            _ended = true;
            _writing?.Dispose();
            _writing = null;
            (grown, _grown) = (_grown, null);
        }

        grown?.TrySetResult();
    }

    public async Task<long> ReadAsync(
        ExecOutput output, int? tailLines, bool follow, CancellationToken cancellationToken)
    {
        Draining?.Invoke();
        var skip = tailLines is { } lines ? await LinesBeforeTailAsync(lines, cancellationToken) : 0;
        Position place = new(0, 0);
        long read = 0;
        long appended;
        var buffer = ArrayPool<byte>.Shared.Rent(HeaderSize + BodySizeMax);
        try
        {
            while (true)
            {
                var grown = follow ? Grown() : null;
                (place, skip, var more, appended) = await ReadOnAsync(place, skip, buffer, output, cancellationToken);
                read += more;
                if (grown is null)
                {
                    break;
                }

                await grown.WaitAsync(cancellationToken);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return appended - read;
    }

    public void Dispose() => End();

    // Null once nothing more comes. Taken before reading, so that what comes while reading is not missed.
    private Task? Grown()
    {
        lock (_gate)
        {
            return _ended
                ? null
                : (_grown ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    // Reads all that there is. Tells how much, and how much had ever been appended when the last of it was read.
    private async Task<(Position Place, long Skip, long Read, long Appended)> ReadOnAsync(
        Position place, long skip, byte[] buffer, ExecOutput output, CancellationToken cancellationToken)
    {
        long read = 0;
        long appended;
        while (TryNext(ref place, out var end, out appended))
        {
            using var file = TryOpen(place.File);
            if (file is null)
            {
                place = new Position(place.File + 1, 0);
                continue;
            }

            while (place.Offset < end)
            {
                var body = ReadRecord(file, place.Offset, buffer, out var stream);
                var whole = body.Length + HeaderSize;
                read += body.Length;
                SkipLines(ref body, ref skip);
                if (body.Length > 0)
                {
                    await output(stream, body);
                }

                place = place with { Offset = place.Offset + whole };
                cancellationToken.ThrowIfCancellationRequested();
            }
        }

        return (place, skip, read, appended);
    }

    private async Task<long> LinesBeforeTailAsync(int tailLines, CancellationToken cancellationToken)
    {
        long lines = 0;
        var endsInside = false;
        var buffer = new byte[HeaderSize + BodySizeMax];
        await ReadOnAsync(new Position(0, 0), 0, buffer, Count, cancellationToken);
        return Math.Max(0, lines + (endsInside ? 1 : 0) - tailLines);

        ValueTask Count(int stream, ReadOnlyMemory<byte> bytes)
        {
            lines += bytes.Span.Count((byte)'\n');
            endsInside = bytes.Span[^1] != (byte)'\n';
            return default;
        }
    }

    private static void SkipLines(ref ReadOnlyMemory<byte> body, ref long skip)
    {
        while (skip > 0 && body.Length > 0)
        {
            var line = body.Span.IndexOf((byte)'\n');
            if (line < 0)
            {
                body = default;
                return;
            }

            body = body[(line + 1)..];
            skip--;
        }
    }

    private static ReadOnlyMemory<byte> ReadRecord(SafeFileHandle file, long offset, byte[] buffer, out int stream)
    {
        RandomAccess.Read(file, buffer.AsSpan(0, HeaderSize), offset);
        var header = BinaryPrimitives.ReadInt32LittleEndian(buffer);
        stream = header & 0xff;
        var length = header >>> 8;
        var read = RandomAccess.Read(file, buffer.AsSpan(HeaderSize, length), offset + HeaderSize);
        return buffer.AsMemory(HeaderSize, read);
    }

    // Moves to the file where reading goes on; false when all is read.
    private bool TryNext(ref Position place, out long end, out long appended)
    {
        lock (_gate)
        {
            appended = _dropped + _sizes.Sum() - (_records.Sum() * (long)HeaderSize);
            if (place.File < _first)
            {
                place = new Position(_first, 0);
            }

            while (place.File - _first < _sizes.Count)
            {
                end = _sizes[(int)(place.File - _first)];
                if (place.Offset < end)
                {
                    return true;
                }

                if (place.File - _first == _sizes.Count - 1)
                {
                    break;
                }

                place = new Position(place.File + 1, 0);
            }

            end = 0;
            return false;
        }
    }

    private SafeFileHandle? TryOpen(long file)
    {
        try
        {
            return File.OpenHandle(PathOf(file), share: FileShare.ReadWrite | FileShare.Delete);
        }
        catch (FileNotFoundException)
        {
            // Rotated out meanwhile.
            return null;
        }
    }

    private void WriteLocked(ReadOnlySpan<byte> record)
    {
        if (_sizes.Count == 0 || _sizes[^1] + record.Length > _fileBytesMax)
        {
            BeginFileLocked();
        }

        _writing ??= OpenToWriteLocked();
        RandomAccess.Write(_writing, record, _sizes[^1]);
        _sizes[^1] += record.Length;
        _records[^1]++;
    }

    private void BeginFileLocked()
    {
        _writing?.Dispose();
        _writing = null;
        _sizes.Add(0);
        _records.Add(0);
        if (_sizes.Count > FilesMax)
        {
            _dropped += _sizes[0] - (_records[0] * (long)HeaderSize);
            File.Delete(PathOf(_first));
            _sizes.RemoveAt(0);
            _records.RemoveAt(0);
            _first++;
        }
    }

    private SafeFileHandle OpenToWriteLocked() => File.OpenHandle(
        PathOf(_first + _sizes.Count - 1),
        FileMode.OpenOrCreate,
        FileAccess.Write,
        FileShare.ReadWrite | FileShare.Delete);

    // What an earlier kernel wrote: whole records count, a torn last one is overwritten.
    private void Reopen()
    {
        List<long> files = [];
        foreach (var path in Directory.EnumerateFiles(_folder, Prefix + "*"))
        {
            if (long.TryParse(Path.GetFileName(path)[Prefix.Length..], CultureInfo.InvariantCulture, out var number))
            {
                files.Add(number);
            }
        }

        files.Sort();
        _first = files.Count > 0 ? files[0] : 1;
        var header = new byte[HeaderSize];
        foreach (var number in files)
        {
            using var file = File.OpenHandle(PathOf(number));
            var size = RandomAccess.GetLength(file);
            long offset = 0;
            var records = 0;
            while (offset + HeaderSize <= size)
            {
                RandomAccess.Read(file, header, offset);
                var next = offset + HeaderSize + (BinaryPrimitives.ReadInt32LittleEndian(header) >>> 8);
                if (next > size)
                {
                    break;
                }

                offset = next;
                records++;
            }

            _sizes.Add(offset);
            _records.Add(records);
        }
    }

    private string PathOf(long file) => $"{_folder}/{Prefix}{file.ToString(CultureInfo.InvariantCulture)}";

    private readonly record struct Position(long File, long Offset);
}

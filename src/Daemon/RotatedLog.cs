using System.Globalization;
using System.Text;
using Analemma.Linux;
using Microsoft.Win32.SafeHandles;

namespace Analemma.Daemon;

// THE LOG OF A KERNEL IN THE BACKGROUND
//
//   kernel.log   kernel.log.1   kernel.log.2   kernel.log.3       newest first, each at most a quarter of the limit
//
// A line that does not fit begins the next file. That is opened first and then takes the name, so that every line is
// whole in one file; where none can be made the one that there is grows on.
/// <summary>Lines in files that together keep to a limit; the oldest go first.</summary>
internal sealed class RotatedLog : TextWriter
{
    /// <summary>Files that are kept, the one that is written included.</summary>
    public const int FilesMax = 4;

    private readonly Lock _gate = new();
    private readonly string _path;
    private readonly long _fileBytesMax;
    private readonly Action<SafeFileHandle> _opened;
    private SafeFileHandle _file;
    private long _size;
    private long _rotatesAt;
    private bool _isTorn;

    /// <param name="path">Of the file that is written.</param>
    /// <param name="bytesMax">Of all files together.</param>
    /// <param name="opened">Told of each file that is to be written from then on.</param>
    public RotatedLog(string path, long bytesMax, Action<SafeFileHandle> opened)
        : base(CultureInfo.InvariantCulture)
    {
        (_path, _fileBytesMax, _opened) = (path, bytesMax / FilesMax, opened);
        _rotatesAt = _fileBytesMax;
        _file = HostFiles.OpenToAppend(path);
        _size = RandomAccess.GetLength(_file);
        opened(_file);
    }

    public override Encoding Encoding => Encoding.UTF8;

    public override void Write(char value) => Write(value.ToString());

    public override void Write(string? value) => Append(Encoding.UTF8.GetBytes(value ?? ""));

    public override void WriteLine(string? value) => Append(Encoding.UTF8.GetBytes(value + "\n"));

    protected override void Dispose(bool disposing)
    {
        lock (_gate)
        {
            _file.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            if (_size > 0 && _size + bytes.Length > _rotatesAt)
            {
                Rotate();
            }

            if (_isTorn)
            {
                Write("\n"u8);
            }

            _isTorn = true;
            Write(bytes);
            _isTorn = false;
        }
    }

    // The file is one to append to: where it is written does not matter.
    private void Write(ReadOnlySpan<byte> bytes)
    {
        RandomAccess.Write(_file, bytes, _size);
        _size += bytes.Length;
    }

    private void Rotate()
    {
        var next = $"{_path}.new";
        SafeFileHandle? file = null;
        try
        {
            file = HostFiles.OpenToAppend(next);
            for (var number = FilesMax - 1; number > 1; number--)
            {
                if (File.Exists(Older(number - 1)))
                {
                    File.Move(Older(number - 1), Older(number), overwrite: true);
                }
            }

            File.Move(_path, Older(1), overwrite: true);
            File.Move(next, _path);
            _opened(file);
            _file.Dispose();
            (_file, _size, _rotatesAt) = (file, 0, _fileBytesMax);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException or LinuxException)
        {
            file?.Dispose();
            _rotatesAt = _size + _fileBytesMax;
        }
    }

    private string Older(int number) => string.Create(CultureInfo.InvariantCulture, $"{_path}.{number}");
}

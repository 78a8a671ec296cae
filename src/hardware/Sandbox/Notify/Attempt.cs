using System.Text;

namespace Analemma.Sandbox.Notify;

/// <summary>
/// What a notified syscall asked for, as far as it was read from its caller. Reused from call to call.
/// </summary>
internal sealed class Attempt
{
    public const int PathBytesMax = 4096;

    private const int ShownCharsMax = 256;

    private readonly byte[] _bytes = new byte[PathBytesMax + 1];
    private readonly byte[] _folder = new byte[PathBytesMax + 1];
    private readonly byte[] _joined = new byte[(2 * PathBytesMax) + 2];

    public int Pid { get; set; }

    /// <summary>Where a path or an address is read into.</summary>
    public Span<byte> Buffer => _bytes;

    public int Length { get; set; }

    /// <summary>Where the name of the folder that a relative path starts from is read into.</summary>
    public Span<byte> FolderBuffer => _folder;

    public int FolderLength { get; set; }

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, Length);

    /// <summary>Ends with a NUL; empty when the folder of a relative path is not known.</summary>
    public ReadOnlySpan<byte> AbsolutePath()
    {
        if (Length > 0 && _bytes[0] == (byte)'/')
        {
            return _bytes.AsSpan(0, Length + 1);
        }

        if (FolderLength == 0)
        {
            return [];
        }

        _folder.AsSpan(0, FolderLength).CopyTo(_joined);
        _joined[FolderLength] = (byte)'/';
        _bytes.AsSpan(0, Length).CopyTo(_joined.AsSpan(FolderLength + 1));
        _joined[FolderLength + 1 + Length] = 0;
        return _joined.AsSpan(0, FolderLength + 1 + Length + 1);
    }

    /// <summary>Foreign bytes made safe to show: no control characters, and not long.</summary>
    public static string Show(ReadOnlySpan<byte> bytes)
    {
        var text = Encoding.UTF8.GetString(bytes.Length > 0 && bytes[^1] == 0 ? bytes[..^1] : bytes);
        var shown = new StringBuilder(Math.Min(text.Length, ShownCharsMax));
        foreach (var character in text)
        {
            if (shown.Length >= ShownCharsMax)
            {
                return shown.Append('…').ToString();
            }

            shown.Append(char.IsControl(character) ? '?' : character);
        }

        return shown.ToString();
    }

    /// <summary>FNV-1a: equal attempts are equal, and a collision only counts two as one.</summary>
    public static ulong Identity(int number, ReadOnlySpan<byte> bytes)
    {
        unchecked
        {
            var hash = 14695981039346656037UL ^ (uint)number;
            foreach (var one in bytes)
            {
                hash = (hash ^ one) * 1099511628211UL;
            }

            return hash;
        }
    }
}

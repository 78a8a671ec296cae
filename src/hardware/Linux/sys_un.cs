using System.Text;

namespace Analemma.Linux;

/// <summary>struct sockaddr_un of &lt;sys/un.h&gt;: a family, then a path with its final NUL. unix(7).</summary>
public static class UnixAddress
{
    /// <summary>The longest path, without the NUL.</summary>
    public const int PathBytesMax = 107;

    private const int FamilySize = 2;

    public static bool Fits(string path) => Encoding.UTF8.GetByteCount(path) is > 0 and <= PathBytesMax;

    internal static byte[] Of(string path)
    {
        if (!Fits(path))
        {
            throw new ArgumentException($"a socket path has 1 to {PathBytesMax} bytes, unlike {path}", nameof(path));
        }

        var address = new byte[FamilySize + Encoding.UTF8.GetByteCount(path) + 1];
        address[0] = LibC.AF_UNIX;
        Encoding.UTF8.GetBytes(path, address.AsSpan(FamilySize));
        return address;
    }
}

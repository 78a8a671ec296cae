using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using Analemma.Sandbox.Logs;

namespace Analemma.Daemon.Runners.Network;

// A host that is asked with a secret may say it back, in an error or as an echo, and the agent that asked must not have
// it. What goes by is searched for the secret as it is and as JSON, a URL and base64 write it, also across pieces; what
// is found is overwritten with asterisks, byte for byte, so that lengths stay. A host that wants to give a secret away
// can write it in a way of its own: a rule's host is trusted with its secret, and not to be a friend of the agent.

/// <summary>Makes secrets unreadable in bytes that come in pieces.</summary>
internal sealed class SecretMask : ILogFilter
{
    /// <summary>What is shorter is in every second text, and no secret.</summary>
    private const int SecretBytesMin = 6;

    private readonly byte[][] _forms;
    private readonly ArrayBufferWriter<byte> _held = new();

    public SecretMask(IEnumerable<string> secrets)
        : this([.. secrets.Where(secret => secret.Length >= SecretBytesMin)
            .SelectMany(Forms)
            .Distinct(StringComparer.Ordinal)
            .OrderByDescending(form => form.Length)])
    {
    }

    private SecretMask(List<string> forms) => _forms = [.. forms.Select(Encoding.UTF8.GetBytes)];

    /// <summary>For texts in which secrets look as <see cref="FormsOf"/> says.</summary>
    public static SecretMask ForForms(IEnumerable<string> forms) =>
        new([.. forms.Where(form => form.Length >= SecretBytesMin).OrderByDescending(form => form.Length)]);

    /// <summary>Occurrences that were made unreadable.</summary>
    public long Found { get; private set; }

    public bool IsIdle => _forms.Length == 0;

    /// <summary>The same text without secrets: a header's value.</summary>
    public string Mask(string text)
    {
        if (IsIdle)
        {
            return text;
        }

        var bytes = Encoding.Latin1.GetBytes(text);
        Cover(bytes);
        return Encoding.Latin1.GetString(bytes);
    }

    /// <summary>
    /// What may go on now: all but an end that could be the beginning of a secret. Valid until the next call.
    /// </summary>
    public ReadOnlyMemory<byte> Next(ReadOnlyMemory<byte> piece)
    {
        if (IsIdle)
        {
            return piece;
        }

        _held.Write(piece.Span);
        var all = _held.WrittenSpan.ToArray();
        Cover(all);
        var keep = LongestBeginning(all);
        _held.ResetWrittenCount();
        _held.Write(all.AsSpan(all.Length - keep));
        return all.AsMemory(0, all.Length - keep);
    }

    /// <summary>What was held back, at the end.</summary>
    public ReadOnlyMemory<byte> Rest()
    {
        var rest = _held.WrittenMemory.ToArray();
        _held.ResetWrittenCount();
        return rest;
    }

    /// <summary>
    /// What a secret may look like in texts that are whole, the longest first. Also each of its lines, which is how one
    /// of several lines is often printed.
    /// </summary>
    public static IReadOnlyList<string> FormsOf(string secret) =>
    [
        .. Forms(secret)
            .Concat(secret.Split(['\r', '\n']))
            .Where(form => form == secret || form.Length >= SecretBytesMin)
            .Distinct(StringComparer.Ordinal)
            .OrderByDescending(form => form.Length),
    ];

    private static IEnumerable<string> Forms(string secret)
    {
        yield return secret;
        yield return Uri.EscapeDataString(secret);
        yield return JavaScriptEncoder.Default.Encode(secret);
        yield return JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(secret);

        // In base64 a text looks different at each of three places; only the characters that it alone decides.
        var bytes = Encoding.UTF8.GetBytes(secret);
        for (var before = 0; before < 3; before++)
        {
            var coded = Convert.ToBase64String([.. new byte[before], .. bytes]);
            var from = ((before * 8) + 5) / 6;
            var to = (before + bytes.Length) * 8 / 6;
            if (to - from >= SecretBytesMin)
            {
                yield return coded[from..to];
                yield return coded[from..to].Replace('+', '-').Replace('/', '_');
            }
        }
    }

    private void Cover(Span<byte> bytes)
    {
        foreach (var form in _forms)
        {
            for (var rest = bytes; rest.IndexOf(form) is >= 0 and var at;)
            {
                rest.Slice(at, form.Length).Fill((byte)'*');
                rest = rest[(at + form.Length)..];
                Found++;
            }
        }
    }

    private int LongestBeginning(ReadOnlySpan<byte> bytes)
    {
        var longest = 0;
        foreach (var form in _forms)
        {
            for (var length = Math.Min(form.Length - 1, bytes.Length); length > longest; length--)
            {
                if (bytes[^length..].SequenceEqual(form.AsSpan(0, length)))
                {
                    longest = length;
                    break;
                }
            }
        }

        return longest;
    }
}

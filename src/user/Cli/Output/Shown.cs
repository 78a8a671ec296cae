using System.Text;

namespace Analemma.Cli.Output;

// WHAT OTHERS SAY IS SHOWN, NOT OBEYED
//
// Agents choose names, reasons, messages and output; models and servers of tools choose texts. To a terminal, control
// characters in them are commands: to move and forge what it shows, to set its title, to fill the clipboard. So on a
// terminal they become pictures of themselves. What goes into a file or a pipe stays as it is: see ADR 58.

/// <summary>Text of others as it can be shown.</summary>
internal static class Shown
{
    private const char Escape = '\u001b';

    /// <summary>One line of a table or a list, wherever it goes: it cannot pass for two.</summary>
    public static string Line(string text) => Of(text, kept: "");

    /// <summary>A text with its lines.</summary>
    public static string Of(ReadOnlySpan<char> text, string kept = "\n\t")
    {
        var shown = text.ToString();
        foreach (var character in text)
        {
            if (IsCommand(character) && !kept.Contains(character, StringComparison.Ordinal))
            {
                return string.Concat(shown.Select(each =>
                    IsCommand(each) && !kept.Contains(each, StringComparison.Ordinal) ? Picture(each) : each));
            }
        }

        return shown;
    }

    /// <summary>Control characters, ends of lines, and what turns the direction of writing around.</summary>
    private static bool IsCommand(char character) => char.IsControl(character)
        || character is (>= '\u2028' and <= '\u202e') or (>= '\u2066' and <= '\u2069');

    private static char Picture(char character) => character switch
    {
        < ' ' => (char)(0x2400 + character),
        '\u007f' => '\u2421',
        _ => '\ufffd',
    };

    /// <summary>Writes texts of others to a terminal.</summary>
    public sealed class Writer(TextWriter terminal) : TextWriter
    {
        public override Encoding Encoding => terminal.Encoding;

        public override void Write(char value) => terminal.Write(Of([value]));

        public override void Write(string? value) => terminal.Write(Of(value));

        public override void Write(char[] buffer, int index, int count) =>
            terminal.Write(Of(buffer.AsSpan(index, count)));

        public override void Write(ReadOnlySpan<char> buffer) => terminal.Write(Of(buffer));

        public override void Flush() => terminal.Flush();

        public override Task FlushAsync() => terminal.FlushAsync();
    }

    /// <summary>Writes the output of agents to a terminal. It may have colours, and begin its line anew.</summary>
    public sealed class Output(Stream terminal) : Stream
    {
        private const int SequenceCharsMax = 32;

        private static readonly byte[] NoColours = [.. "\u001b[0m"u8];

        // A character, or a sequence, may be cut between two pieces.
        private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
        private readonly StringBuilder _sequence = new();
        private bool _hasColours;

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        /// <summary>Nobody else is to write in the agent's colours.</summary>
        public void End()
        {
            if (_hasColours)
            {
                _hasColours = false;
                terminal.Write(NoColours);
                terminal.Flush();
            }
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer) => terminal.Write(Filtered(buffer));

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override ValueTask WriteAsync(
            ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            terminal.WriteAsync(Filtered(buffer.Span), cancellationToken);

        public override void Flush() => terminal.Flush();

        public override Task FlushAsync(CancellationToken cancellationToken) => terminal.FlushAsync(cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        private byte[] Filtered(ReadOnlySpan<byte> bytes)
        {
            var characters = new char[Encoding.UTF8.GetMaxCharCount(bytes.Length)];
            var count = _decoder.GetChars(bytes, characters, flush: false);
            StringBuilder shown = new();
            foreach (var character in characters.AsSpan(0, count))
            {
                Take(character, shown);
            }

            return Encoding.UTF8.GetBytes(shown.ToString());
        }

        private void Take(char character, StringBuilder shown)
        {
            if (_sequence.Length == 0 && character != Escape)
            {
                shown.Append(Of([character], kept: "\n\t\r"));
                return;
            }

            _sequence.Append(character);
            if (GoesOn(character))
            {
                return;
            }

            var sequence = _sequence.ToString();
            _sequence.Clear();
            if (sequence.Length > 2 && character == 'm')
            {
                _hasColours = true;
                shown.Append(sequence);
                return;
            }

            shown.Append(Picture(Escape));
            foreach (var rest in sequence.AsSpan(1))
            {
                Take(rest, shown);
            }
        }

        /// <summary>ESC [ and numbers: ECMA-48, 8.3.117, Select Graphic Rendition.</summary>
        private bool GoesOn(char character) => _sequence.Length switch
        {
            1 => true,
            2 => character == '[',
            _ => _sequence.Length < SequenceCharsMax && (char.IsAsciiDigit(character) || character is ';' or ':'),
        };
    }
}

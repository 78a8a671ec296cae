namespace Analemma.Daemon.Configuration.Files;

/// <summary>A place in a TOML text.</summary>
internal sealed class TomlCursor(string text)
{
    private int _at;

    public int Line { get; private set; } = 1;

    public bool IsAtEnd => _at >= text.Length;

    public bool IsAtLineEnd => Peek is '\0' or '\n' or '#' || (Peek == '\r' && PeekNext == '\n');

    /// <summary>NUL at the end.</summary>
    public char Peek => IsAtEnd ? '\0' : text[_at];

    private char PeekNext => _at + 1 < text.Length ? text[_at + 1] : '\0';

    /// <summary>At the end it stays there and returns NUL.</summary>
    public char Take()
    {
        if (IsAtEnd)
        {
            return '\0';
        }

        var taken = Peek;
        if (taken == '\n')
        {
            Line++;
        }

        _at++;
        return taken;
    }

    public bool TryTake(char wanted)
    {
        if (IsAtEnd || Peek != wanted)
        {
            return false;
        }

        Take();
        return true;
    }

    public void Expect(char wanted, string where)
    {
        if (!TryTake(wanted))
        {
            throw Wrong($"expected '{wanted}' {where}, found {Found()}");
        }
    }

    public string TakeWhile(Func<char, bool> belongs)
    {
        var start = _at;
        while (!IsAtEnd && belongs(Peek))
        {
            Take();
        }

        return text[start.._at];
    }

    public void SkipBlank() => TakeWhile(character => character is ' ' or '\t');

    /// <summary>Blanks, line ends and comments: what may stand between the items of a list.</summary>
    public void SkipBlankLines()
    {
        while (true)
        {
            TakeWhile(character => character is ' ' or '\t' or '\n' or '\r');
            if (Peek != '#')
            {
                return;
            }

            TakeWhile(character => character != '\n');
        }
    }

    /// <summary>Takes a comment and the line end; anything else is a mistake.</summary>
    public void EndLine()
    {
        if (!IsAtLineEnd)
        {
            throw Wrong($"expected the end of the line, found {Found()}");
        }

        SkipLine();
    }

    public void SkipLine()
    {
        TakeWhile(character => character != '\n');
        TryTake('\n');
    }

    public TomlException Wrong(string message) => new(Line, message);

    public string Found() =>
        IsAtEnd ? "the end of the file" : Peek is '\n' or '\r' ? "the end of the line" : $"'{Peek}'";
}

/// <summary>A mistake in a TOML text. Handled by <see cref="TomlFile"/>, which lists it.</summary>
internal sealed class TomlException(int line, string message) : Exception(message)
{
    public int Line { get; } = line;
}

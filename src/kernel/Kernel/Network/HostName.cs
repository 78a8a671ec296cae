using System.Globalization;

namespace Analemma.Kernel.Network;

/// <summary>
/// A host in the one form that is compared, and that is sent: an address, or a name in lower case, in ASCII, without a
/// final dot. What has no such form is refused rather than guessed.
/// </summary>
public readonly record struct HostName(string Text, NetAddress? Address)
{
    private const int NameCharsMax = 253;
    private const int LabelCharsMax = 63;

    private static readonly IdnMapping Idn = new() { UseStd3AsciiRules = false };

    /// <summary>As an URL has it: an IPv6 address in brackets.</summary>
    public string InUrl => Address is { IsV6: true } ? $"[{Text}]" : Text;

    public override string ToString() => Text;

    /// <summary>Null, with the reason, when the text is no host.</summary>
    public static HostName? Parse(string text, out string? problem)
    {
        problem = null;
        if (text.Contains(':', StringComparison.Ordinal) || text.StartsWith('['))
        {
            // RFC 6874's zones are of one machine's links, and of no use to anybody else.
            return text is ['[', .., ']'] && NetAddress.TryParse(text, out var v6)
                ? Of(v6)
                : Refuse("an IPv6 address is written in brackets, without a zone", out problem);
        }

        var name = text.EndsWith('.') ? text[..^1] : text;
        if (ToAscii(name) is not { } ascii)
        {
            return Refuse("a name has letters, digits, hyphens and underscores between dots", out problem);
        }

        if (NetAddress.IsNumeric(ascii))
        {
            return NetAddress.TryParse(ascii, out var v4) ? Of(v4) : Refuse("the numbers are no address", out problem);
        }

        var labels = ascii.Split('.');
        return ascii.Length is 0 or > NameCharsMax || !labels.All(IsLabel)
            ? Refuse("a name has letters, digits, hyphens and underscores between dots", out problem)
            : new HostName(ascii, null);
    }

    private static HostName Of(NetAddress address)
    {
        // One address has one text: a mapped one is the IPv4 address that it stands for.
        var meant = AddressClasses.Unwrap(address);
        return new HostName(meant.ToString(), meant);
    }

    private static HostName? Refuse(string why, out string? problem)
    {
        problem = why;
        return null;
    }

    // RFC 3492, by the managed code that a culture-invariant program has: the same on every host. What it gives is
    // what is sent, so whether others would map a name elsewhere does not matter; what looks like ASCII is refused.
    private static string? ToAscii(string name)
    {
        if (name.All(char.IsAscii))
        {
            return name.ToLowerInvariant();
        }

        if (!name.All(character => char.IsAscii(character) || IsPlainLetter(character)))
        {
            return null;
        }

        try
        {
            return Idn.GetAscii(name.ToLowerInvariant()).ToLowerInvariant();
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static bool IsPlainLetter(char character) => character is < '\uF900' or > '\uFFEF'
        && char.GetUnicodeCategory(character) is UnicodeCategory.LowercaseLetter or UnicodeCategory.UppercaseLetter
            or UnicodeCategory.OtherLetter or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark
            or UnicodeCategory.DecimalDigitNumber;

    private static bool IsLabel(string label) => label.Length is > 0 and <= LabelCharsMax
        && label[0] != '-' && label[^1] != '-'
        && label.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_');
}

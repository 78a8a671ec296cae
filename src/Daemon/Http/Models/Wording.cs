using Analemma.Abi.Syscalls;

namespace Analemma.Daemon.Http.Models;

/// <summary>What several APIs say in the same words, or nearly.</summary>
internal static class Wording
{
    /// <summary>An image of a URL, which must hold it: no address is fetched on anybody's behalf here.</summary>
    public static ImagePart Image(Field url)
    {
        var text = url.RequiredText();
        const string Start = "data:";
        const string Mark = ";base64,";
        var mark = text.IndexOf(Mark, StringComparison.Ordinal);
        if (!text.StartsWith(Start, StringComparison.Ordinal) || mark < 0)
        {
            throw url.Unsupported("an image must be in the request", "send it as data:image/png;base64,…");
        }

        return new ImagePart(text[Start.Length..mark], text[(mark + Mark.Length)..]);
    }

    /// <summary>One model's effort to think, as the kernel names it.</summary>
    public static string? Effort(Field effort) => effort.Text() switch
    {
        null => null,
        "none" => "none",
        "minimal" => "minimal",
        "low" => "low",
        "medium" => "medium",
        "high" or "xhigh" or "max" => "high",
        _ => throw effort.Unsupported("it must be none, minimal, low, medium or high"),
    };

    /// <summary>Texts that belong to one message.</summary>
    public static string? Join(IReadOnlyCollection<string> texts) => texts.Count == 0 ? null : string.Join('\n', texts);

    /// <summary>One text or a list of them.</summary>
    public static IReadOnlyList<string>? Texts(Field field) => !field.IsThere ? null
        : field.IsText ? [field.Text()!]
        : [.. field.Items().Select(item => item.RequiredText())];

    /// <summary>A field that may be there, but with the one value that changes nothing.</summary>
    public static void OnlyZero(Field field)
    {
        if (field.Number() is { } number and not 0)
        {
            throw field.Unsupported($"{number} is not supported here, only 0", "leave it out");
        }
    }

    /// <summary>A field that may be there, but not with true.</summary>
    public static void OnlyFalse(Field field)
    {
        if (field.Flag() == true)
        {
            throw field.Unsupported("true is not supported here", "leave it out");
        }
    }
}

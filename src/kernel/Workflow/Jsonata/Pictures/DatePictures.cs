namespace Analemma.Workflow.Jsonata.Pictures;

/// <summary>
/// Pictures of dates in parts, for all runs of an expression. A picture is nearly always a literal, so the latest is
/// kept. Any thread.
/// </summary>
internal sealed class DatePictures
{
    private volatile Known? _latest;

    public IReadOnlyList<PicturePart> Of(string text)
    {
        if (_latest is not { } latest || latest.Text != text)
        {
            _latest = latest = new Known(text, DateTimePicture.Parse(text));
        }

        return latest.Parts;
    }

    private sealed record Known(string Text, IReadOnlyList<PicturePart> Parts);
}

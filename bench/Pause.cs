namespace Analemma.Bench;

/// <summary>Stands still between measurements, so that looking does not disturb what is looked at.</summary>
internal static class Pause
{
    public static void For(int milliseconds) =>
        Task.Delay(TimeSpan.FromMilliseconds(milliseconds), TimeProvider.System).GetAwaiter().GetResult();
}

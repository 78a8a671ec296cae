namespace Analemma.Sandbox.Logs;

/// <summary>
/// What goes over one stream of a sandbox before any of it is in the log: for secrets that it was given.
/// </summary>
public interface ILogFilter
{
    /// <summary>What may be kept now; the rest is held back. Valid until the next call.</summary>
    ReadOnlyMemory<byte> Next(ReadOnlyMemory<byte> piece);

    /// <summary>What was held back, at the stream's end.</summary>
    ReadOnlyMemory<byte> Rest();
}

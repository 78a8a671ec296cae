namespace Analemma.Fuzz;

/// <summary>Makes cases by their numbers.</summary>
internal interface ICases
{
    /// <summary>The case of that number, of at most so many parts; the same every time.</summary>
    byte[] Make(ulong number, int partsMax);
}

namespace Analemma.Integration.Tests;

/// <summary>The programs of users, as processes.</summary>
internal static class Product
{
    /// <summary>
    /// The folder that is named, with programs as they are built for use: compiled ahead of time, they start in half
    /// the time. Null for those that were built beside the tests.
    /// </summary>
    public static string? Folder { get; } = Environment.GetEnvironmentVariable("ANALEMMA_TEST_PRODUCT");

    public static string Kernel { get; } = Path.Combine(Folder ?? AppContext.BaseDirectory, "analemma-kernel");

    public static string Cli { get; } = Path.Combine(Folder ?? AppContext.BaseDirectory, "analemma-cli");
}

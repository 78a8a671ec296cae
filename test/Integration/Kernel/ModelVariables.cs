namespace Analemma.Integration.Tests.Kernel;

/// <summary>
/// The variables that lead a kernel to real models. They are taken from this program, and so from all that it starts:
/// nothing here may leave this machine.
/// </summary>
internal static class ModelVariables
{
    private static readonly string[] All =
    [
        "GEMINI_API_KEY", "GOOGLE_API_KEY", "GOOGLE_GEMINI_BASE_URL",
        "OPENAI_API_KEY", "OPENAI_BASE_URL",
        "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL",
    ];

    public static void Clear()
    {
        foreach (var variable in All)
        {
            Environment.SetEnvironmentVariable(variable, null);
        }
    }
}

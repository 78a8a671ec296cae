namespace Analemma.Workflow.Definitions;

/// <summary>The fields that a state may have, by its type and language (States Language, State Types).</summary>
internal static class StateFieldNames
{
    private const string Everywhere = "Type Comment QueryLanguage ";
    private const string Transition = "Next End ";
    private const string Errors = "Retry Catch ";

    private static readonly Dictionary<(string, QueryLanguage), HashSet<string>> Known = new()
    {
        [("Pass", QueryLanguage.JsonPath)] =
            Set(Transition + "InputPath OutputPath Parameters Result ResultPath Assign"),
        [("Pass", QueryLanguage.Jsonata)] = Set(Transition + "Output Assign"),
        [("Task", QueryLanguage.JsonPath)] = Set(
            Transition + Errors + "InputPath OutputPath Parameters ResultSelector ResultPath Assign Resource "
            + "TimeoutSeconds TimeoutSecondsPath HeartbeatSeconds HeartbeatSecondsPath Credentials"),
        [("Task", QueryLanguage.Jsonata)] = Set(
            Transition + Errors + "Arguments Output Assign Resource TimeoutSeconds HeartbeatSeconds Credentials"),
        [("Choice", QueryLanguage.JsonPath)] = Set("InputPath OutputPath Choices Default Assign"),
        [("Choice", QueryLanguage.Jsonata)] = Set("Choices Default Assign Output"),
        [("Wait", QueryLanguage.JsonPath)] =
            Set(Transition + "InputPath OutputPath Assign Seconds SecondsPath Timestamp TimestampPath"),
        [("Wait", QueryLanguage.Jsonata)] = Set(Transition + "Output Assign Seconds Timestamp"),
        [("Succeed", QueryLanguage.JsonPath)] = Set("InputPath OutputPath"),
        [("Succeed", QueryLanguage.Jsonata)] = Set("Output"),
        [("Fail", QueryLanguage.JsonPath)] = Set("Error ErrorPath Cause CausePath"),
        [("Fail", QueryLanguage.Jsonata)] = Set("Error Cause"),
        [("Parallel", QueryLanguage.JsonPath)] = Set(
            Transition + Errors + "InputPath OutputPath Parameters ResultSelector ResultPath Assign Branches"),
        [("Parallel", QueryLanguage.Jsonata)] = Set(Transition + Errors + "Arguments Output Assign Branches"),
        [("Map", QueryLanguage.JsonPath)] = Set(
            Transition + Errors + "InputPath OutputPath Parameters ResultSelector ResultPath Assign Iterator "
            + "ItemProcessor ItemsPath ItemSelector ItemReader ItemBatcher ResultWriter Label MaxConcurrency "
            + "MaxConcurrencyPath ToleratedFailureCount ToleratedFailureCountPath ToleratedFailurePercentage "
            + "ToleratedFailurePercentagePath"),
        [("Map", QueryLanguage.Jsonata)] = Set(
            Transition + Errors + "Output Assign Iterator ItemProcessor Items ItemSelector ItemReader ItemBatcher "
            + "ResultWriter Label MaxConcurrency ToleratedFailureCount ToleratedFailurePercentage"),
    };

    public static IReadOnlySet<string> Of(string type, QueryLanguage language) => Known[(type, language)];

    private static HashSet<string> Set(string names) =>
        new((Everywhere + names).Split(' ', StringSplitOptions.RemoveEmptyEntries), StringComparer.Ordinal);
}

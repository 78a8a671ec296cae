using System.Globalization;
using System.Text.RegularExpressions;

namespace Analemma.Daemon.Workflows.Api;

/// <summary>Names of things, and how they are read.</summary>
internal static partial class Arns
{
    public const int LengthMax = 2000;

    /// <summary>Of state machines, executions and activities.</summary>
    public const int NameLengthMax = 80;

    public static string Check(string arn) =>
        arn.StartsWith("arn:", StringComparison.Ordinal) && arn.Split(':').Length >= 6
            ? arn
            : throw ApiRefusedException.Arn(arn);

    /// <summary>What kind of thing it is of: stateMachine, execution, express, activity, mapRun.</summary>
    public static string KindOf(string arn) => arn.Split(':', 7)[5];

    /// <summary>Refuses an ARN of another kind, as the service does.</summary>
    public static string Check(string arn, params ReadOnlySpan<string> kinds) =>
        kinds.Contains(KindOf(Check(arn)))
            ? arn
            : throw new ApiRefusedException(
                "InvalidArn", $"Invalid Arn: 'Resource type not valid in this context: {KindOf(arn)}'");

    /// <summary>A state machine's ARN, and the version or alias behind it.</summary>
    public static (string Machine, string? Qualifier) Machine(string arn)
    {
        var parts = Check(arn, "stateMachine").Split(':');
        if (parts.Length > 6 && parts[6].Contains('/', StringComparison.Ordinal))
        {
            throw ApiRefusedException.Labeled(arn);
        }

        return parts.Length > 7 ? (string.Join(':', parts[..7]), parts[7]) : (arn, null);
    }

    /// <summary>The number of a version; null when the qualifier is an alias.</summary>
    public static int? VersionOf(string? qualifier) =>
        int.TryParse(qualifier, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    public static string Version(string machineArn, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{machineArn}:{number}");

    /// <summary>Refuses what cannot be a name (API reference, CreateStateMachine, name).</summary>
    public static string CheckName(string name) =>
        name.Length is > 0 and <= NameLengthMax && !Forbidden().IsMatch(name) && CanBeKept(name)
            ? name
            : throw new ApiRefusedException("InvalidName", $"Invalid Name: '{name}'");

    /// <summary>Whether a text can be kept in a store as it is: without control characters, and well-formed.</summary>
    public static bool CanBeKept(string text) => !Unkept().IsMatch(text);

    [GeneratedRegex("""[\s<>{}\[\]?*"#%\\^|~`$&,;:/\u0000-\u001f\u007f-\u009f\ufffe\uffff]""")]
    private static partial Regex Forbidden();

    // Half a surrogate pair is no character, and has no UTF-8.
    [GeneratedRegex(
        """[\u0000-\u001f\u007f-\u009f]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]""")]
    private static partial Regex Unkept();
}

using System.CommandLine;
using Analemma.Cli.Output;

namespace Analemma.Cli.Fleets;

/// <summary>How commands name a fleet: by its file, or by its name.</summary>
internal static class FleetArguments
{
    public static Argument<string> File() => new("FILE")
    {
        Description = $"The fleet file. Default {FleetFile.DefaultName} in this folder.",
        Arity = ArgumentArity.ZeroOrOne,
        DefaultValueFactory = _ => FleetFile.DefaultName,
    };

    public static Option<string?> Name() => new("--fleet")
    {
        HelpName = "NAME",
        Description = "The fleet, without its file.",
    };

    public static Option<string?> Timeout() => new("--timeout")
    {
        HelpName = "TIME",
        Description = "With --wait: give up after this long, such as 30s. Default 5m.",
    };

    /// <summary>Reads a file; prints what is wrong with it, all at once, and gives null.</summary>
    public static FleetFile? Load(Session session, string path)
    {
        var file = FleetFile.Load(path, session.Terminal.Environment);
        if (file.Problems.Count == 0)
        {
            return file;
        }

        Tell(session, file);
        return null;
    }

    /// <summary>The fleet's name, from the option or from a file that need not be right otherwise.</summary>
    public static string NameOf(Session session, string? name, string path) =>
        name ?? FleetFile.NameIn(path, session.Terminal.Environment);

    private static void Tell(Session session, FleetFile file)
    {
        var error = session.Terminal.Error;
        var count = Values.Plural.Of(file.Problems.Count, "problem");
        var message = $"{file.Path} has {count}; nothing was changed";
        if (session.Json)
        {
            var body = new FileErrorBody("fleet_invalid", message, file.Path, file.Problems);
            error.WriteLine($$"""{"error":{{JsonLook.LineOf(body, CliJsonContext.Default.FileErrorBody)}}}""");
            return;
        }

        foreach (var problem in file.Problems)
        {
            var where = problem.Path.Length == 0 ? "" : $"{problem.Path}: ";
            error.WriteLine($"{file.Path}:{problem.Line}:{problem.Column}: {where}{problem.Message}");
            if (problem.Hint is not null)
            {
                error.WriteLine($"  {problem.Hint}");
            }
        }

        ErrorOutput.Write(error, json: false, "fleet_invalid", message, hint: null);
    }
}

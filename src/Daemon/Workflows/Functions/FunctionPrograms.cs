using System.Collections.Concurrent;
using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Http;
using Analemma.Linux;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Functions;

/// <summary>
/// What environments run: a bootstrap of ours around a handler or a command, or a program that is its own bootstrap.
/// </summary>
internal sealed partial class FunctionPrograms(WorkflowOptions options)
{
    /// <summary>Where an environment sees its function's folder.</summary>
    public const string TaskRoot = "/mnt/task";

    private const string SourceMark = "%SOURCE%";
    private const long MemoryDefault = 256 * 1024 * 1024;

    /// <summary>rw-r--r--: the folder is for its owner alone.</summary>
    private const int ProgramMode = 0x1A4;

    // Files that are as they should be.
    private readonly ConcurrentDictionary<string, bool> _written = new(StringComparer.Ordinal);

    private static readonly string Python = Text("python.py");
    private static readonly string Node = Text("node.cjs");
    private static readonly string Command = Text("command.py");

    public Spawn SpawnOf(AgentFunction function, string name)
    {
        var agent = function.Agent ?? new Spawn();
        agent = agent with
        {
            Name = name,
            Env = EnvOf(function, agent, name),
            Limits = (agent.Limits ?? new ResourceLimits()) is var limits && function.MemoryBytes is { } memory
                ? limits with { Memory = memory } : limits,
            Mounts = function.Folder is { } folder
                ? [.. agent.Mounts ?? [], new MountRequest { Source = folder, Target = TaskRoot }] : agent.Mounts,
        };
        return function.Runtime switch
        {
            FunctionRuntime.Python => agent with
            {
                Script = FileOf(function, Python, ".py"),
                Args = [function.Handler],
            },
            FunctionRuntime.Node => agent with
            {
                Script = FileOf(function, Node, ".cjs"),
                Python = "node",
                Args = [function.Handler],
            },
            FunctionRuntime.Command => agent with
            {
                Script = FileOf(function, Command, ".py"),
                Args = [.. function.Argv],
            },
            _ when function.Source is not null => agent with
            {
                // A bootstrap in one file, with its interpreter before it.
                Script = FileOf(function, SourceMark, Extension(function)),
                Python = function.Argv.Count > 0 ? function.Argv[0] : null,
            },
            _ => agent with { Argv = function.Argv },
        };
    }

    // https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    private Dictionary<string, string> EnvOf(AgentFunction function, Spawn agent, string stream)
    {
        var memory = function.MemoryBytes ?? agent.Limits?.Memory ?? MemoryDefault;
        Dictionary<string, string> env = new(StringComparer.Ordinal)
        {
            ["AWS_REGION"] = options.Region,
            ["AWS_DEFAULT_REGION"] = options.Region,
            ["AWS_EXECUTION_ENV"] = $"Analemma_{AgentFunction.Word(function.Runtime)}",
            ["AWS_LAMBDA_FUNCTION_NAME"] = function.Name,
            ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = (memory / 1024 / 1024).ToString(CultureInfo.InvariantCulture),
            ["AWS_LAMBDA_FUNCTION_VERSION"] = "$LATEST",
            ["AWS_LAMBDA_INITIALIZATION_TYPE"] = "on-demand",
            ["AWS_LAMBDA_LOG_GROUP_NAME"] = $"/aws/lambda/{function.Name}",
            ["AWS_LAMBDA_LOG_STREAM_NAME"] = stream,
            ["AWS_LAMBDA_RUNTIME_API"] = $"127.0.0.1:{AgentEndpoints.Port}",
            ["LAMBDA_TASK_ROOT"] = function.Folder is null ? "/work" : TaskRoot,
            ["LAMBDA_RUNTIME_DIR"] = "/var/runtime",
            ["_HANDLER"] = function.Handler,
        };
        foreach (var (name, value) in agent.Env ?? new Dictionary<string, string>())
        {
            env[name] = value;
        }

        foreach (var (name, value) in function.Env)
        {
            env[name] = value;
        }

        return env;
    }

    /// <summary>Removes programs of functions that are no more, or are others now. What cannot go, stays.</summary>
    /// <param name="functions">Those that there are.</param>
    /// <param name="withDrafts">Whether nobody can be writing one just now.</param>
    public void Prune(IEnumerable<AgentFunction> functions, bool withDrafts)
    {
        var current = functions.Select(NameOf).ToHashSet(StringComparer.Ordinal);
        try
        {
            foreach (var file in Directory.EnumerateFiles(options.FunctionsFolder))
            {
                var name = Path.GetFileName(file);
                if (Program().Match(name) is { Success: true } program
                    && (program.Groups["draft"].Success ? withDrafts : !current.Contains(name)))
                {
                    _written.TryRemove(file, out _);
                    File.Delete(file);
                }
            }
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // The next time.
        }
    }

    private static string? NameOf(AgentFunction function) => function.Runtime switch
    {
        FunctionRuntime.Python => NameOf(function, TextOf(function, Python), ".py"),
        FunctionRuntime.Node => NameOf(function, TextOf(function, Node), ".cjs"),
        FunctionRuntime.Command => NameOf(function, TextOf(function, Command), ".py"),
        _ when function.Source is not null => NameOf(function, function.Source, Extension(function)),
        _ => null,
    };

    private static string NameOf(AgentFunction function, string text, string extension) =>
        $"{function.Name}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16]}{extension}";

    private static string TextOf(AgentFunction function, string bootstrap) => bootstrap == SourceMark
        ? function.Source!
        : bootstrap.Replace(SourceMark, Literal(function.Source), StringComparison.Ordinal);

    // Written anew when it is not there, and once by each kernel when it is not what it should be: the store has it.
    private string FileOf(AgentFunction function, string bootstrap, string extension)
    {
        var text = TextOf(function, bootstrap);
        var bytes = Encoding.UTF8.GetBytes(text);
        var file = Path.Combine(options.FunctionsFolder, NameOf(function, text, extension));
        if (!File.Exists(file)
            || (!_written.ContainsKey(file) && !File.ReadAllBytes(file).AsSpan().SequenceEqual(bytes)))
        {
            Directory.CreateDirectory(
                options.FunctionsFolder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            DurableFile.Replace(file, $"{file}.{Guid.NewGuid():N}", bytes, ProgramMode);
        }

        _written[file] = true;
        return file;
    }

    [GeneratedRegex(@"^[A-Za-z0-9_-]{1,64}-[0-9a-f]{16}(\.py|\.cjs)?(?<draft>\.[0-9a-f]{32})?\z")]
    private static partial Regex Program();

    private static string Extension(AgentFunction function) => function.Argv.Count > 0 ? "" : ".py";

    private static string Text(string name)
    {
        var assembly = Assembly.GetExecutingAssembly();
        using var stream = assembly.GetManifestResourceStream($"bootstraps/{name}")
            ?? throw new InvalidOperationException($"the bootstrap {name} was not built in");
        using StreamReader reader = new(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    // JSON within a JSON string: an ASCII literal in both languages.
    private static string Literal(string? source)
    {
        var json = Ascii(source is null ? "null" : JsonValue.From(source).ToString());
        return Ascii(JsonValue.From(json).ToString());
    }

    /// <summary>JSON of ASCII alone, which headers may have, too.</summary>
    public static string Ascii(string text)
    {
        StringBuilder made = new(text.Length);
        foreach (var each in text)
        {
            if (each < 0x7f)
            {
                made.Append(each);
            }
            else
            {
                made.Append(CultureInfo.InvariantCulture, $"\\u{(int)each:x4}");
            }
        }

        return made.ToString();
    }
}

using System.ComponentModel;
using System.Reflection;
using System.Text;
using System.Text.Json;
using Analemma.Abi.Syscalls;

namespace Analemma.Client.Tools;

/// <summary>
/// A function that a model may ask to be called. It runs in the program that made it, for an agent in its sandbox.
/// </summary>
/// <example>
/// <code>
/// [Description("The weather of the coming days.")]
/// static string Forecast([Description("Its name, in English.")] string city, int days = 1) =>
///     $"{city}: sunny for {days} days";
///
/// var run = await kernel.RunToolsAsync(new Think { Prompt = "Rain in Lhasa?" }, [Tool.From(Forecast)]);
/// </code>
/// </example>
public sealed class Tool
{
    private const int NameCharsMax = 64;
    private const int ResultBytesLeast = 64;

    private readonly Func<JsonElement?, CancellationToken, Task<(string Text, bool IsError)>> _outcome;
    private readonly ToolOptions _options;

    private Tool(
        Func<JsonElement?, CancellationToken, Task<(string Text, bool IsError)>> outcome,
        ToolDefinition definition,
        ToolOptions options) => (_outcome, Definition, _options) = (outcome, definition, options);

    /// <summary>The tool as the model is told of it.</summary>
    public ToolDefinition Definition { get; }

    /// <summary>Its name for the model.</summary>
    public string Name => Definition.Name;

    /// <summary>
    /// Makes a function a tool. Its schema comes from its parameters and their <c>[Description]</c>; a parameter with a
    /// default may be left out by the model, and a <see cref="CancellationToken"/> is not the model's to give. It may
    /// return anything that can be JSON, also as a task.
    /// </summary>
    /// <param name="function">A method, or a lambda, which needs a name in the options.</param>
    /// <param name="options">Default: the function's name and description, and a minute for a call.</param>
    /// <exception cref="ArgumentException">A parameter has no schema, or an option is out of its range.</exception>
    public static Tool From(Delegate function, ToolOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(function);
        options ??= new();
        var method = function.Method;
        var name = options.Name ?? method.Name;
        if (name.Length is 0 or > NameCharsMax
            || !name.All(character => char.IsAsciiLetterOrDigit(character) || character is '_' or '-'))
        {
            throw new ArgumentException(
                $"a tool's name is 1 to {NameCharsMax} letters, digits, _ and -, not \"{name}\"; options can say it",
                nameof(options));
        }

        if (options.Timeout <= TimeSpan.Zero && options.Timeout != Timeout.InfiniteTimeSpan)
        {
            throw new ArgumentException($"the time limit is {options.Timeout}; it must be positive", nameof(options));
        }

        if (options.ResultBytesMax < ResultBytesLeast)
        {
            throw new ArgumentException(
                $"the result's limit is {options.ResultBytesMax}; it must be at least {ResultBytesLeast}",
                nameof(options));
        }

        var parameters = new ToolParameters(method);
        var definition = new ToolDefinition(name)
        {
            Description = options.Description ?? method.GetCustomAttribute<DescriptionAttribute>()?.Description,
            Parameters = parameters.Schema,
        };
        ToolFunction called = new(function, parameters, name, options);
        return new Tool(called.OutcomeAsync, definition, options);
    }

    /// <summary>A tool of the kernel, called through it. Its time is the kernel's business.</summary>
    internal static Tool OfKernel(KernelClient kernel, ToolView view) => new(
        (arguments, cancellationToken) => KernelTools.OutcomeAsync(kernel, view.Name, arguments, cancellationToken),
        new ToolDefinition(view.Function)
        {
            Description = view.Description ?? view.Title,
            Parameters = view.Parameters,
        },
        new ToolOptions());

    /// <summary>
    /// Calls it. What goes wrong is in the result, for the model to read, but what <see cref="ToolOptions.Rethrows"/>
    /// names, and the caller's own cancelling.
    /// </summary>
    /// <param name="call">What the model asked for.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    public async Task<ToolResult> InvokeAsync(ToolCall call, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(call);
        var begun = _options.Time.GetTimestamp();
        var (text, isError) = await _outcome(call.Arguments, cancellationToken).ConfigureAwait(false);
        return new ToolResult(call.Id, call.Name, Cut(text), isError, _options.Time.GetElapsedTime(begun));
    }

    /// <summary>At most so many bytes, cut between two characters.</summary>
    private string Cut(string text)
    {
        var bytes = Encoding.UTF8.GetByteCount(text);
        if (bytes <= _options.ResultBytesMax)
        {
            return text;
        }

        var data = Encoding.UTF8.GetBytes(text);
        var length = _options.ResultBytesMax;
        while ((data[length] & 0xC0) == 0x80)
        {
            length--;
        }

        var kept = Encoding.UTF8.GetString(data, 0, length);
        return $"{kept}\n[cut here: {_options.ResultBytesMax} of {bytes} bytes]";
    }
}

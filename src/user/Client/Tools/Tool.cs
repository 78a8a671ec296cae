using System.ComponentModel;
using System.Reflection;
using System.Runtime.ExceptionServices;
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

    private readonly Delegate _function;
    private readonly ToolParameters _parameters;
    private readonly ToolOptions _options;

    private Tool(Delegate function, ToolParameters parameters, ToolDefinition definition, ToolOptions options) =>
        (_function, _parameters, Definition, _options) = (function, parameters, definition, options);

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
        return new Tool(function, parameters, definition, options);
    }

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
        var (text, isError) = await OutcomeAsync(call.Arguments, cancellationToken).ConfigureAwait(false);
        return new ToolResult(call.Id, call.Name, Cut(text), isError, _options.Time.GetElapsedTime(begun));
    }

    private async Task<(string Text, bool IsError)> OutcomeAsync(
        JsonElement? arguments, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(_options.Timeout, _options.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var problems = _parameters.Read(arguments, both.Token, out var values);
        if (problems.Count > 0)
        {
            return ($"the arguments of {Name} are wrong: {string.Join("; ", problems)}", true);
        }

        try
        {
            // A thread of its own, so that a function that hangs takes none that others wait for.
            var begun = Task.Factory.StartNew(
                () => ValueAsync(values),
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default);
            var value = await begun.Unwrap().WaitAsync(both.Token).ConfigureAwait(false);
            return (ToolJson.Text(value), false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            return ($"{Name} did not end within {_options.Timeout.TotalSeconds:0.###} s and was given up", true);
        }
        catch (Exception failed) when (!_options.Rethrows(failed))
        {
            return ($"{failed.GetType().Name}: {failed.Message}", true);
        }
    }

    private async Task<object?> ValueAsync(object?[] values)
    {
        object? returned;
        try
        {
            returned = _function.DynamicInvoke(values);
        }
        catch (TargetInvocationException failed) when (failed.InnerException is { } cause)
        {
            ExceptionDispatchInfo.Throw(cause);
            throw;
        }

        var type = returned?.GetType();
        if (type is { IsGenericType: true } && type.GetGenericTypeDefinition() == typeof(ValueTask<>))
        {
            returned = type.GetMethod(nameof(ValueTask<int>.AsTask))!.Invoke(returned, null);
        }

        if (returned is ValueTask bare)
        {
            await bare.ConfigureAwait(false);
            return null;
        }

        if (returned is not Task task)
        {
            return returned;
        }

        await task.ConfigureAwait(false);
        var declared = _function.Method.ReturnType;
        return declared.IsGenericType ? task.GetType().GetProperty(nameof(Task<int>.Result))!.GetValue(task) : null;
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

using System.Reflection;
using System.Runtime.ExceptionServices;
using System.Text.Json;

namespace Analemma.Client.Tools;

/// <summary>Calls a function with what a model sent, within its time.</summary>
internal sealed class ToolFunction(Delegate function, ToolParameters parameters, string name, ToolOptions options)
{
    /// <summary>The text for the model, and whether it says what went wrong.</summary>
    public async Task<(string Text, bool IsError)> OutcomeAsync(
        JsonElement? arguments, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.Timeout, options.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var problems = parameters.Read(arguments, both.Token, out var values);
        if (problems.Count > 0)
        {
            return ($"the arguments of {name} are wrong: {string.Join("; ", problems)}", true);
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
            return ($"{name} did not end within {options.Timeout.TotalSeconds:0.###} s and was given up", true);
        }
        catch (Exception failed) when (!options.Rethrows(failed))
        {
            return ($"{failed.GetType().Name}: {failed.Message}", true);
        }
    }

    private async Task<object?> ValueAsync(object?[] values)
    {
        object? returned;
        try
        {
            returned = function.DynamicInvoke(values);
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
        var declared = function.Method.ReturnType;
        return declared.IsGenericType ? task.GetType().GetProperty(nameof(Task<int>.Result))!.GetValue(task) : null;
    }
}

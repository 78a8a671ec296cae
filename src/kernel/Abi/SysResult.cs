namespace Analemma.Abi;

/// <summary>What a syscall comes to: an answer, or a refusal. Refusals are values, not exceptions.</summary>
public readonly struct SysResult<T>
    where T : class
{
    private SysResult(T? value, SysError? error) => (Value, Error) = (value, error);

    /// <summary>The answer, unless refused.</summary>
    public T? Value { get; }

    /// <summary>The refusal, unless answered.</summary>
    public SysError? Error { get; }

    /// <summary>An answer.</summary>
    public static implicit operator SysResult<T>(T value) => new(value, null);

    /// <summary>A refusal.</summary>
    public static implicit operator SysResult<T>(SysError error) => new(null, error);
}

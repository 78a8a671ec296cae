namespace Analemma.Abi;

/// <summary>What a syscall comes to: an answer, or a refusal. Refusals are values, not exceptions.</summary>
public readonly struct SysResult<T>
    where T : class
{
    private SysResult(T? value, SysError? error) => (Value, Error) = (value, error);

    public T? Value { get; }

    public SysError? Error { get; }

    public static implicit operator SysResult<T>(T value) => new(value, null);

    public static implicit operator SysResult<T>(SysError error) => new(null, error);
}

using System.Runtime.InteropServices;
using System.Text;

namespace Analemma.Linux;

/// <summary>A char*[] that ends with a null, as argv and envp are, in one block of native memory.</summary>
internal sealed unsafe class NativeStrings : IDisposable
{
    private readonly byte** _table;

    public NativeStrings(IReadOnlyCollection<string> strings)
    {
        var pointers = (strings.Count + 1) * sizeof(byte*);
        var bytes = strings.Sum(text => Encoding.UTF8.GetByteCount(text) + 1);
        _table = (byte**)NativeMemory.Alloc((nuint)(pointers + bytes));
        var place = (byte*)_table + pointers;
        var index = 0;
        foreach (var text in strings)
        {
            var size = Encoding.UTF8.GetBytes(text, new Span<byte>(place, bytes));
            place[size] = 0;
            _table[index++] = place;
            place += size + 1;
            bytes -= size + 1;
        }

        _table[index] = null;
    }

    public byte** Pointer => _table;

    public void Dispose() => NativeMemory.Free(_table);
}

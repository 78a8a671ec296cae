using System.Buffers.Binary;

namespace Analemma.Sandbox.Seccomp;

/// <summary>
/// Assembles a classic BPF program: struct sock_filter of &lt;linux/filter.h&gt;, eight bytes each. Conditional jumps
/// reach 255 instructions, so they only ever skip an unconditional one, which reaches everywhere.
/// </summary>
internal sealed class BpfProgram
{
    /// <summary>BPF_MAXINSNS.</summary>
    public const int InstructionsMax = 4096;

    private const ushort LoadAbsolute = 0x20;
    private const ushort AndConstant = 0x54;
    private const ushort Jump = 0x05;
    private const ushort JumpIfEqual = 0x15;
    private const ushort JumpIfAtLeast = 0x35;
    private const ushort ReturnConstant = 0x06;

    private readonly List<(ushort Code, byte IfTrue, byte IfFalse, uint Operand)> _instructions = [];
    private readonly List<(int At, Label Target)> _jumps = [];

    public int Count => _instructions.Count;

    public void Load(int offset) => Add(LoadAbsolute, (uint)offset);

    public void And(uint mask) => Add(AndConstant, mask);

    public void Return(uint value) => Add(ReturnConstant, value);

    public void Place(Label label) => label.Position = Count;

    public void Goto(Label label)
    {
        _jumps.Add((Count, label));
        Add(Jump, 0);
    }

    public void GotoIfEqual(uint value, Label label)
    {
        Add(JumpIfEqual, value, ifTrue: 0, ifFalse: 1);
        Goto(label);
    }

    public void GotoUnlessEqual(uint value, Label label)
    {
        Add(JumpIfEqual, value, ifTrue: 1, ifFalse: 0);
        Goto(label);
    }

    public void GotoIfAtLeast(uint value, Label label)
    {
        Add(JumpIfAtLeast, value, ifTrue: 0, ifFalse: 1);
        Goto(label);
    }

    public byte[] Assemble()
    {
        if (Count > InstructionsMax)
        {
            throw new InvalidOperationException($"{Count} instructions; the kernel takes {InstructionsMax}");
        }

        foreach (var (at, target) in _jumps)
        {
            _instructions[at] = (Jump, 0, 0, checked((uint)(target.Position - at - 1)));
        }

        var bytes = new byte[Count * 8];
        for (var i = 0; i < Count; i++)
        {
            var (code, ifTrue, ifFalse, operand) = _instructions[i];
            var at = bytes.AsSpan(i * 8);
            BinaryPrimitives.WriteUInt16LittleEndian(at, code);
            at[2] = ifTrue;
            at[3] = ifFalse;
            BinaryPrimitives.WriteUInt32LittleEndian(at[4..], operand);
        }

        return bytes;
    }

    private void Add(ushort code, uint operand, byte ifTrue = 0, byte ifFalse = 0) =>
        _instructions.Add((code, ifTrue, ifFalse, operand));

    /// <summary>A place to jump to, which must be further on.</summary>
    internal sealed class Label
    {
        public int Position { get; set; } = -1;
    }
}

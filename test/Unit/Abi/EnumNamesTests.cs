using System.Reflection;
using System.Text;
using System.Text.Json.Serialization;
using Analemma.Abi;
using Analemma.Abi.Syscalls;

namespace Analemma.Unit.Tests.Abi;

/// <summary>A number in place of a name came into the kernel as a choice that there is not.</summary>
public sealed class EnumNamesTests
{
    [Theory]
    [InlineData("99")]
    [InlineData("-1")]
    [InlineData("2")]
    [InlineData("\"99\"")]
    [InlineData("\"low, high\"")]
    [InlineData("\"\"")]
    public void A_choice_is_one_of_its_names(string value)
    {
        foreach (var (number, field) in new (SyscallNumber, string)[]
        {
            (SyscallNumber.Send, "priority"), (SyscallNumber.Broadcast, "priority"), (SyscallNumber.Store, "scope"),
        })
        {
            var json = Encoding.UTF8.GetBytes($"{{\"{field}\": {value}}}");
            Assert.False(SyscallJson.TryRead((ushort)number, json, out _, out var error), $"{number} {value}");
            Assert.Equal(SysErrorCode.InvalidArgument, error.Code);
        }
    }

    [Fact]
    public void Every_choice_on_the_wire_is_read_by_name_alone() => Assert.DoesNotContain(
        typeof(Syscall).Assembly.GetTypes().Where(type => type.IsEnum && type.Namespace == typeof(Syscall).Namespace),
        type => type.GetCustomAttribute<JsonConverterAttribute>()?.ConverterType
            != typeof(EnumNames<>).MakeGenericType(type));
}

using System.Reflection;
using System.Text;
using Analemma.Abi;
using Analemma.Client;

namespace Analemma.Unit.Tests.Client;

/// <summary>What programs of others are written against. A changed line here is a change for them.</summary>
public sealed class PublicSurfaceTests
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    [Fact]
    public void The_client_offers_what_it_did() =>
        Snapshot.Matches(Surface(typeof(KernelClient).Assembly), "client.api.txt");

    [Fact]
    public void Every_syscall_has_a_method_in_the_client()
    {
        // Claim belongs to the preloaded interpreter alone, Hello to connecting; Subscribe is called Events, Noop Echo.
        string[] elsewhere = ["Claim", "Hello"];
        var methods = typeof(KernelClient).GetMethods().Select(method => method.Name).ToHashSet();

        var missing = Enum.GetNames<SyscallNumber>().Except(elsewhere)
            .Select(name => name switch { "Noop" => "Echo", "Subscribe" => "Events", _ => name })
            .Where(name => !methods.Contains(name) && !methods.Contains($"{name}Async"));

        Assert.Empty(missing);
    }

    private static string Surface(Assembly assembly)
    {
        var text = new StringBuilder();
        foreach (var type in assembly.GetExportedTypes().OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            text.Append(type).Append('\n');
            var members = type.GetMembers(Declared)
                .Where(member => member is not MethodBase { IsSpecialName: true } || member is ConstructorInfo)
                .Select(member => $"    {member}")
                .Order(StringComparer.Ordinal);
            text.AppendJoin('\n', members).Append('\n');
        }

        return text.ToString();
    }
}

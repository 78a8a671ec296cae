using System.Security.Cryptography;
using System.Text;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Client;
using Analemma.Integration.Tests.Kernel;
using Analemma.Integration.Tests.Secrets;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Tools;

/// <summary>Secrets in the environment of a program that serves tools.</summary>
public sealed class SecretVariableTests
{
    private const string First = "canary/first+1f9a";
    private const string Last = "canary \"last\" 7c3e";
    private const string Value = $" {First}\n\n{Last}";

    private static readonly string Section = ToolKernel.Section("t", more: "env.KEY = \"secret:t\"")
        + ToolKernel.Section("u", "confess", "env.KEY = \"secret:t\"");

    [Fact]
    public async Task A_program_has_its_secret_and_nobody_else_sees_it()
    {
        await using var kernel = await ToolKernel.StartAsync(Section);
        Assert.Equal("t: the secret t is not set; `analemma secret set t` sets it", (await RefusedAsync(
            kernel, "t/digest")).Message);

        await kernel.Client.SecretSetAsync(new SecretSet { Name = "t", Value = Value }, Token);
        await kernel.Client.RestartToolsAsync(new RestartTools { Server = "t" }, Token);
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Value)));
        Assert.Equal(digest, (await kernel.CallToolAsync("t/digest")).Content);

        // It may say what it knows, as text, on its way out, or in place of a message: that must not get further.
        CanaryHunt hunt = new(First, Last);
        var environment = (await kernel.CallToolAsync("t/environment")).Content;
        Assert.Contains("[secret]", environment, StringComparison.Ordinal);
        hunt.InText("a result", environment);
        Assert.True(SpinWait.SpinUntil(() => IsLogged(kernel, "and that is all"), TimeSpan.FromSeconds(10)));
        hunt.InFiles(kernel.StateFolder, file => file.Contains("/root/", StringComparison.Ordinal));
        var died = await RefusedAsync(kernel, "t/confess");
        Assert.Matches(@"my key is +\*{16}", died.Message);
        hunt.InText("how it died", died.Message);
        hunt.InText("how another did not come up", (await RefusedAsync(kernel, "u/digest")).Message);
        hunt.InText("servers", string.Join('\n', await kernel.Client.ToolServersAsync(Token)));
        hunt.InText("the kernel's log", kernel.Log);
        Assert.True(hunt.Found.Count == 0, string.Join('\n', hunt.Found));
    }

    private static bool IsLogged(RunningKernel kernel, string text) =>
        Directory.EnumerateFiles(Path.Combine(kernel.StateFolder, "sandboxes"), "log.*", SearchOption.AllDirectories)
            .Any(file => File.ReadAllText(file).Contains(text, StringComparison.Ordinal));

    private static async Task<SyscallException> RefusedAsync(RunningKernel kernel, string tool)
    {
        var refused = await Assert.ThrowsAsync<SyscallException>(() => kernel.CallToolAsync(tool));
        Assert.Equal(SysErrorCode.ToolFailed, refused.Code);
        return refused;
    }
}

using Analemma.Sandbox.Cgroups;

namespace Analemma.Integration.Tests.Sandbox;

public sealed class CgroupFilesTests
{
    [Fact]
    public async Task A_group_that_is_removed_while_it_is_looked_into_has_none_below_it()
    {
        var folder = EngineHome.NewFolder();
        using CancellationTokenSource enough = new(TimeSpan.FromSeconds(1));
        var changing = Task.Run(
            () =>
            {
                while (!enough.IsCancellationRequested)
                {
                    Directory.CreateDirectory($"{folder}/agent-1");
                    Directory.CreateDirectory($"{folder}/self");
                    Directory.Delete(folder, recursive: true);
                }
            },
            EngineHome.Token);

        while (!enough.IsCancellationRequested)
        {
            Assert.True(CgroupFiles.Groups(folder) is [] or ["agent-1"]);
        }

        await changing;
    }
}

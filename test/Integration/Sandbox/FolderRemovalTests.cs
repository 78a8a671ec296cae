using System.Diagnostics;
using Analemma.Linux;

namespace Analemma.Integration.Tests.Sandbox;

public sealed class FolderRemovalTests
{
    [Theory]
    [InlineData("d=$(printf 'dir\\376'); f=$(printf 'bad\\377name'); : >\"$f\"; mkdir \"$d\"; : >\"$d/$f\"")]
    [InlineData("mkdir -p a/b/c/d; touch a/b/c/d/e; ln -s /etc a/etc; mkfifo a/fifo; chmod 0 a/b")]
    [InlineData("for i in $(seq 3000); do : >file-$i; done")]
    public void Whatever_lies_in_a_folder_is_removed_and_nothing_outside(string make)
    {
        var above = Directory.CreateTempSubdirectory("analemma-test-");
        var folder = Directory.CreateDirectory(Path.Combine(above.FullName, "folder")).FullName;
        Shell(folder, make);

        FolderRemoval.Remove(folder);

        Assert.Empty(Directory.GetFileSystemEntries(above.FullName));
        Assert.True(Directory.Exists("/etc"));
        above.Delete();
    }

    [Fact]
    public void A_folder_that_is_not_there_is_no_fault() =>
        FolderRemoval.Remove(Path.Combine(Path.GetTempPath(), $"analemma-none-{Guid.NewGuid()}"));

    [Fact]
    public void What_nests_without_end_is_refused()
    {
        var folder = Directory.CreateTempSubdirectory("analemma-test-").FullName;
        Shell(folder, "for i in $(seq 300); do mkdir d && cd d || exit 1; done");

        var refused = Assert.Throws<LinuxException>(() => FolderRemoval.Remove(folder));

        Assert.Equal(Errno.ELOOP, refused.Errno);
        Directory.Delete(folder, recursive: true);
    }

    private static void Shell(string folder, string script)
    {
        ProcessStartInfo start = new("/bin/sh", ["-c", script]) { WorkingDirectory = folder };
        using var shell = Process.Start(start)!;
        shell.WaitForExit();
        Assert.Equal(0, shell.ExitCode);
    }
}

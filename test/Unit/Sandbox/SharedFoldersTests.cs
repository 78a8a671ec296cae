using Analemma.Sandbox.Bundles;
using Analemma.Sandbox.Hosts;

namespace Analemma.Unit.Tests.Sandbox;

/// <summary>What all sandboxes share: others read it and change nothing, whatever umask it was made with.</summary>
public sealed class SharedFoldersTests : IDisposable
{
    private const UnixFileMode Mine = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private const UnixFileMode Everybodys = Mine | UnixFileMode.GroupWrite | UnixFileMode.OtherRead
        | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    private readonly string _folder = Directory.CreateTempSubdirectory("analemma-test").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(Mine)]
    [InlineData(Everybodys)]
    public void The_root_has_its_modes_again(UnixFileMode wrong)
    {
        var root = $"{_folder}/root";
        RootFolder.Ensure(root);
        foreach (var path in (string[])["", "/etc", "/opt/analemma", "/tmp", "/etc/passwd"])
        {
            File.SetUnixFileMode($"{root}{path}", wrong);
        }

        RootFolder.Ensure(root);

        Assert.Equal(
            ["drwxr-xr-x", "drwxr-xr-x", "drwxr-xr-x", "drwxrwxrwt", "-rw-r--r--"],
            ((string[])["", "/etc", "/opt/analemma", "/tmp", "/etc/passwd"]).Select(path => Mode($"{root}{path}")));
    }

    [Fact]
    public void The_sdk_has_its_modes_again_and_may_be_installed_for_its_owner_alone()
    {
        Directory.CreateDirectory($"{_folder}/from/package");
        File.WriteAllText($"{_folder}/from/package/a.py", "pass");
        File.SetUnixFileMode($"{_folder}/from/package/a.py", UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Directory.CreateDirectory($"{_folder}/to/package", Mine);
        File.SetUnixFileMode($"{_folder}/to", Everybodys);

        SdkCopy.Update($"{_folder}/from", $"{_folder}/to");

        Assert.Equal("drwxr-xr-x", Mode($"{_folder}/to"));
        Assert.Equal("drwxr-xr-x", Mode($"{_folder}/to/package"));
        Assert.Equal("-rw-r--r--", Mode($"{_folder}/to/package/a.py"));
    }

    private static string Mode(string path)
    {
        var mode = File.GetUnixFileMode(path);
        var letters = "rwxrwxrwx".Select(
            (letter, at) => ((int)mode & (1 << (8 - at))) != 0 ? letter : '-').ToArray();
        if (mode.HasFlag(UnixFileMode.StickyBit))
        {
            letters[^1] = 't';
        }

        return (Directory.Exists(path) ? "d" : "-") + new string(letters);
    }
}

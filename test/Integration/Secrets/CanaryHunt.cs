using System.Globalization;
using System.Text;

namespace Analemma.Integration.Tests.Secrets;

/// <summary>
/// Looks for canaries in everything that an agent, or a reader of what the kernel gives out, could look at: as they
/// are, as base64 at each of its three places, as a URL writes them, and in UTF-16.
/// </summary>
internal sealed class CanaryHunt
{
    private readonly List<(string Canary, byte[] Form)> _forms = [];
    private readonly List<string> _found = [];

    public CanaryHunt(params string[] canaries)
    {
        foreach (var canary in canaries)
        {
            foreach (var form in Forms(canary).Distinct(StringComparer.Ordinal))
            {
                _forms.Add((canary, Encoding.UTF8.GetBytes(form)));
            }

            _forms.Add((canary, Encoding.Unicode.GetBytes(canary)));
        }
    }

    public IReadOnlyList<string> Found => _found;

    /// <summary>Bytes that were looked through.</summary>
    public long Looked { get; private set; }

    public void InText(string where, string text) => InBytes(where, Encoding.UTF8.GetBytes(text));

    public void InBytes(string where, ReadOnlySpan<byte> bytes)
    {
        Looked += bytes.Length;
        foreach (var (canary, form) in _forms)
        {
            if (bytes.IndexOf(form) >= 0)
            {
                _found.Add($"{canary} in {where}, as {Encoding.UTF8.GetString(form)}");
            }
        }
    }

    /// <summary>Every file below a folder, links not followed.</summary>
    public void InFiles(string folder, Func<string, bool>? skips = null)
    {
        EnumerationOptions everything = new()
        {
            RecurseSubdirectories = true,
            AttributesToSkip = FileAttributes.ReparsePoint,
            IgnoreInaccessible = true,
        };
        // What has no length is a pipe or a socket, and would be waited for.
        foreach (var file in Directory.EnumerateFiles(folder, "*", everything)
            .Where(file => skips?.Invoke(file) != true && new FileInfo(file) is { Exists: true, Length: > 0 }))
        {
            InFile(file);
        }
    }

    /// <summary>Environment, command line and every readable byte of memory of a process and all below it.</summary>
    public void InProcess(int pid)
    {
        foreach (var each in Family(pid).ToList())
        {
            InFile($"/proc/{each}/environ");
            InFile($"/proc/{each}/cmdline");
            InMemory(each);
        }
    }

    public static IEnumerable<int> Family(int pid)
    {
        yield return pid;
        foreach (var task in Directory.EnumerateDirectories($"/proc/{pid}/task"))
        {
            var children = File.ReadAllText($"{task}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries);
            foreach (var child in children)
            {
                foreach (var below in Family(int.Parse(child, CultureInfo.InvariantCulture)))
                {
                    yield return below;
                }
            }
        }
    }

    private static IEnumerable<string> Forms(string canary)
    {
        yield return canary;
        yield return Uri.EscapeDataString(canary);
        yield return System.Text.Json.JsonEncodedText.Encode(canary).ToString();
        var bytes = Encoding.UTF8.GetBytes(canary);
        yield return Convert.ToHexStringLower(bytes);
        for (var before = 0; before < 3; before++)
        {
            // Only the characters that the canary alone decides.
            var coded = Convert.ToBase64String([.. new byte[before], .. bytes]);
            var own = coded[(((before * 8) + 5) / 6)..((before + bytes.Length) * 8 / 6)];
            yield return own;
            yield return own.Replace('+', '-').Replace('/', '_');
        }
    }

    private void InFile(string path)
    {
        try
        {
            using FileStream file = new(
                path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            using MemoryStream all = new();
            file.CopyTo(all);
            InBytes(path, all.GetBuffer().AsSpan(0, (int)all.Length));
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            // A socket, a pipe, a lock, or gone since it was listed.
        }
    }

    private void InMemory(int pid)
    {
        using var memory = File.OpenHandle($"/proc/{pid}/mem");
        foreach (var line in File.ReadAllLines($"/proc/{pid}/maps"))
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var range = words[0].Split('-');
            // The kernel's own pages cannot be read from outside.
            if (words[1][0] != 'r' || (words.Length > 5 && words[5] is "[vvar]" or "[vsyscall]" or "[vvar_vclock]"))
            {
                continue;
            }

            var from = ulong.Parse(range[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            var to = ulong.Parse(range[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            var bytes = new byte[checked((int)(to - from))];
            try
            {
                var count = RandomAccess.Read(memory, bytes, checked((long)from));
                var what = words.Length > 5 ? words[5] : "anonymous";
                InBytes($"memory of process {pid}, {what}", bytes.AsSpan(0, count));
            }
            catch (IOException)
            {
                // Unmapped since, or of a device.
            }
        }
    }
}

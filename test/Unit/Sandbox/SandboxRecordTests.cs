using Analemma.Sandbox;
using Analemma.Sandbox.Living;

namespace Analemma.Unit.Tests.Sandbox;

public sealed class SandboxRecordTests
{
    /// <summary>Written and read by generated code of two kinds, which must agree on every name.</summary>
    [Fact]
    public void What_is_saved_is_loaded_again()
    {
        var folder = Directory.CreateTempSubdirectory("analemma-record-").FullName;
        SandboxRecord record = new()
        {
            Key = "a1",
            Engine = "crun",
            Pid = 7,
            StartTime = 8,
            CgroupPath = "/c",
            Uid = 9,
            HostUid = 10,
            HostRootUid = 11,
            HasInit = true,
            Tier = SandboxTier.Preloaded,
            Missing = ["uid"],
            Policy = new SandboxPolicy
            {
                Key = "a1",
                HostName = "a",
                Argv = ["x", "\u00e9\n"],
                Env = new Dictionary<string, string> { ["K"] = "v" },
                Limits = new SandboxLimits
                {
                    MemoryBytes = 1,
                    Pids = 2,
                    CpuQuotaUs = 3,
                    CpuPeriodUs = 4,
                    CpuWeight = 5,
                    OpenFiles = 6,
                    LogBytes = 7,
                    WorkBytes = 8,
                },
                Python = new PythonProgram("/s.py", ["a"]),
                Network = true,
                AuditReads = true,
                Require = ["memory"],
            },
        };
        try
        {
            record.Save(folder);
            var loaded = SandboxRecord.TryLoad(folder)!;

            Assert.Equivalent(record, loaded, strict: true);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}

using System.Runtime.CompilerServices;
using Analemma.Sandbox;

namespace Analemma.Integration.Tests.Sandbox;

/// <summary>The test program goes where crun works, as the daemon does, before anything else runs.</summary>
internal static class TestProcess
{
    [ModuleInitializer]
    internal static void Cover() => HybridCgroups.Cover();
}

using Analemma.Integration.Tests;
using Analemma.Integration.Tests.Containment;
using Analemma.Integration.Tests.Kernel;
using Analemma.Integration.Tests.Sandbox;
using Analemma.Integration.Tests.Storage;
using Analemma.Integration.Tests.Storage.Executions;
using Analemma.Integration.Tests.Workflows.Crash;
using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

// The entry point that xunit would generate, behind the modes in which a test runs this program again.
if (JournalChild.IsAsked)
{
    JournalChild.Run();
    return 0;
}

if (ExecutionChild.IsAsked)
{
    await ExecutionChild.BeAsync();
    return 0;
}

if (CrashChild.IsAsked)
{
    await CrashChild.BeAsync();
    return 0;
}

if (ProbeChild.IsAsked)
{
    return await ProbeChild.RunAsync(args[0]);
}

if (OrdinaryUser.IsAsked)
{
    await OrdinaryUser.RunAsync();
    return 0;
}

if (SandboxOwner.IsAsked)
{
    await SandboxOwner.RunAsync();
    return 0;
}

ModelVariables.Clear();
return args.Any(argument => argument is "-automated" or "@@")
    ? await ConsoleRunner.Run(args)
    : await TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions);

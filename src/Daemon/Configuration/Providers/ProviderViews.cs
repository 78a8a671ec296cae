using Analemma.Abi.Syscalls;
using Analemma.Kernel.Models;
using Analemma.Models;

namespace Analemma.Daemon.Configuration.Providers;

/// <summary>The providers as STATUS shows them.</summary>
internal static class ProviderViews
{
    public static IReadOnlyList<ModelProvider> Of(ModelOptions kernel, IReadOnlyList<ModelDriverOptions> drivers) =>
    [
        .. from provider in kernel.Providers
           join driver in drivers on provider.Name equals driver.Name
           let models = kernel.Models.Where(model => model.Provider == provider.Name).Select(model => model.Name)
           select new ModelProvider(provider.Name, [.. models])
           {
               Simulated = provider.Simulated,
               HasKey = driver.Key is not null,
               // Without its path, in which some gateways have a token.
               BaseUrl = driver.BaseUrl?.GetLeftPart(UriPartial.Authority),
               Slots = provider.Slots,
           },
    ];
}

using System.Security.Cryptography;
using System.Text;

namespace Analemma.Models.Simulated;

/// <summary>Faults that happen so many times to the same request and then no more.</summary>
internal sealed class SimulatedFaults
{
    /// <summary>More requests than this with a count of their own, and the counts start again.</summary>
    private const int RequestsMax = 1024;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _times = new(StringComparer.Ordinal);

    /// <summary>The fault, unless the request has had it often enough.</summary>
    public SimulatedFault? Take(SimulatedFault? fault, string request)
    {
        if (fault?.Times is not { } most)
        {
            return fault;
        }

        lock (_gate)
        {
            // A hash: a thousand prompts of a mebibyte are not kept for this.
            var key = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(request)));
            var times = _times.GetValueOrDefault(key);
            if (times >= most)
            {
                return null;
            }

            if (_times.Count >= RequestsMax)
            {
                _times.Clear();
            }

            _times[key] = times + 1;
            return fault;
        }
    }

    /// <summary>Faults that come instead of an answer.</summary>
    public static void Refuse(SimulatedFault? fault)
    {
        switch (fault?.Kind)
        {
            case SimulatedFaultKind.RateLimited:
                throw new ProviderFault(ModelCallReason.RateLimited, "simulated: too many requests")
                {
                    HttpStatus = 429,
                    RetryAfter = fault.RetryAfter,
                };
            case SimulatedFaultKind.ServerError:
                throw new ProviderFault(ModelCallReason.Overloaded, "simulated: internal error") { HttpStatus = 500 };
            case SimulatedFaultKind.Overloaded:
                throw new ProviderFault(ModelCallReason.Overloaded, "simulated: overloaded") { HttpStatus = 503 };
        }
    }
}

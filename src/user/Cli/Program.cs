using Analemma.Cli;

return await CommandLine.RunAsync(args, Terminal.OfThisProcess());

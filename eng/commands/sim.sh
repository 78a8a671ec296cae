# Runs simulated worlds: `./analemma sim --seed N` replays one, with `--count K` as many from there.

run_project "$root/test/Simulation/Analemma.Simulation.Tests.csproj" sim "$@"

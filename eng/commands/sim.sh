# Runs simulated worlds: `./analemma sim --seed N` replays one, with `--count K` as many from there,
# with `--workflows 1` worlds of executions.

run_project "$root/test/Simulation/Analemma.Simulation.Tests.csproj" sim "$@"

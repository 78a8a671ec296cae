# Runs the kernel in simulated worlds: `./analemma sim --seed N [--steps M] [--count K]` replays what a test reported.

ensure_tools
quietly build "$root/test/Simulation" -c Release -v quiet
exec "$root/artifacts/bin/Analemma.Simulation.Tests/release/Analemma.Simulation.Tests" sim "$@"

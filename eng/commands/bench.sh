# Benchmarks, each beside its reference. They measure the product, so that is built first.

forget_models
is_built || (command=bench && source "$root/eng/commands/build.sh")
run_project "$root/bench/Analemma.Bench.csproj" "$@"

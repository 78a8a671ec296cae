# What must be true before a change is handed in: formatted, builds without a warning, every test passes.

ensure_tools
broken=()
say "checking the format"
dotnet format "$root/Analemma.slnx" --verify-no-changes || broken+=("the sources are not formatted; ./analemma fmt does it")
source "$root/eng/commands/test.sh"

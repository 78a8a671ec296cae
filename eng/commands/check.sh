# What must be true before a change is handed in: formatted, builds without a warning, every test passes.

ensure_tools
say "checking the format"
dotnet format "$root/Analemma.slnx" --verify-no-changes
source "$root/eng/commands/test.sh"

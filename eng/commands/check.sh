# What must be true before a change is handed in: formatted, builds without a warning, every test passes.

# Beside the tests, which wait for a third of their time.
check_format() { nice -n 19 dotnet format "$root/Analemma.slnx" --verify-no-changes --no-restore; }

source "$root/eng/commands/test.sh"

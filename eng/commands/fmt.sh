# Formats the sources; `./analemma fmt --check` only says what it would change.

ensure_tools
if [[ ${1-} == --check ]]; then
    dotnet format "$root/Analemma.slnx" --verify-no-changes
else
    dotnet format "$root/Analemma.slnx"
fi

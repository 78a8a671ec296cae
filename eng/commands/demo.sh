# Runs the demonstrations on a kernel of their own: `./analemma demo`, or `./analemma demo NAME`.

is_built || source "$root/eng/commands/build.sh"
exec env ANALEMMA_COMMAND="$root/analemma" python3 "$root/demos/run.py" "$@"

# Builds the command line and the kernel. Two starts at once build once.

ensure_tools
mkdir -p "$root/artifacts"
exec 9>"$root/artifacts/.build.lock"
flock 9
if [[ ${command-} == build ]] || ! is_built; then
    touch "$stamp.begun"
    say "building; the first time takes a minute"
    quietly build "$root/eng/Product.slnf" -c Release -v quiet
    mv "$stamp.begun" "$stamp"
fi
exec 9>&-

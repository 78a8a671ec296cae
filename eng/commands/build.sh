# Builds the command line and the kernel. Two starts at once build once.

ensure_tools
mkdir -p "$root/artifacts"
exec 9>"$root/artifacts/.build.lock"
flock 9
if [[ ${command-} == build ]] || ! is_built; then
    touch "$stamp.begun"
    say "building; the first time takes a minute"
    quietly build "$root/eng/Product.slnf" -c Release -v quiet
    # Agents see the SDK read-only: what is not compiled here, each of them would compile again.
    PATH=/usr/bin:/bin python3 -m compileall -q -s "$root/sdk/python" -p /sdk "$root"/sdk/python/{analemma,*.py} || true
    mv "$stamp.begun" "$stamp"
fi
exec 9>&-

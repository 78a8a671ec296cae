# Builds the command line and the kernel into artifacts/product, compiled ahead of time where the compiler for it can be
# had: that halves the time from start to ready. Two starts at once build once. The folder is replaced as a whole, so
# that a kernel that runs from it keeps the files it has.

publish() {
    local project=$1 folder=$2
    shift 2
    # The analyzers have their say in every other build.
    try_dotnet publish "$root/src/$project" -c Release -v quiet --no-self-contained -p:RunAnalyzers=false \
        -o "$folder" "$@"
}

publish_product() {
    local folder=$1 project
    shift
    for project in user/Cli Daemon; do
        publish "$project" "$folder" "$@" || return 1
    done
}

# What .NET has as generic code for any type (collections, JSON, tasks) is compiled here for the types that we use it with,
# and used where its own has not changed since: two methods in three that a start would compile again.
generics='--opt-cross-module:*%3B--non-local-generics-module:*'

build_product() {
    local fresh=$root/artifacts/product.new
    rm -rf "$fresh"
    if [[ $(uname -m) != x86_64 ]] || ! publish_product "$fresh" -r linux-x64 \
        -p:PublishReadyToRun=true "-p:PublishReadyToRunCrossgen2ExtraArgs=$generics"; then
        rm -rf "$fresh"
        publish_product "$fresh" || fail_build
    fi
    # Agents see the SDK read-only: what is not compiled here, each of them would compile again.
    PATH=/usr/bin:/bin python3 -m compileall -q -s "$fresh/sdk/python" -p /sdk "$fresh/sdk/python" >&2 || true
    rm -rf "$root/artifacts/product"
    mv "$fresh" "$root/artifacts/product"
}

ensure_tools
mkdir -p "$root/artifacts"
exec 9>"$root/artifacts/.build.lock"
flock -n 9 || {
    say "waiting for another build of this checkout"
    flock 9
}
if [[ ${command-} == build ]] || ! is_built; then
    touch "$stamp.begun"
    say "building; the first time takes a minute"
    build_product
    mv "$stamp.begun" "$stamp"
fi
exec 9>&-

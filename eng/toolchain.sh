# Finds the tools that Analemma needs and installs those that are missing, when it may.
# ANALEMMA_NO_INSTALL=1 forbids it: then the commands are printed instead.

say() { printf 'analemma: %s\n' "$*" >&2; }
fail() { say "$@"; exit 1; }

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_WORKLOAD_UPDATE_NOTIFY_DISABLE=true

# What tests and benchmarks start must not lead to a real model: nothing of theirs may leave this machine.
forget_models() {
    unset GEMINI_API_KEY GOOGLE_API_KEY GOOGLE_GEMINI_BASE_URL OPENAI_API_KEY OPENAI_BASE_URL \
        ANTHROPIC_API_KEY ANTHROPIC_BASE_URL
}

sdk_major=10
sdk_package=dotnet-sdk-$sdk_major.0
sdk_script=https://dot.net/v1/dotnet-install.sh

has_sdk() { command -v dotnet >/dev/null && dotnet --list-sdks 2>/dev/null | grep -q "^$sdk_major\."; }

use_sdk_in_home() {
    [[ -x ${HOME-}/.dotnet/dotnet ]] || return 0
    export DOTNET_ROOT=$HOME/.dotnet PATH=$HOME/.dotnet:$PATH
}

# Prints the word that makes a command run as root, or fails.
as_root() {
    if [[ $EUID -eq 0 ]]; then
        echo env
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        echo sudo
    else
        return 1
    fi
}

missing_packages() {
    # Only the init of the sandboxes is made of C. Where no compiler can be had it is left out, and the kernel says so.
    command -v cc >/dev/null || [[ ${ANALEMMA_NO_INSTALL-} == 1 ]] || echo gcc
    command -v crun >/dev/null || command -v runc >/dev/null || command -v bwrap >/dev/null || echo crun
    command -v python3 >/dev/null || echo python3
}

explain() {
    say "this is missing: $*"
    say "on Debian or Ubuntu:"
    for item in "$@"; do
        if [[ $item == "$sdk_package" ]]; then
            say "  curl -fsSL $sdk_script | bash -s -- --channel $sdk_major.0    # the .NET $sdk_major SDK, into ~/.dotnet"
            say "  or, from Microsoft's package feed: apt-get install $sdk_package"
            say "     (https://learn.microsoft.com/dotnet/core/install/linux-debian)"
        else
            say "  apt-get install --no-install-recommends $item"
        fi
    done
}

apt_install() {
    local root_word
    root_word=$(as_root) || return 1
    command -v apt-get >/dev/null || return 1
    refresh_apt_lists "$root_word" "$@"
    say "installing with apt-get: $*"
    $root_word env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >&2
}

apt_has() { command -v apt-cache >/dev/null && apt-cache policy "$1" 2>/dev/null | grep -q 'Candidate: [^(]'; }

# A new machine knows no packages until its lists are fetched.
refresh_apt_lists() {
    local root_word=$1 package
    shift
    for package in "$@"; do
        if ! apt_has "$package"; then
            say "fetching the package lists, which do not have $package"
            $root_word apt-get update -q >&2 || say "apt-get update failed; going on with the lists that are here"
            return
        fi
    done
}

install_sdk() {
    if apt_has "$sdk_package" && apt_install "$sdk_package"; then
        return
    fi

    say "no configured apt source has $sdk_package; trying $sdk_script into ~/.dotnet"
    local script
    script=$(mktemp)
    if curl -fsSL --connect-timeout 10 --max-time 60 -o "$script" "$sdk_script" \
        && bash "$script" --channel "$sdk_major.0" --install-dir "$HOME/.dotnet" >&2; then
        rm -f "$script"
        use_sdk_in_home
    else
        rm -f "$script"
        say "$sdk_script could not be fetched or run"
    fi
}

ensure_tools() {
    local missing=()
    has_sdk || use_sdk_in_home
    has_sdk || missing+=("$sdk_package")
    mapfile -t -O "${#missing[@]}" missing < <(missing_packages)
    [[ ${#missing[@]} -gt 0 ]] || return 0

    if [[ ${ANALEMMA_NO_INSTALL-} == 1 ]]; then
        explain "${missing[@]}"
        fail "ANALEMMA_NO_INSTALL=1: install them and start again"
    fi

    local package packages=()
    for package in "${missing[@]}"; do
        [[ $package == "$sdk_package" ]] || packages+=("$package")
    done
    if [[ ${#packages[@]} -gt 0 ]]; then
        apt_install "${packages[@]}" || true
    fi
    has_sdk || install_sdk

    missing=()
    has_sdk || missing+=("$sdk_package")
    mapfile -t -O "${#missing[@]}" missing < <(missing_packages)
    if [[ ${#missing[@]} -gt 0 ]]; then
        explain "${missing[@]}"
        # Without the SDK nothing can be built; without the others the kernel says what it cannot enforce.
        has_sdk || fail "the .NET $sdk_major SDK is needed to go on"
    fi
}

# dotnet, with its output kept for the moment that it fails. Its compiler server outlives it by minutes, and would hold
# the lock of the build as long.
try_dotnet() {
    mkdir -p "$root/artifacts"
    dotnet "$@" >"$root/artifacts/build.log" 2>&1 9>&-
}

fail_build() {
    local log=$root/artifacts/build.log
    grep -E 'error|warning' "$log" | sort -u | head -40 >&2 || tail -40 "$log" >&2
    fail "the build failed; all of it is in $log"
}

quietly() { try_dotnet "$@" || fail_build; }

# Builds a program of the repository in Release when something has changed, and becomes it.
run_project() {
    local project=$1 name program
    shift
    [[ -e $project ]] || fail "this checkout has no ${project#"$root/"}"
    ensure_tools
    say "building ${project#"$root/"}"
    quietly build "$project" -c Release -v quiet
    name=$(basename "$project" .csproj)
    program=$(sed -nE 's|.*<AssemblyName>(.*)</AssemblyName>.*|\1|p' "$project")
    exec "$root/artifacts/bin/$name/release/${program:-$name}" "$@"
}

# Runs every test project and the tests of the Python SDK. Ends with a line `N passed, N failed, N skipped`.
# Arguments choose: `./analemma test unit python`. `./analemma test s3` is apart: workflows against a real S3 server.

# A wrong name is told before minutes of building.
known=(python conformance s3)
for project in "$root"/test/*/*.csproj; do known+=("$(basename "$(dirname "$project")" | tr '[:upper:]' '[:lower:]')"); done
for name in "$@"; do
    if [[ " ${known[*]} " != *" ${name,,} "* ]]; then
        say "there are no tests '$name'; there are: $(printf '%s\n' "${known[@]}" | sort -u | paste -sd' ')"
        exit 2
    fi
done

forget_models
ensure_tools
say "building with tests"
quietly build "$root/Analemma.slnx" -c Release -v quiet

# What users run is what is tested, where it is built: it starts in half the time, and takes minutes to build.
if is_built; then
    export ANALEMMA_TEST_PRODUCT=$root/artifacts/product
fi

# Programs that run for seconds spend more on measuring themselves than they ever win by it: a fifth of all their time.
export DOTNET_TieredPGO=0

# A test that waits for ever must not hide the results of the others.
seconds_max=1500

passed=0 failed=0 skipped=0
broken=()
beside=()
outputs=$(mktemp -d)
output=$outputs/output

# What runs in the background has no Ctrl-C of its own.
tidy_up() {
    local each
    for each in "${beside[@]}"; do
        # shellcheck disable=SC2046 # A list of pids.
        kill -TERM $(cat "/proc/$each/task/$each/children" 2>/dev/null) 2>/dev/null || true
    done
    rm -rf "$outputs"
}
trap tidy_up EXIT

# Runs a program of tests into a file of its name.
run_program() {
    local name=$1 program=$2 code=0
    shift 2
    timeout --kill-after 10 "$seconds_max" "$program" --no-progress --no-ansi "$@" >"$outputs/$name" 2>&1 || code=$?
    echo "$code" >"$outputs/$name.code"
}

# Adds up a Microsoft.Testing.Platform summary; a program that ends without one has failed.
add_up() {
    local name=$1 code
    output=$outputs/$name
    code=$(<"$output.code")
    echo "== $name"
    cat "$output"
    if ! grep -qE '^ *total: [0-9]+' "$output"; then
        failed=$((failed + 1))
        # Said again at the end, where whoever reads a long log looks.
        broken+=("$name ended with code $code before it had a result; its last lines:
$(tail -n 60 "$output" | cut -c1-300)")
        return
    fi

    passed=$((passed + $(count succeeded)))
    failed=$((failed + $(count failed)))
    skipped=$((skipped + $(count skipped)))
    # A program whose tests were all skipped ends with 8.
    if [[ $code -ne 0 && ! ($code -eq 8 && $(count skipped) -gt 0) ]]; then
        broken+=("$name ended with code $code")
    fi
}

count() { sed -nE "s/^ *$1: ([0-9]+).*/\1/p" "$output" | tail -1 | grep . || echo 0; }

program_of() {
    local assembly
    assembly=$(basename "$root/test/$1"/*.csproj .csproj)
    echo "$root/artifacts/bin/$assembly/release/$assembly"
}

# A kernel for the tests of the Python SDK; without one they skip what needs it.
start_kernel() {
    scratch=$(mktemp -d)
    # Tests speak to nobody outside of this machine: no keys of model providers.
    env -u GEMINI_API_KEY -u GOOGLE_API_KEY -u OPENAI_API_KEY -u OPENAI_BASE_URL -u ANTHROPIC_API_KEY \
        ANALEMMA_SOCKET=$scratch/kernel.sock ANALEMMA_KERNEL__STATE_FOLDER=$scratch/state \
        ANALEMMA_SANDBOX__SDK_FOLDER=$root/sdk/python \
        "$root/artifacts/bin/Analemma.Daemon/release/analemma-kernel" >"$scratch/kernel.log" 2>&1 &
    kernel=$!
    for _ in {1..300}; do
        if [[ -S $scratch/kernel.sock ]]; then
            export ANALEMMA_TEST_SOCKET=$scratch/kernel.sock
            return
        fi
        kill -0 "$kernel" 2>/dev/null || break
        sleep 0.1
    done
    say "no kernel for the Python tests:"
    cat "$scratch/kernel.log" >&2
}

stop_kernel() {
    unset ANALEMMA_TEST_SOCKET
    kill -TERM "$kernel" 2>/dev/null || true
    wait "$kernel" || true
    rm -rf "$scratch"
}

run_python_tests() {
    echo "== Python SDK"
    local code=0 ran bad left scratch kernel
    start_kernel
    (cd "$root/sdk/python" && PYTHONDONTWRITEBYTECODE=1 python3 -m unittest discover -s tests) >"$output" 2>&1 || code=$?
    stop_kernel
    cat "$output"
    ran=$(sed -nE 's/^Ran ([0-9]+) tests? in.*/\1/p' "$output" | tail -1)
    if [[ -z $ran ]]; then
        failed=$((failed + 1))
        broken+=("the Python tests ended with code $code before they had a result")
        return
    fi

    bad=$(tail -1 "$output" | { grep -oE '(failures|errors|unexpected successes)=[0-9]+' || true; } | cut -d= -f2 | paste -sd+)
    bad=$((${bad:-0}))
    left=$(tail -1 "$output" | sed -nE 's/.*skipped=([0-9]+).*/\1/p')
    failed=$((failed + bad))
    skipped=$((skipped + ${left:-0}))
    passed=$((passed + ran - bad - ${left:-0}))
    if [[ $code -ne 0 ]]; then
        broken+=("the Python tests ended with code $code")
    fi
}

# Runs in the background what counts for itself, into files of its name, which `add_apart` adds.
run_apart() {
    local name=$1
    output=$outputs/$name.tests passed=0 failed=0 skipped=0 broken=()
    "$2" >"$outputs/$name" 2>&1
    printf '%s\n' ${broken[@]+"${broken[@]}"} >"$outputs/$name.broken"
    echo "$passed $failed $skipped" >"$outputs/$name.sums"
}

add_apart() {
    local name=$1 sums each
    cat "$outputs/$name"
    if ! read -ra sums <"$outputs/$name.sums"; then
        failed=$((failed + 1))
        broken+=("$name ended before it had a result")
        return
    fi

    passed=$((passed + sums[0])) failed=$((failed + sums[1])) skipped=$((skipped + sums[2]))
    while read -r each; do
        [[ -z $each ]] || broken+=("$each")
    done <"$outputs/$name.broken"
}

wanted() { [[ ${#chosen[@]} -eq 0 ]] || [[ " ${chosen[*],,} " == *" ${1,,} "* ]]; }

wants_python() { wanted python && [[ -d $root/sdk/python/tests ]]; }

if declare -F check_format >/dev/null; then
    say "checking the format beside the tests"
    check_format >"$outputs/format" 2>&1 &
    format=$!
    beside+=("$format")
fi

chosen=("$@")
if [[ " ${chosen[*],,} " == " s3 " ]]; then
    # Slow: payloads of workflows against Ceph's gateway, which the test starts and ends.
    for program in ceph-mon ceph-osd monmaptool radosgw radosgw-admin; do
        if ! command -v "$program" >/dev/null; then
            say "$program is not installed: apt-get install ceph-mon ceph-osd ceph-common radosgw; skipped"
            exit
        fi
    done
    export ANALEMMA_TEST_S3=1
    run_program S3 "$(program_of Integration)" --filter-class '*S3PayloadStoreTests'
    add_up S3
fi

# Those that wait for sandboxes and disks, and have Ctrl-C, here; those that compute beside them.
computing=()
for project in "$root"/test/*/*.csproj; do
    name=$(basename "$(dirname "$project")")
    [[ $name == Integration ]] || ! wanted "$name" || computing+=("$name")
done
if [[ ${#computing[@]} -gt 0 ]]; then
    say "running ${computing[*]}"
fi
if [[ ${#computing[@]} -gt 0 ]] || wants_python; then
    (
        # They take what processors are left: their clocks are simulated, those of the others are not.
        for name in ${computing[@]+"${computing[@]}"}; do
            (
                renice -n 2 "$BASHPID" >/dev/null 2>&1 || true
                run_program "$name" "$(program_of "$name")"
            )
        done
        if wants_python; then run_apart Python run_python_tests; fi
    ) &
    computed=$!
    beside+=("$computed")
fi
if wanted Integration; then
    say "running Integration"
    # More than there are processors, since they wait for much of their time.
    run_program Integration "$(program_of Integration)" --max-threads 4 --filter-not-class '*DemoTests'
    add_up Integration
fi
if [[ -n ${computed-} ]]; then
    wait "$computed"
    for name in ${computing[@]+"${computing[@]}"}; do add_up "$name"; done
    if wants_python; then add_apart Python; fi
fi
if wanted Integration; then
    # A heartbeat that is never late is no claim to make beside other work of ours.
    say "running the demonstrations"
    run_program Demonstrations "$(program_of Integration)" --filter-class '*DemoTests'
    add_up Demonstrations
fi
if wanted conformance; then
    source "$root/eng/recorded-cases.sh"
    run_recorded_cases
fi
if [[ -n ${format-} ]] && ! wait "$format"; then
    cat "$outputs/format"
    broken+=("the sources are not formatted; ./analemma fmt does it")
fi

for reason in ${broken[@]+"${broken[@]}"}; do
    say "$reason"
done
echo "$passed passed, $failed failed, $skipped skipped"
[[ $failed -eq 0 && ${#broken[@]} -eq 0 && $passed -gt 0 ]]

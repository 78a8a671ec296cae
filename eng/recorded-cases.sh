# Drives the kernel's workflow API with the cases that were recorded of the service, by the runner that lies beside them.
# Sourced by the command `test`; uses its counters. The cases are not part of this repository: ANALEMMA_ASL_CASES says
# where they are, else a folder shared/asl-cases beside the work tree or above it.

find_recorded_cases() {
    local at=$root
    [[ -n ${ANALEMMA_ASL_CASES-} ]] && { echo "$ANALEMMA_ASL_CASES"; return; }
    while [[ $at != / ]]; do
        [[ -f $at/shared/asl-cases/runner.py ]] && { echo "$at/shared/asl-cases"; return; }
        at=$(dirname "$at")
    done
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

run_recorded_cases() {
    echo "== recorded cases, against the kernel"
    local cases scratch kernel port aws code=0
    cases=$(find_recorded_cases)
    if [[ ! -f $cases/runner.py ]]; then
        echo "skipped: there is no runner.py; set ANALEMMA_ASL_CASES to the folder of the recorded cases"
        skipped=$((skipped + 1))
        return
    fi

    scratch=$(mktemp -d)
    port=$(free_port)
    aws=$(free_port)
    AWS_ENDPOINT_URL=http://127.0.0.1:$aws "$root/artifacts/bin/Analemma.Daemon/release/analemma-kernel" \
        --kernel.socket="$scratch/kernel.sock" --kernel.state_folder="$scratch/state" --pool.created=0 --pool.preloaded=0 \
        --workflows.listen=true --workflows.port="$port" --workflows.strict=true >"$scratch/kernel.log" 2>&1 &
    kernel=$!
    for _ in {1..300}; do
        grep -q "is ready on" "$scratch/kernel.log" && break
        kill -0 "$kernel" 2>/dev/null || break
        sleep 0.1
    done
    timeout 500 python3 "$cases/runner.py" --endpoint "http://127.0.0.1:$port" --category pure,lambda,lambda+sqs \
        --jobs 8 --fake-aws-port "$aws" --timeout 20 --out "$scratch/results.jsonl" || code=$?
    kill -TERM "$kernel" 2>/dev/null || true
    wait "$kernel" || true
    if [[ $code -ne 0 || ! -s $scratch/results.jsonl ]]; then
        failed=$((failed + 1))
        broken+=("the runner of recorded cases ended with code $code")
    else
        passed=$((passed + $(grep -c '"outcome": "pass"' "$scratch/results.jsonl" || true)))
        failed=$((failed + $(grep -c '"outcome": "fail"' "$scratch/results.jsonl" || true)))
    fi
    rm -rf "$scratch"
}

"""NOOP round trips of the Python SDK: noop.py SOCKET BYTES ROUNDS CLIENTS. Prints p50 and p99 in microseconds."""

import sys
import threading
import time

from analemma import Kernel

WARMUP = 500


def measure(path: str, size: int, rounds: int, took: "list[float]") -> None:
    payload = b"x" * size
    with Kernel(path) as kernel:
        for i in range(-WARMUP, rounds):
            start = time.perf_counter()
            kernel.noop(payload)
            if i >= 0:
                took.append((time.perf_counter() - start) * 1e6)


def main() -> None:
    path, size, rounds, clients = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    took: "list[list[float]]" = [[] for _ in range(clients)]
    threads = [threading.Thread(target=measure, args=(path, size, rounds, each)) for each in took]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    every = sorted(value for each in took for value in each)
    print(f"{every[len(every) // 2]:.3f} {every[len(every) * 99 // 100]:.3f}")


main()

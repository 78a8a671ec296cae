"""Misbehaves: takes memory and never gives any back."""

import time

MIB = 1024 * 1024
kept = []
while True:
    # Written to, or the host would not have given it yet.
    kept.append(b"x" * (4 * MIB))
    print(f"holding {len(kept) * 4} MiB", flush=True)
    time.sleep(0.1)

"""Misbehaves: forks for ever, and so do its children. Only ever run it with a limit on processes."""

import os
import time

time.sleep(1)
print("forking", flush=True)
while True:
    try:
        os.fork()
    except OSError:
        pass

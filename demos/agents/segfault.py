"""Misbehaves: reads the address zero."""

import ctypes
import time

print("about to read address 0", flush=True)
time.sleep(1)
ctypes.string_at(0)

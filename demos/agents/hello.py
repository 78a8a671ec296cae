"""The smallest agent: asks the kernel who it is, and says so."""

from analemma import Kernel

with Kernel() as kernel:
    me = kernel.hello()
    limits = me.limits
    print(f"I am {me.name}, process {me.process}, with {limits.memory >> 20} MiB and {limits.max_pids} processes.")
    print(f"The kernel echoes: {kernel.echo('hello')}")

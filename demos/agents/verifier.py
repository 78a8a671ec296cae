"""Last stage of a pipeline: looks at each answer, sends one sentence back once, and passes the others on."""

import sys
import time

from analemma import Kernel

REJECTED = int(sys.argv[2])

with Kernel() as kernel:
    while True:
        for message in kernel.recv("answers"):
            work, began = message.body, time.time()
            number, attempt = work["number"], work["attempt"]
            if not work["answer"] or (number == REJECTED and attempt == 1):
                again = {"number": number, "sentence": work["sentence"], "attempt": attempt + 1, "parsed": time.time()}
                kernel.send("sentences", again, key=f"s{number}.{attempt + 1}")
            else:
                times = {"handed_s": began - work["reasoned"], "verify_s": time.time() - began}
                kernel.send("verified", {**work, **times}, key=f"v{number}")
            kernel.ack(message)

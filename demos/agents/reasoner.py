"""Second stage of a pipeline: asks a model about each sentence. Says with an event what it has in hand."""

import time

from analemma import Kernel

with Kernel() as kernel:
    while True:
        for message in kernel.recv("sentences"):
            work = message.body
            kernel.emit("thinking", {"number": work["number"], "attempt": work["attempt"]})
            began = time.time()
            answer = kernel.think(f"Is this true, and why? {work['sentence']}.", max_tokens=24)
            done = {
                "answer": answer.content,
                "model": answer.model,
                "delivery": message.delivery,
                "waited_s": began - work["parsed"],
                "reason_s": time.time() - began,
                "reasoned": time.time(),
            }
            kernel.send("answers", {**work, **done}, key=f"a{work['number']}.{work['attempt']}")
            kernel.ack(message)

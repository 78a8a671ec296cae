"""Asks a model again and again, so many calls at once, until a file called stop is there; then tells how it went."""

import asyncio
import json
import os
import sys
import time

from analemma import AsyncKernel, SyscallError

IN_FLIGHT, MAX_TOKENS, MODEL = int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]


class Tally:
    def __init__(self):
        self.asked = 0
        self.answered = 0
        self.refused = {}
        self.latency_ms, self.wait_ms, self.ran_ms = [], [], []


async def ask(kernel, tally, worker):
    while not os.path.exists("stop"):
        tally.asked += 1
        prompt = f"{os.environ['ANALEMMA_NAME']}, question {tally.asked} of {worker}: name a thing that is blue."
        began = time.monotonic()
        try:
            answer = await kernel.think(prompt, max_tokens=MAX_TOKENS, model=MODEL, thinking_level="low")
        except SyscallError as refused:
            tally.refused[refused.code] = tally.refused.get(refused.code, 0) + 1
            if refused.code == "budget_exhausted":
                print(json.dumps({"refusal": refused.message}), flush=True)
                return
            continue
        tally.answered += 1
        tally.latency_ms.append(round((time.monotonic() - began) * 1000))
        tally.wait_ms.append(answer.queued_ms)
        tally.ran_ms.append(answer.ran_ms)


async def main():
    tally = Tally()
    async with AsyncKernel() as kernel:
        await asyncio.gather(*(ask(kernel, tally, worker) for worker in range(IN_FLIGHT)))
    print(json.dumps(vars(tally)), flush=True)


asyncio.run(main())

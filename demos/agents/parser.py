"""First stage of a pipeline: cuts texts into sentences, and sends each on to be thought about."""

import time

from analemma import Kernel

TEXT = (
    "Water boils at a hundred degrees. The moon is made of rock. Snow is cold. Iron is heavier than wood. "
    "Bees make honey. Glass is made of sand. The sun is a star. Salt comes from the sea. Leaves fall in autumn. "
    "Ice floats on water. Cats sleep by day. Rain comes from clouds."
)

with Kernel() as kernel:
    for number, sentence in enumerate(TEXT.split(". ")):
        began = time.time()
        work = {"number": number, "sentence": sentence.rstrip("."), "attempt": 1}
        kernel.send("sentences", {**work, "parsed": time.time(), "parse_s": time.time() - began}, key=f"s{number}")

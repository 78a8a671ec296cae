"""What a demonstration says, and whether it is so."""

from __future__ import annotations

import json
import sys
import time
from typing import Any


class Claims:
    """The claims of one demonstration. One that does not hold makes the run fail."""

    def __init__(self, demo: str, quiet: bool) -> None:
        self.demo = demo
        self._quiet = quiet
        self._began = time.monotonic()
        self._claims: list[dict[str, Any]] = []

    def say(self, text: str = "") -> None:
        if not self._quiet:
            print(text, flush=True)

    def check(self, claim: str, holds: bool, text: str, otherwise: str) -> None:
        """A claim that this host promises: says the text if it holds."""
        self._claims.append({"claim": claim, "held": holds, "text": text if holds else otherwise})
        self.say(f"  {text}" if holds else f"  FAILED  {otherwise}")

    def not_enforced(self, claim: str, why: str) -> None:
        """A claim that this host does not promise, and that is therefore not made."""
        self._claims.append({"claim": claim, "held": None, "text": why})
        self.say(f"  not enforced here: {claim}: {why}")

    @property
    def held(self) -> bool:
        return all(claim["held"] is not False for claim in self._claims)

    def end(self) -> bool:
        """Prints the outcome; true when all claims that were made held."""
        seconds = time.monotonic() - self._began
        if self._quiet:
            summary = {"demo": self.demo, "held": self.held, "seconds": round(seconds, 1), "claims": self._claims}
            print(json.dumps(summary), flush=True)
        failed = [claim["claim"] for claim in self._claims if claim["held"] is False]
        if failed:
            print(f"{self.demo}: does not hold: {'; '.join(failed)}", file=sys.stderr, flush=True)
        made = sum(claim["held"] is not None for claim in self._claims)
        self.say(f"{self.demo}: {made - len(failed)} of {made} claims held, {seconds:.1f} s")
        return not failed

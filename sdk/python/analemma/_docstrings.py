"""What a docstring says of a function and of its parameters, in any of the three styles that people write.

    Google      Args:\n        city: Where.
    NumPy       Parameters\n    ----------\n    city : str\n        Where.
    Sphinx      :param city: Where.    or    :param str city: Where.
"""

from __future__ import annotations

import inspect
import re

_GOOGLE_ARGUMENTS = re.compile(r"(Args|Arguments|Parameters|Params|Attributes):\s*$")
_GOOGLE_SECTION = re.compile(
    r"(Args|Arguments|Parameters|Params|Attributes|Returns?|Yields?|Raises|Examples?|Notes?|Warnings?|See Also):\s*$"
)
_GOOGLE_ITEM = re.compile(r"\*{0,2}(\w+)\s*(?:\([^)]*\))?\s*:\s*(.*)$")
_NUMPY_RULE = re.compile(r"-{3,}\s*$")
_NUMPY_ARGUMENTS = ("Parameters", "Other Parameters", "Attributes")
_NUMPY_ITEM = re.compile(r"\*{0,2}(\w+)\s*(?::.*)?$")
_SPHINX_ITEM = re.compile(r":(?:param|parameter|arg|argument)\s+(?:[^:]*\s)?\*{0,2}(\w+)\s*:\s*(.*)$")
_SPHINX_OTHER = re.compile(r":\w+[^:]*:")


def read(docstring: str | None) -> tuple[str, dict[str, str]]:
    """The text before any section, and the text of each parameter. Lines within a paragraph are joined."""
    if not docstring:
        return "", {}
    lines = inspect.cleandoc(docstring).splitlines()
    head, at = [], 0
    while at < len(lines) and not _begins_section(lines, at):
        head.append(lines[at])
        at += 1
    parameters: dict[str, str] = {}
    while at < len(lines):
        at = _section(lines, at, parameters)
    return _joined(head), {name: _joined(text.split("\n")) for name, text in parameters.items()}


def _begins_section(lines: list[str], at: int) -> bool:
    line = lines[at]
    ruled = at + 1 < len(lines) and line.strip() and _NUMPY_RULE.match(lines[at + 1])
    return bool(ruled or _GOOGLE_SECTION.match(line) or _SPHINX_OTHER.match(line))


def _section(lines: list[str], at: int, parameters: dict[str, str]) -> int:
    """Takes in the section that begins at this line; returns where it ends."""
    line = lines[at]
    if _SPHINX_OTHER.match(line):
        item = _SPHINX_ITEM.match(line)
        text = [item.group(2)] if item else []
        at += 1
        while at < len(lines) and (not lines[at].strip() or lines[at][0].isspace()):
            text.append(lines[at].strip())
            at += 1
        if item:
            parameters[item.group(1)] = "\n".join(text)
        return at if at > 0 else 1
    if _GOOGLE_SECTION.match(line):
        return _items(lines, at + 1, parameters if _GOOGLE_ARGUMENTS.match(line) else None, _GOOGLE_ITEM, True)
    if at + 1 < len(lines) and _NUMPY_RULE.match(lines[at + 1]):
        wanted = parameters if line.strip() in _NUMPY_ARGUMENTS else None
        return _items(lines, at + 2, wanted, _NUMPY_ITEM, False)
    return at + 1


def _items(lines: list[str], at: int, into: dict[str, str] | None, item: re.Pattern[str], indented: bool) -> int:
    """Items of a section: at one indentation their names, deeper their texts."""
    depth: int | None = None
    name = ""
    while at < len(lines):
        line = lines[at]
        if line.strip():
            indent = len(line) - len(line.lstrip())
            if (indented and indent == 0) or (not indented and _begins_section(lines, at)):
                return at
            depth = indent if depth is None else depth
            found = item.match(line.strip()) if indent == depth else None
            if found:
                name = found.group(1)
                if into is not None:
                    into[name] = found.group(2) if item.groups > 1 else ""
            elif into is not None and name in into:
                into[name] += "\n" + line.strip()
        elif into is not None and name in into:
            into[name] += "\n"
        at += 1
    return at


def _joined(lines: list[str]) -> str:
    """Paragraphs, each on one line."""
    paragraphs, words = [], []
    for line in [*lines, ""]:
        if line.strip():
            words.append(line.strip())
        elif words:
            paragraphs.append(" ".join(words))
            words = []
    return "\n".join(paragraphs)

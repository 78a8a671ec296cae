"""Type hints as JSON Schema, and JSON as values of those types.

A hint becomes a `Kind`: it has the schema that the model is shown, and turns what the model sent into what the function
takes. Conversion loses nothing: 5.0 is an int, "5" is one where no str is allowed, 5.5 is not. Each problem is reported
with the path to it, all of them at once, in words that a model can act upon.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import datetime
import enum
import inspect
import json
import os
import pathlib
import sys
import typing

from analemma import _docstrings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    Problems = list[str]

# How deep types may lie in each other; a type that contains itself goes beyond any depth.
_DEPTH_MAX = 16

_UNIONS: tuple[Any, ...] = (typing.Union,)
if sys.version_info >= (3, 10):
    import types

    _UNIONS = (typing.Union, types.UnionType)

_MISSING: Any = dataclasses.MISSING


class Unfit(Exception):
    """A value is not of a kind. Says nothing itself: the problems are in the list that was passed along."""


class Kind:
    """A type: its schema, and `take`, which adds to `problems` and raises Unfit when a value does not fit."""

    def __init__(self, schema: dict[str, Any], take: Callable[[Any, str, Problems], Any], name: str) -> None:
        self.schema = schema
        self.take = take
        self.name = name


def kind_of(hint: Any, depth: int = 0) -> Kind:
    """The kind of a type hint. Raises TypeError for one that no JSON can stand for."""
    if depth > _DEPTH_MAX:
        raise TypeError(f"{_named(hint)} lies deeper than {_DEPTH_MAX} types, or contains itself")
    if hint in (inspect.Parameter.empty, typing.Any, object):
        return Kind({}, lambda value, path, problems: value, "any JSON")
    if hint is None or hint is type(None):
        return Kind({"type": "null"}, _taker(lambda value: value is None, "null"), "null")
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is not None and hasattr(hint, "__metadata__"):
        return _annotated(hint, depth)
    if origin in _UNIONS:
        return _union(arguments, depth)
    if origin is typing.Literal:
        return _choice({value: value for value in arguments}, hint)
    for makers in (_scalar, _enumeration, _collection, _structure):
        kind = makers(hint, origin, arguments, depth)
        if kind is not None:
            return kind
    if isinstance(hint, typing.TypeVar):
        return kind_of(hint.__bound__ or typing.Any, depth + 1)
    supertype = getattr(hint, "__supertype__", None)  # typing.NewType
    if supertype is not None:
        return kind_of(supertype, depth + 1)
    raise TypeError(f"{_named(hint)} has no JSON Schema; use str, int, float, bool, list, dict, Literal or a dataclass")


def _named(hint: Any) -> str:
    return getattr(hint, "__name__", None) or str(hint).replace("typing.", "")


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= 60 else text[:57] + "..."


def _unfit(path: str, expected: str, value: Any, problems: Problems) -> Unfit:
    problems.append(f"{path} must be {expected}, not {_shown(value)}")
    return Unfit()


def _taker(fits: Callable[[Any], bool], expected: str, make: Any = None) -> Callable[[Any, str, Problems], Any]:
    def take(value: Any, path: str, problems: Problems) -> Any:
        if not fits(value):
            raise _unfit(path, expected, value, problems)
        return value if make is None else make(value)

    return take


def _take_integer(value: Any, path: str, problems: Problems) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and value.strip().lstrip("+-").isascii() and value.strip().lstrip("+-").isdigit():
        return int(value)
    raise _unfit(path, "an integer", value, problems)


def _take_number(value: Any, path: str, problems: Problems) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            pass
    raise _unfit(path, "a number", value, problems)


def _take_boolean(value: Any, path: str, problems: Problems) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise _unfit(path, "true or false", value, problems)


def _parsed(parse: Callable[[str], Any], expected: str) -> Callable[[Any, str, Problems], Any]:
    def take(value: Any, path: str, problems: Problems) -> Any:
        if isinstance(value, str):
            try:
                # Python reads Z only from 3.11 on.
                return parse(value[:-1] + "+00:00" if value.endswith("Z") and parse is not pathlib.Path else value)
            except ValueError:
                pass
        raise _unfit(path, expected, value, problems)

    return take


_SCALARS: dict[Any, Kind] = {
    str: Kind({"type": "string"}, _taker(lambda value: isinstance(value, str), "a string"), "a string"),
    bool: Kind({"type": "boolean"}, _take_boolean, "true or false"),
    int: Kind({"type": "integer"}, _take_integer, "an integer"),
    float: Kind({"type": "number"}, _take_number, "a number"),
    datetime.datetime: Kind(
        {"type": "string", "format": "date-time"},
        _parsed(datetime.datetime.fromisoformat, "a date and time, as 2026-01-31T12:00:00Z"),
        "a date and time",
    ),
    datetime.date: Kind(
        {"type": "string", "format": "date"},
        _parsed(datetime.date.fromisoformat, "a date, as 2026-01-31"),
        "a date",
    ),
    pathlib.Path: Kind({"type": "string"}, _parsed(pathlib.Path, "a path"), "a path"),
    os.PathLike: Kind({"type": "string"}, _parsed(pathlib.Path, "a path"), "a path"),
}


def _scalar(hint: Any, origin: Any, arguments: Any, depth: int) -> Kind | None:
    try:
        return _SCALARS.get(os.PathLike if origin is os.PathLike else hint)
    except TypeError:  # a hint that cannot be hashed, such as a Literal of lists
        return None


def _annotated(hint: Any, depth: int) -> Kind:
    """Annotated[T, "what it is"], or with a JSON Schema to add, as Annotated[int, {"minimum": 1}]."""
    kind = kind_of(hint.__origin__, depth + 1)
    schema = dict(kind.schema)
    for note in hint.__metadata__:
        if isinstance(note, str):
            schema["description"] = note
        elif isinstance(note, dict):
            schema.update(note)
    return Kind(schema, kind.take, kind.name)


def _union(arguments: tuple[Any, ...], depth: int) -> Kind:
    kinds = [kind_of(argument, depth + 1) for argument in arguments]
    expected = " or ".join(kind.name for kind in kinds)

    def take(value: Any, path: str, problems: Problems) -> Any:
        # What has the JSON type already comes before what could be made to have it: "5" stays a str in Union[int, str].
        exact = [kind for kind in kinds if _is_exactly(value, kind.schema)]
        for kind in [*exact, *(kind for kind in kinds if kind not in exact)]:
            inner: Problems = []
            try:
                return kind.take(value, path, inner)
            except Unfit:
                if len(exact) == 1 and kind is exact[0] and isinstance(value, (dict, list)):
                    problems.extend(inner)
                    raise
        raise _unfit(path, expected, value, problems)

    names = [kind.schema.get("type") for kind in kinds]
    if all(set(kind.schema) == {"type"} and isinstance(kind.schema["type"], str) for kind in kinds):
        return Kind({"type": names[0] if len(names) == 1 else names}, take, expected)
    return Kind({"anyOf": [kind.schema for kind in kinds]}, take, expected)


_JSON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "null": (type(None),),
    "array": (list,),
    "object": (dict,),
}


def _is_exactly(value: Any, schema: dict[str, Any]) -> bool:
    kinds = _JSON_TYPES.get(schema.get("type", ""), ()) if isinstance(schema.get("type"), str) else ()
    return isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))


def _choice(by_value: dict[Any, Any], hint: Any) -> Kind:
    values = list(by_value)
    kinds = {name for value in values for name, types_ in _JSON_TYPES.items() if type(value) in types_ and name != "number"}
    if any(type(value) not in (str, int, bool, type(None), float) for value in values):
        raise TypeError(f"{_named(hint)}: only strings, numbers, true, false and None can be chosen from")
    schema: dict[str, Any] = {"enum": values}
    if len(kinds) == 1 and not any(isinstance(value, float) for value in values):
        schema = {"type": kinds.pop(), "enum": values}
    expected = "one of " + ", ".join(_shown(value) for value in values)

    def take(value: Any, path: str, problems: Problems) -> Any:
        for choice, meant in by_value.items():
            if type(choice) is type(value) and choice == value:
                return meant
        raise _unfit(path, expected, value, problems)

    return Kind(schema, take, expected)


def _enumeration(hint: Any, origin: Any, arguments: Any, depth: int) -> Kind | None:
    if not (isinstance(hint, type) and issubclass(hint, enum.Enum)):
        return None
    members = list(hint)
    plain = all(type(member.value) in (str, int, float) for member in members)
    # A member whose value is no JSON is known by its name.
    return _choice({member.value if plain else member.name: member for member in members}, hint)


_SEQUENCES = (list, tuple, set, frozenset, collections.abc.Sequence, collections.abc.Iterable, collections.abc.Collection)
_MAKERS: dict[Any, Any] = {tuple: tuple, set: set, frozenset: frozenset}
_SETS = (set, frozenset, collections.abc.Set)
_MAPPINGS = (dict, collections.abc.Mapping, collections.abc.MutableMapping)


def _collection(hint: Any, origin: Any, arguments: Any, depth: int) -> Kind | None:
    base = origin or hint
    if base is tuple and arguments and arguments[-1] is not Ellipsis:
        return _row([kind_of(argument, depth + 1) for argument in arguments])
    if base in _SEQUENCES or base in _SETS or base is collections.abc.MutableSequence:
        item = kind_of(arguments[0] if arguments else typing.Any, depth + 1)
        make = _MAKERS.get(base, set if base in _SETS else list)
        schema: dict[str, Any] = {"type": "array", "items": item.schema}
        if base in _SETS:
            schema["uniqueItems"] = True
        return Kind(schema, _list_taker(item, make), "a list")
    if base in _MAPPINGS:
        if arguments and arguments[0] is not str:
            raise TypeError(f"{_named(hint)}: the keys of a JSON object are strings")
        item = kind_of(arguments[1] if arguments else typing.Any, depth + 1)
        schema = {"type": "object"}
        if item.schema:
            schema["additionalProperties"] = item.schema
        return Kind(schema, _dict_taker(item), "an object")
    return None


def _list_taker(item: Kind, make: Any) -> Callable[[Any, str, Problems], Any]:
    def take(value: Any, path: str, problems: Problems) -> Any:
        if not isinstance(value, list):
            raise _unfit(path, "a list", value, problems)
        return make(_each(((f"{path}[{at}]", item, each) for at, each in enumerate(value)), problems))

    return take


def _row(kinds: list[Kind]) -> Kind:
    schema = {
        "type": "array",
        "prefixItems": [kind.schema for kind in kinds],
        "minItems": len(kinds),
        "maxItems": len(kinds),
    }

    def take(value: Any, path: str, problems: Problems) -> Any:
        if not isinstance(value, list) or len(value) != len(kinds):
            raise _unfit(path, f"a list of {len(kinds)} items", value, problems)
        return tuple(
            _each(((f"{path}[{at}]", kind, each) for at, (kind, each) in enumerate(zip(kinds, value))), problems)
        )

    return Kind(schema, take, f"a list of {len(kinds)} items")


def _dict_taker(item: Kind) -> Callable[[Any, str, Problems], Any]:
    def take(value: Any, path: str, problems: Problems) -> Any:
        if not isinstance(value, dict):
            raise _unfit(path, "an object", value, problems)
        values = _each(((f"{path}.{key}", item, each) for key, each in value.items()), problems)
        return dict(zip(value, values))

    return take


def _each(items: Any, problems: Problems) -> list[Any]:
    """Takes every item, so that every problem is found, and only then fails."""
    before, values = len(problems), []
    for path, kind, value in items:
        try:
            values.append(kind.take(value, path, problems))
        except Unfit:
            pass
    if len(problems) > before:
        raise Unfit()
    return values


class Field:
    """A named value of an object: of a function's arguments, a dataclass, a TypedDict."""

    def __init__(self, name: str, kind: Kind, required: bool, default: Any = _MISSING, description: str = "") -> None:
        self.name = name
        self.kind = kind
        self.required = required
        self.schema = dict(kind.schema)
        if description:
            self.schema["description"] = description
        if default is not _MISSING and default is not None:
            plain = default.value if isinstance(default, enum.Enum) else default
            if isinstance(plain, (str, int, float, bool)) or plain in ([], {}):
                self.schema["default"] = plain


def object_schema(fields: list[Field], description: str = "") -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "properties": {field.name: field.schema for field in fields}}
    required = [field.name for field in fields if field.required]
    if required:
        schema["required"] = required
    if description:
        schema["description"] = description
    return schema


def take_fields(fields: list[Field], value: Any, path: str, problems: Problems) -> dict[str, Any]:
    """The values that are there. Adds a problem for each that is missing, wrong or not known, then raises Unfit."""
    if not isinstance(value, dict):
        raise _unfit(path or "the arguments", "an object", value, problems)
    before, taken, prefix = len(problems), {}, f"{path}." if path else ""
    names = ", ".join(field.name for field in fields) or "none"
    for name in value:
        if all(field.name != name for field in fields):
            problems.append(f"{prefix}{name} is not known; there are: {names}")
    for field in fields:
        if field.name in value:
            try:
                taken[field.name] = field.kind.take(value[field.name], prefix + field.name, problems)
            except Unfit:
                pass
        elif field.required:
            problems.append(f"{prefix}{field.name} is missing; it must be {field.kind.name}")
    if len(problems) > before:
        raise Unfit()
    return taken


def _structure(hint: Any, origin: Any, arguments: Any, depth: int) -> Kind | None:
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _object(hint, _dataclass_fields(hint, depth), lambda values: hint(**values))
    if isinstance(hint, type) and issubclass(hint, dict) and hasattr(hint, "__total__"):
        return _object(hint, _typed_dict_fields(hint, depth), dict)
    if isinstance(hint, type) and issubclass(hint, tuple) and hasattr(hint, "_fields"):
        hints, defaults = hints_of(hint), hint._field_defaults
        described = _docstrings.read(hint.__doc__)[1]
        fields = [
            Field(name, kind_of(hints.get(name, typing.Any), depth + 1), name not in defaults,
                  defaults.get(name, _MISSING), described.get(name, ""))
            for name in hint._fields
        ]
        return _object(hint, fields, lambda values: hint(**values))
    return None


def _object(hint: Any, fields: list[Field], make: Callable[[dict[str, Any]], Any]) -> Kind:
    own = hint.__doc__ or ""
    # The docstring that Python makes up for a dataclass or a NamedTuple says nothing.
    described = "" if own.startswith((f"{hint.__name__}(", "dict(")) else _docstrings.read(own)[0]

    def take(value: Any, path: str, problems: Problems) -> Any:
        values = take_fields(fields, value, path, problems)
        try:
            return make(values)
        except (TypeError, ValueError) as failed:  # of a __post_init__ that checks more than types
            problems.append(f"{path}: {failed}")
            raise Unfit() from failed

    return Kind(object_schema(fields, described), take, "an object")


def _dataclass_fields(hint: Any, depth: int) -> list[Field]:
    hints, described = hints_of(hint), _docstrings.read(hint.__doc__)[1]
    return [
        Field(
            field.name,
            kind_of(hints[field.name], depth + 1),
            field.default is _MISSING and field.default_factory is _MISSING,
            field.default,
            str(field.metadata.get("description", described.get(field.name, ""))),
        )
        for field in dataclasses.fields(hint)
        if field.init
    ]


def _typed_dict_fields(hint: Any, depth: int) -> list[Field]:
    described, fields = _docstrings.read(hint.__doc__)[1], []
    for name, each in hints_of(hint).items():
        required = name in getattr(hint, "__required_keys__", ()) or (
            not hasattr(hint, "__required_keys__") and hint.__total__
        )
        marker = str(typing.get_origin(each)).rpartition(".")[2]
        if marker in ("Required", "NotRequired", "ReadOnly"):
            required = required if marker == "ReadOnly" else marker == "Required"
            each = typing.get_args(each)[0]
        fields.append(Field(name, kind_of(each, depth + 1), required, _MISSING, described.get(name, "")))
    return fields


def hints_of(thing: Any) -> dict[str, Any]:
    """The type hints of a function or class, with what is written as text evaluated."""
    try:
        return typing.get_type_hints(thing, include_extras=True)
    except NameError as failed:
        raise TypeError(
            f"a type hint of {_named(thing)} cannot be found: {failed}; it must be visible where the function is defined"
        ) from failed
    except TypeError as failed:
        raise TypeError(
            f"a type hint of {_named(thing)} cannot be read: {failed}; before Python 3.10 write Optional and Union"
        ) from failed

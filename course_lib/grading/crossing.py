"""Cases on their way to a student's process, and outcomes on their way back, as plain data."""

from __future__ import annotations

import dataclasses
import re

from course_lib.checks.base import Case, Plain
from course_lib.checks.execution import Outcome
from course_lib.checks.plain import Opaque
from course_lib.grading.codec import MAX_BYTES, CodecError, pack, unpack

_LONGEST = {"error": 200, "error_message": 12_000, "error_place": 2_000, "printed": 60_000}
_MOST_NAMES, _LONGEST_NAME = 100, 200
_NAMES = {kind: {field.name for field in dataclasses.fields(kind)} for kind in (Case, Outcome)}
OVERHEAD_BYTES = 1_000_000  # of all but the outputs: the texts and names
_LONE = re.compile("[\ud800-\udfff]")  # surrogates, which no file can hold


def plain_case(case: Case) -> Plain:
    """A case as plain data."""
    return {"property": case.property, "inputs": case.inputs, "note": case.note}


def case_from(value: Plain) -> Case:
    """The case that `plain_case` made plain; raises CodecError for anything else."""
    fields = _fields(value, Case)
    if type(fields["inputs"]) is not dict or not _all_text(fields["inputs"]):
        raise CodecError("a case whose inputs have no names")
    if not _all_text((fields["property"], fields["note"])):
        raise CodecError("a case whose property or note is no text")
    return Case(**fields)


def plain_outcome(outcome: Outcome, max_bytes: int = MAX_BYTES) -> Plain:
    """An outcome as plain data; outputs that cannot cross are replaced by an `Opaque`.

    The outputs are packed by themselves, since the bounds are those of one result. The whole is no
    longer than `max_bytes` and `OVERHEAD_BYTES` together.
    """
    try:
        outputs = pack(outcome.outputs, max_bytes)
    except CodecError as problem:
        outputs = pack(Opaque(f"something that cannot be checked ({problem})"))
    return {
        **vars(outcome),
        **{name: getattr(outcome, name)[:longest] for name, longest in _LONGEST.items()},
        "outputs": outputs,
    }


def outcome_from(value: Plain, max_bytes: int = MAX_BYTES) -> Outcome:
    """The outcome that `plain_outcome` made plain; raises CodecError for anything else."""
    fields = _fields(value, Outcome)
    for name, longest in _LONGEST.items():
        if not _all_text((fields[name],)) or len(fields[name]) > longest:
            raise CodecError(f"an outcome whose {name} is no text or too long")
    for name in ("edited", "forbidden"):
        names = fields[name]
        if type(names) is not tuple or len(names) > _MOST_NAMES or not _all_text(names):
            raise CodecError(f"an outcome whose {name} holds no names")
        if any(len(each) > _LONGEST_NAME for each in names):
            raise CodecError(f"an outcome whose {name} holds a name that is too long")
    if type(fields["used_global_rng"]) is not bool:
        raise CodecError("an outcome that is not clear about random numbers")
    if type(fields["outputs"]) is not bytes:
        raise CodecError("an outcome whose outputs are not packed")
    return Outcome(**{**fields, "outputs": unpack(fields["outputs"], max_bytes)})


def _fields(value: Plain, kind: type) -> dict[str, Plain]:
    if type(value) is not dict or value.keys() != _NAMES[kind]:
        raise CodecError(f"not the fields of {kind.__name__}: {', '.join(sorted(_NAMES[kind]))}")
    return value


def _all_text(values: object) -> bool:
    """Whether all are text that a file can hold."""
    return all(type(value) is str and not _LONE.search(value) for value in values)

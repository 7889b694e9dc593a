"""Attacks on what carries messages to the judge: forged, broken, endless, or none at all."""

from __future__ import annotations

from hostile.kind import STOPPED, TRIED, Kind

# Finds the descriptor that leads to the judge, whatever Python calls it.
_FIND = """
import os
import socket
import stat
import struct
import time

def lines_out():
    for descriptor in range(3, 256):
        try:
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                yield descriptor
        except OSError:
            pass

def send(content):
    for descriptor in lines_out():
        try:
            os.set_blocking(descriptor, True)
            os.write(descriptor, content)
        except OSError:
            pass

def framed(content):
    return struct.pack(">I", len(content)) + content
"""
_FORGE = f"""{_FIND}
import torch
from course_lib.checks.execution import Outcome
from course_lib.grading.codec import pack
from course_lib.grading.crossing import plain_outcome

def forge(message):
    send(framed(pack(message)))
"""


def _in_cell(id: str, tries: str, code: str, points: float, *reported: str) -> Kind:
    """The attack is made while the cells run; another process goes on without its cell."""
    return Kind(id, tries, f"{_FORGE}\n{code}", points=points, reported=frozenset(reported))


def _in_answer(id: str, tries: str, code: str, points: float, *reported: str) -> Kind:
    """The attack is made while the judge waits for outcomes."""
    lines = "\n    ".join(code.splitlines())
    source = f"def polynomial_features(x, degree):\n    {lines}\n    return None"
    answers = {"polynomial-features": source}
    return Kind(id, tries, _FORGE, answers=answers, points=points, reported=frozenset(reported))


_ALL_RIGHT = """
flawless = {"passed": True, "points": 24, "max_points": 24, "findings": [], "done": True}
"""

KINDS = (
    _in_cell(
        "garbage",
        "Random bytes.",
        "send(os.urandom(5000))",
        4,
        STOPPED,
        TRIED,
    ),
    _in_cell(
        "giant_header",
        "A message that claims to be four gigabytes long, and never comes.",
        "send(struct.pack('>I', 2**32 - 1) + b'x')",
        4,
        STOPPED,
        TRIED,
    ),
    _in_cell(
        "truncated_message",
        "Half a message, then the end of the process.",
        "send(framed(pack({'ended': 0}))[:-3])\nos._exit(0)",
        4,
        STOPPED,
    ),
    _in_cell(
        "dripping",
        "A message that arrives a byte at a time, for as long as anyone waits.",
        "send(struct.pack('>I', 1000))\nwhile True:\n    send(b'x')\n    time.sleep(0.2)",
        4,
        STOPPED,
    ),
    _in_cell(
        "msgpack_bombs",
        "Well-framed messages whose containers claim a billion items.",
        "for head in (b'\\xdd', b'\\xdf', b'\\xc9', b'\\xc6', b'\\xdb'):\n"
        "    send(framed(struct.pack('>I', 5) + head + b'\\xff' * 4))",
        4,
        STOPPED,
        TRIED,
    ),
    _in_cell(
        "nested_message",
        "A message that is nested a million deep.",
        "send(framed(struct.pack('>I', 10**6) + b'\\x91' * 10**6))",
        4,
        STOPPED,
        TRIED,
    ),
    _in_cell(
        "pickled_message",
        "A pickle that would run a program where it is loaded.",
        "import pickle\n\n"
        "class Bomb:\n"
        "    def __reduce__(self):\n"
        "        return os.system, ('touch $course/left-by-a-hostile-submission',)\n\n"
        "send(pickle.dumps(Bomb()))\nsend(framed(pickle.dumps(Bomb())))",
        4,
        STOPPED,
        TRIED,
    ),
    _in_cell(
        "claims_points",
        "Well-formed messages with points, reports and results that nobody asked for.",
        f"{_ALL_RIGHT}\n"
        "for name in ('report', 'result', 'scores', 'outcome', 'grade'):\n"
        "    forge(flawless)\n    forge({name: flawless})",
        4,
        STOPPED,
        TRIED,
    ),
    _in_cell(
        "claims_to_have_ended",
        "Says that all cells have run and all tests were noted, with nothing missing.",
        "for number in range(60):\n"
        "    forge({'ended': number, 'in_time': True})\n"
        "    forge({'test': number, 'missing': []})",
        0,
        STOPPED,
        TRIED,
    ),
    _in_cell(
        "outcomes_in_advance",
        "Sends outcomes before any case was sent.",
        "for _ in range(200):\n"
        "    forge({'outcome': plain_outcome(Outcome(torch.zeros(3))), 'called': []})",
        4,
        STOPPED,
        TRIED,
    ),
    _in_cell(
        "strange_outputs",
        "Outputs that no notebook may hold: of unknown types, nested, or for other cells.",
        "for output in (None, [], {'output_type': 'execute_result'}, {'output_type': 'grade'},\n"
        "    {'output_type': 'stream', 'name': 5, 'text': [1]},\n"
        "    {'output_type': 'display_data', 'data': {1: {2: [3] * 9}}, 'metadata': 7},\n"
        "    {'output_type': 'error', 'ename': 1, 'evalue': None, 'traceback': {}},\n"
        "    {'output_type': 'stream', 'name': 'stdout', 'text': 'x', 'nbgrader': {}}):\n"
        "    forge({'output': output})",
        4,
        STOPPED,
        TRIED,
    ),
    _in_cell(
        "closes_the_line",
        "Closes every descriptor, so that nobody hears of it again.",
        "os.closerange(0, 4096)",
        4,
        STOPPED,
    ),
    _in_cell(
        "redirects_the_line",
        "Puts a socket of its own, where it plays the judge, in the line's place.",
        "ours, theirs = socket.socketpair()\n"
        "for descriptor in lines_out():\n"
        "    if descriptor not in (ours.fileno(), theirs.fileno()):\n"
        "        os.dup2(theirs.fileno(), descriptor)\n",
        4,
        STOPPED,
    ),
    Kind(
        "never_reads",
        "A thread reads whatever the judge sends, before the session can.",
        f"""{_FIND}
import threading

def steal():
    while True:
        for descriptor in lines_out():
            try:
                os.read(descriptor, 100)
            except OSError:
                pass

threading.Thread(target=steal, daemon=True).start()
""",
        may_lose=True,
        reported=None,
    ),
    _in_cell(
        "replaced_session",
        "The functions that pack and send are replaced by others that improve on the outcomes.",
        "from course_lib.grading import codec, crossing\n"
        "from course_lib.grading.student import session\n\n"
        "def improved(outcome, *items):\n"
        "    return plain_outcome(Outcome(outputs='whatever is right', error=''))\n\n"
        "session.plain_outcome = crossing.plain_outcome = improved",
        0,
    ),
    _in_answer(
        "forged_outcomes",
        "While its answer runs, outcomes of its own arrive for this and for later exercises.",
        "for _ in range(50):\n"
        "    forge({'outcome': plain_outcome(Outcome(x.new_zeros(3))), 'called': []})",
        4,
        STOPPED,
        TRIED,
    ),
    _in_answer(
        "forged_refusal",
        "Outcomes with fields of wrong types: texts of a gigabyte, negative counts, more fields.",
        "wrong = plain_outcome(Outcome()) | {'used_global_rng': 'no', 'points': 24}\n"
        "forge({'outcome': wrong, 'called': 'nobody', 'points': 24})",
        4,
        STOPPED,
        TRIED,
    ),
    _in_answer(
        "outputs_after_the_cells",
        "Outputs that hold the hidden cases, long after all cells have ended.",
        "text = f'inputs {x.tolist()}'\n"
        "forge({'output': {'output_type': 'stream', 'name': 'stdout', 'text': text}})",
        4,
    ),
    _in_answer(
        "hangs_up",
        "Closes the line in the middle of an exercise.",
        "os.closerange(3, 256)",
        4,
        STOPPED,
    ),
    _in_cell(
        "tensors_for_outputs",
        "Outputs that are tensors of many bytes and few letters, or slow to write out.",
        "import torch\n"
        "for shape in ((3_900_000,), (6,) * 8):\n"
        "    text = torch.zeros(shape, dtype=torch.uint8)\n"
        "    output = {'output_type': 'stream', 'name': 'stdout', 'text': text}\n"
        "    send(framed(pack({'output': output})))",
        4,
        STOPPED,
    ),
    _in_answer(
        "endless_outcomes",
        "Messages without end, faster than anyone reads.",
        "content = framed(pack({'outcome': plain_outcome(Outcome('x' * 10**6)), 'called': []}))\n"
        "while True:\n"
        "    send(content)",
        4,
        STOPPED,
        TRIED,
    ),
)

"""What a check found: the number that nbgrader reads and the page that a person reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from course_lib.checks.base import Bug, Property

SAME_MESSAGE = "For the same reason as above."


@dataclass(frozen=True)
class Finding:
    """How one property came out."""

    property: Property
    message: str = ""  # what is wrong, "" when nothing is
    case: str = ""  # the smallest failing case, one input a line
    bug: Bug | None = None  # the mistake it looks like

    @property
    def name(self) -> str:
        """The property's name."""
        return self.property.name

    @property
    def max_points(self) -> int:
        """What the property is worth."""
        return self.property.points

    @property
    def passed(self) -> bool:
        """Whether the property holds."""
        return not self.message

    @property
    def points(self) -> int:
        """What was earned."""
        return self.max_points if self.passed else 0


@dataclass(frozen=True)
class Report:
    """The findings on one implementation, in the order of the check's properties."""

    exercise: str
    title: str
    findings: tuple[Finding, ...]
    takeaway: str
    printed: str = ""

    @property
    def points(self) -> int:
        """The points earned."""
        return sum(finding.points for finding in self.findings)

    @property
    def max_points(self) -> int:
        """The points there are."""
        return sum(finding.max_points for finding in self.findings)

    @property
    def passed(self) -> bool:
        """Whether every property holds."""
        return self.points == self.max_points

    @property
    def bugs(self) -> list[str]:
        """The names of the diagnosed bugs, each once, in the order in which they show."""
        return list(dict.fromkeys(f.bug.name for f in self.findings if f.bug is not None))

    def __repr__(self) -> str:
        """The points as a number: nbgrader takes a test cell's last value for partial credit."""
        return f"{self.points:.1f}"

    def __str__(self) -> str:
        """The report as text, for a terminal."""
        lines = [f"{self.title}: {self.points} of {self.max_points} points"]
        for finding, is_repeated in _in_order(self.findings):
            mark = "✓" if finding.passed else "✗"
            points = f"({finding.points}/{finding.max_points})"
            lines.append(f"{mark} {finding.property.title} {points}")
            if finding.bug:
                lines += ["    " + line for line in _advice(finding.bug, is_repeated)]
            if is_repeated and finding.bug is None:
                lines.append("    " + SAME_MESSAGE)
            elif not finding.passed:
                shown = [*finding.case.splitlines(), *finding.message.splitlines()]
                lines += ["    " + line for line in shown]
        return "\n".join(lines + ([self.takeaway] if self.passed else []))

    def _repr_html_(self) -> str:
        """The report as a student sees it in the notebook and in nbgrader's feedback."""
        head = f"{escape(self.title)}: <b>{self.points} of {self.max_points} points</b>"
        rows = "".join(_finding_html(*pair) for pair in _in_order(self.findings))
        tail = f"<p style='margin:.5em 0 0'>{_words(self.takeaway)}</p>" if self.passed else ""
        if self.printed:
            tail += _details("What your code printed", self.printed)
        colour = "#009e73" if self.passed else "#d55e00"
        return (
            f"<div style='border-left:4px solid {colour};padding:.3em 0 .3em 1em;max-width:50em'>"
            f"<p style='margin:0 0 .4em'>{head}</p>{rows}{tail}</div>"
        )


def _in_order(findings: tuple[Finding, ...]) -> Iterator[tuple[Finding, bool]]:
    """Each finding, and whether one before it says the same."""
    seen: set[str] = set()
    for finding in findings:
        what = finding.bug.name if finding.bug else finding.message
        yield finding, what in seen and not finding.passed
        seen.add(what)


def _advice(bug: Bug, is_repeated: bool) -> list[str]:
    return (
        ["This looks like the same mistake."]
        if is_repeated
        else [bug.sentence, f"Next step: {bug.hint}"]
    )


def _finding_html(finding: Finding, is_repeated: bool) -> str:
    mark = "✓" if finding.passed else "✗"
    line = (
        f"<p style='margin:.2em 0'><b aria-hidden='true'>{mark}</b> "
        f"{_words(finding.property.title)} ({finding.points}/{finding.max_points})</p>"
    )
    if finding.passed:
        return line
    if is_repeated and finding.bug is None:
        return f"{line}<p style='margin:0 0 .6em 1.4em'>{SAME_MESSAGE}</p>"
    body = ""
    if finding.bug:
        first, *rest = map(_words, _advice(finding.bug, is_repeated))
        body = f"<p style='margin:.2em 0'>{'<br>'.join([f'<b>{first}</b>', *rest])}</p>"
    body += f"<p style='margin:.2em 0'>{_words(finding.message)}</p>"
    if finding.case:
        body += _details("A case that shows it", finding.case, is_open=not is_repeated)
    return f"{line}<div style='margin:0 0 .6em 1.4em'>{body}</div>"


def _words(text: str) -> str:
    """Text as HTML, with what stands between backticks as code."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(text))


def _details(summary: str, text: str, is_open: bool = False) -> str:
    return (
        f"<details{' open' if is_open else ''}><summary>{escape(summary)}</summary>"
        f"<pre style='white-space:pre-wrap;margin:.3em 0'>{escape(text)}</pre></details>"
    )

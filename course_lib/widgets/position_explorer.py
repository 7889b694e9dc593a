"""Widget: sinusoidal and rotary positions, pair by pair, and what products see of the distance."""

from collections.abc import Iterable

import torch
import traitlets
from matplotlib.figure import Figure
from torch import Tensor

from course_lib.nn.rotary import rotate
from course_lib.plotting import BLUE, GREY, INK, PURPLE, VERMILLION, new_figure
from course_lib.widgets.base import CourseWidget
from course_lib.widgets.source import source
from course_lib.widgets.validation import number_list, one_of, same_length, within

KINDS = {
    "sinusoidal": "sinusoidal positions",
    "rotary_same": "rotary positions, key equal to the query",
    "rotary_other": "rotary positions, another key",
}
LOG_BASES = (1.0, 6.0)


class PositionExplorer(CourseWidget):
    """One pair of entries along the sequence, as a turn, and the product of two positions.

    The page computes `sinusoidal_positions`, for any base, and `rotate`.
    """

    _esm = source("positions.js", "position_explorer.js")

    kind = traitlets.Unicode().tag(sync=True)
    """Which positions, a key of KINDS."""
    pair = traitlets.Int().tag(sync=True)
    """Pair of entries looked at, counted from 0."""
    query_position = traitlets.Int().tag(sync=True)
    """Position m, of the query."""
    key_position = traitlets.Int().tag(sync=True)
    """Position n, of the key."""
    log_base = traitlets.Float().tag(sync=True)
    """Decimal logarithm of the base."""
    query = traitlets.List(traitlets.Float()).tag(sync=True)
    """The query that is turned; its length is also that of the sinusoidal vectors."""
    key = traitlets.List(traitlets.Float()).tag(sync=True)
    """The other key."""
    n_positions = traitlets.Int().tag(sync=True)
    """Length of the sequence."""

    def __init__(
        self,
        query: Iterable[float],
        key: Iterable[float],
        kind: str = "sinusoidal",
        pair: int = 2,
        query_position: int = 30,
        key_position: int = 22,
        log_base: float = 4.0,
        n_positions: int = 64,
    ) -> None:
        query, key = number_list("query", query), number_list("key", key)
        same_length("key", key, "query", query)
        if len(query) % 2:
            raise ValueError(f"query must have an even number of entries, got {len(query)}")
        super().__init__(
            query=query,
            key=key,
            n_positions=within("n_positions", n_positions, 2, 512),
            kind=kind,
            pair=pair,
            query_position=query_position,
            key_position=key_position,
            log_base=log_base,
        )

    @traitlets.validate("kind")
    def _kind_is_known(self, proposal: dict) -> str:
        return one_of("kind", proposal["value"], list(KINDS))

    @traitlets.validate("pair")
    def _pair_is_there(self, proposal: dict) -> int:
        return within("pair", proposal["value"], 0, len(self.query) // 2 - 1)

    @traitlets.validate("query_position", "key_position")
    def _position_is_there(self, proposal: dict) -> int:
        return within(proposal["trait"].name, proposal["value"], 0, self.n_positions - 1)

    @traitlets.validate("log_base")
    def _base_is_offered(self, proposal: dict) -> float:
        return within("log_base", proposal["value"], *LOG_BASES)

    def vectors(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        """What stands at these positions as a query and as a key, (positions, width) each."""
        base, width = 10.0**self.log_base, len(self.query)
        if self.kind == "sinusoidal":
            start = torch.tensor([1.0, 0.0], dtype=torch.float64).repeat(width // 2)
            turned = rotate(start.expand(len(positions), width), positions, base)
            pairs = turned.unflatten(1, (-1, 2)).flip(-1).flatten(1)  # (cos, sin) to (sin, cos)
            return pairs, pairs
        rows = [self.query, self.query if self.kind == "rotary_same" else self.key]
        query, key = (
            rotate(
                torch.tensor(row, dtype=torch.float64).expand(len(positions), width),
                positions,
                base,
            )
            for row in rows
        )
        return query, key

    def _figure(self) -> Figure:
        places = torch.arange(self.n_positions)
        queries, keys = self.vectors(places)
        figure, (top, bottom) = new_figure(2, 1, height=2.5)
        entries = slice(2 * self.pair, 2 * self.pair + 2)
        first, second = queries[:, entries].T
        top.plot(places, first, color=BLUE, label=f"entry {2 * self.pair}")
        top.plot(places, second, "--", color=BLUE, label=f"entry {2 * self.pair + 1}")
        top.axvline(self.query_position, color=BLUE, linewidth=1)
        top.axvline(self.key_position, color=VERMILLION, linewidth=1, linestyle=":")
        top.set(xlabel="position", ylabel="entry", title=f"Pair {self.pair}: {KINDS[self.kind]}")
        top.legend(ncols=2, loc="lower right", bbox_to_anchor=(1, 1))
        top.set_title(top.get_title(), pad=24)

        last = self.n_positions - 1
        distances = torch.arange(-last, last + 1)
        turned, _ = self.vectors(distances)
        start = keys[0]
        bottom.plot(distances, turned @ start, color=INK, label="all pairs")
        alone = turned[:, entries] @ start[entries]
        bottom.plot(distances, alone, color=PURPLE, linewidth=1.3, label="this pair")
        distance = self.query_position - self.key_position
        bottom.axvline(distance, color=GREY, linestyle="--", linewidth=1)
        bottom.set(xlabel="distance m − n", ylabel="product")
        bottom.legend(ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1.0))
        return figure

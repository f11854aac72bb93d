"""The services that count."""

from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.services.cookies import CookieServices

if TYPE_CHECKING:
    from chalicelib.consents.statistics.counting import Counting
    from chalicelib.consents.statistics.service import Statistics
    from chalicelib.consents.statistics.store import CellStore


class StatisticsServices(CookieServices):
    """Counters, and what is told of them."""

    @cached_property
    def counting(self) -> "Counting":
        from chalicelib.consents.statistics.counting import Counting

        return Counting(self._cells, self.cookies.opened, self.clock, self.run_command)

    @cached_property
    def statistics(self) -> "Statistics":
        from chalicelib.consents.statistics.service import Statistics

        return Statistics(self._cells, self.clock)

    @cached_property
    def _cells(self) -> "CellStore":
        from chalicelib.consents.statistics.store import CellStore

        return CellStore(self.records)

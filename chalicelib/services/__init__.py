"""The composition root: every service is built here, once per container, when first needed.

Nothing is read or connected at import. Tests build their own `Services` with their own clock, ids
and clients and put it in place with `use`.

Cold starts are the visitors' waiting time, so clients come from botocore (boto3 would import its
transfer manager for nothing), and what a visitor's page does not need is imported by the service
that needs it.
"""

from chalicelib.services.fulfilment import FulfilmentServices
from chalicelib.services.opendsr import OpenDsrServices
from chalicelib.services.statistics import StatisticsServices
from chalicelib.services.stopping import StoppingServices
from chalicelib.services.watch import WatchServices
from chalicelib.settings import Settings


class Services(
    FulfilmentServices,
    WatchServices,
    OpenDsrServices,
    StatisticsServices,
    StoppingServices,
):
    """One container's services. `clock`, `ids`, `create_client` may be given; the rest follows."""


_current: list[Services] = []


def services() -> Services:
    """This container's services, from the environment on first use. Raises `MissingSetting`."""
    if not _current:
        _current.append(Services(Settings.from_environment()))
    return _current[0]


def use(replacement: Services | None) -> None:
    """Puts `replacement` in place; None lets the environment speak again. For tests and tools."""
    _current[:] = [replacement] if replacement else []

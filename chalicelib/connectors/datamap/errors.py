"""What may be wrong with proposing, approving and reading data maps."""

from chalicelib.errors import Conflict, NotFound


class NoDataMap(NotFound):
    """No data map is in force yet."""

    code = "no_data_map"


class UnknownVersion(NotFound):
    """No data map has this number."""

    code = "unknown_data_map_version"


class DataMapMoved(Conflict):
    """Somebody was faster: another version is in force than the one to be replaced."""

    code = "data_map_moved"


class SameProposer(Conflict):
    """A data map is approved by somebody else than who proposed it."""

    code = "same_proposer"

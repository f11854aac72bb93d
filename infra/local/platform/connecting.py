"""The platform as a whole: made, filled once, connected, and described by its data map."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import yaml
from botocore.exceptions import ClientError

from chalicelib.audit.entry import Actor
from chalicelib.connectors.datamap.errors import NoDataMap
from chalicelib.services import Services
from infra.local.platform.database import connect_database
from infra.local.platform.logs import BUCKET, BUCKET_ARN, fill_bucket, make_bucket
from infra.local.platform.payments import fill_payments
from infra.local.platform.people import USERS
from infra.local.platform.tables import fill_tables, make_tables, table_arns

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_MAPS = sorted((Path(__file__).parents[2] / "sites").glob("jutsoo-*.yml"))
_FILLED = "filled"
_OPERATOR = Actor("operator", "seed")


def connect_platform(session: boto3.Session, home: Path) -> dict[str, str]:
    """Makes the platform's stores; the stack's parameters that let it reach them."""
    make_tables(session)
    make_bucket(session)
    return {
        "ConnectedTableArns": table_arns(),
        "ConnectedBucketArns": BUCKET_ARN,
        **connect_database(session, home),
    }


def fill_platform(session: boto3.Session) -> None:
    """Fills the stores, once: who was erased does not come back with a restart."""
    s3: S3Client = session.client("s3")
    try:
        s3.head_object(Bucket=BUCKET, Key=_FILLED)
    except ClientError:
        fill_tables(session)
        fill_bucket(session)
        fill_payments(session, USERS)
        # Last: a run that was killed in between fills them again.
        s3.put_object(Bucket=BUCKET, Key=_FILLED, Body=b"")


def publish_data_map(services: Services) -> None:
    """Puts the platform's data map in force, unless there is one: the staff may have changed it."""
    try:
        services.data_maps.current()
    except NoDataMap:
        services.data_maps.publish(_OPERATOR, data_map_text())


def data_map_text() -> str:
    """The files `jutsoo-*.yml` as one data map."""
    datasets: list[Any] = []
    for path in _MAPS:
        datasets += yaml.safe_load(path.read_text("utf-8"))["dataset"]
    return yaml.safe_dump({"dataset": datasets}, sort_keys=False, width=100)

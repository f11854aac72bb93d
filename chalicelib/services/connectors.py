"""The services that know where else personal data is."""

from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.services.foundation import Foundation

if TYPE_CHECKING:
    from chalicelib.connectors.datamap.models import Dataset
    from chalicelib.connectors.datamap.service import DataMaps
    from chalicelib.connectors.datamap.settings import RdsSettings
    from chalicelib.connectors.places import Place, Places
    from chalicelib.connectors.stores import Store


class ConnectorServices(Foundation):
    """The data map and its places."""

    @cached_property
    def data_maps(self) -> "DataMaps":
        from chalicelib.connectors.datamap.service import DataMaps
        from chalicelib.connectors.datamap.store import DataMapStore
        from chalicelib.inventory.service import data_categories, mandates

        return DataMaps(
            DataMapStore(self.records),
            mandates,
            data_categories,
            self.settings.own_stores,
            self.trail,
            self.clock,
            self.idempotency,
            self.run_command,
        )

    @cached_property
    def places(self) -> "Places":
        from chalicelib.connectors.datamap.models import StoreKind
        from chalicelib.connectors.registry import MappedPlaces
        from chalicelib.connectors.remote.place import RemotePlace

        return MappedPlaces(
            self.data_maps.map_in_force,
            {
                StoreKind.DYNAMODB: self._dynamodb_place,
                StoreKind.S3: self._s3_place,
                StoreKind.RDS: self._rds_place,
                StoreKind.WEBHOOK: RemotePlace,
            },
        )

    def _dynamodb_place(self, dataset: "Dataset") -> "Place":
        from chalicelib.connectors.dynamodb import DynamoDbStore

        return self._stored_place(dataset, DynamoDbStore(self.dynamodb))

    def _s3_place(self, dataset: "Dataset") -> "Place":
        from chalicelib.connectors.s3 import S3Store

        return self._stored_place(dataset, S3Store(self.s3, dataset.settings.bucket))

    def _rds_place(self, dataset: "Dataset") -> "Place":
        from chalicelib.connectors.sql.client import STATEMENT_CONFIG, DataApi, Database
        from chalicelib.connectors.sql.store import SqlStore

        settings: RdsSettings = dataset.settings
        client = self._create_client("rds-data", config=STATEMENT_CONFIG)
        database = Database(settings.cluster, settings.secret, settings.database)
        return self._stored_place(dataset, SqlStore(DataApi(client, database), settings.in_schema))

    def _stored_place(self, dataset: "Dataset", store: "Store") -> "Place":
        from chalicelib.connectors.datamap.ours import OwnStore, named_own
        from chalicelib.connectors.stored_place import StoredPlace
        from chalicelib.inventory.service import mandates

        # Publishing refuses such a map; one may have come past it, by a restore or by hand.
        if any(named_own(dataset, self.settings.own_stores)):
            raise OwnStore
        return StoredPlace(dataset, store, mandates, self.clock)

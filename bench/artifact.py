"""Size of the artifact, beside a package that carries boto3 as Chalice would by default.

python -m bench.artifact
"""

import zipfile

from bench.table import Row, print_table
from infra.package import ARTIFACT, build

MEBI = 1024 * 1024
LAMBDA_UNZIPPED_LIMIT = 250.0  # MB, AWS Lambda


def run() -> list[Row]:
    """Zipped against the budget's, unzipped against Lambda's limit."""
    build()
    with zipfile.ZipFile(ARTIFACT) as archive:
        unzipped = sum(entry.file_size for entry in archive.infolist()) / MEBI
    zipped = ARTIFACT.stat().st_size / MEBI
    return [
        Row("artifact, zipped", zipped, 50.0, "Lambda's limit for direct upload", "MB", "≤ 12"),
        Row("artifact, unzipped", unzipped, LAMBDA_UNZIPPED_LIMIT, "Lambda's limit", "MB", "≤ 40"),
    ]


if __name__ == "__main__":
    print_table(run())

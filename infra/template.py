"""Merges `infra/template.*.yaml` into the one document that `chalice package` takes.

The files are split by theme. CloudFormation's short tags (`!Ref`, `!GetAtt`, …) are understood.
Mappings merge; a value that two files give is an error, since the order of files must not matter.
"""

from pathlib import Path
from typing import Any

import yaml

TEMPLATES = Path(__file__).parent


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short tags."""


def _intrinsic(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    """`!GetAtt A.B` as `{"Fn::GetAtt": ["A", "B"]}`, and so on."""
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        if suffix == "GetAtt":
            value = str(value).split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        raise yaml.YAMLError(f"!{suffix} takes a scalar or a list")
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _intrinsic)


def merged_template(folder: Path = TEMPLATES) -> dict[str, Any]:
    """All `template.*.yaml` of `folder` in one. Raises `ValueError` where two say the same."""
    merged: dict[str, Any] = {}
    for path in sorted(folder.glob("template.*.yaml")):
        # _Loader derives from SafeLoader: it builds plain values only.
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506
        _merge(merged, document, path.name)
    return merged


def _merge(into: dict[str, Any], addition: dict[str, Any], where: str) -> None:
    for key, value in addition.items():
        if key not in into:
            into[key] = value
        elif isinstance(into[key], dict) and isinstance(value, dict):
            _merge(into[key], value, f"{where}: {key}")
        else:
            raise ValueError(f"{where}: {key} is given by another file already")

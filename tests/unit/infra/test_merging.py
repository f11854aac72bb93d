"""The template's files merge into one, and never contradict each other."""

from pathlib import Path

import pytest

from infra.template import merged_template


def _write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / f"template.{name}.yaml").write_text(text, encoding="utf-8")


def test_mappings_merge_and_short_tags_become_functions(tmp_path: Path) -> None:
    _write(
        tmp_path,
        a="Resources:\n  Table: {Arn: !GetAtt Table.Arn, Name: !Ref Name}\n",
        b="Resources:\n  Table: {List: !Join ['', [a, !Sub '${b}']]}\n",
    )
    assert merged_template(tmp_path) == {
        "Resources": {
            "Table": {
                "Arn": {"Fn::GetAtt": ["Table", "Arn"]},
                "Name": {"Ref": "Name"},
                "List": {"Fn::Join": ["", ["a", {"Fn::Sub": "${b}"}]]},
            }
        }
    }


def test_two_files_cannot_give_the_same_value(tmp_path: Path) -> None:
    _write(tmp_path, a="Resources: {Table: {Size: 1}}", b="Resources: {Table: {Size: 2}}")
    with pytest.raises(ValueError, match="Size is given by another file"):
        merged_template(tmp_path)


def test_a_list_is_never_merged_into(tmp_path: Path) -> None:
    _write(tmp_path, a="Tags: [a]", b="Tags: [b]")
    with pytest.raises(ValueError, match="Tags is given by another file"):
        merged_template(tmp_path)

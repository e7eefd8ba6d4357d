"""The CRDs that the models make."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from datamover_crds.__main__ import main
from datamover_crds.definitions import DEFINITIONS, Definition

UNLIKE = r"\\[dDwWsSbB]|\(\?[!=<]"
"""What Python and Go read differently, or only one of them at all."""
LAST_APPLIED_BYTES = 262_144
"""How much Kubernetes lets annotations hold: `kubectl apply` keeps the whole object in one of them."""
KINDS = pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda definition: definition.kind)


def nodes(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema within a schema, with its path."""
    yield path, schema
    for name, member in schema.get("properties", {}).items():
        yield from nodes(member, f"{path}.{name}")
    if "items" in schema:
        yield from nodes(schema["items"], f"{path}[]")


@functools.cache
def root(definition: Definition) -> dict[str, Any]:
    schema: dict[str, Any] = definition.manifest()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return schema


def test_the_files_are_current(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0, capsys.readouterr().err


def test_check_names_what_is_stale_or_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 0
    assert main(["--check", str(tmp_path)]) == 0
    (tmp_path / "datamover.io_datamovers.yaml").write_text("older")
    (tmp_path / "datamover.io_datamoverruns.yaml").unlink()
    assert main(["--check", str(tmp_path)]) == 1
    complaint = capsys.readouterr().err
    assert "datamover.io_datamovers.yaml is not what the models say" in complaint
    assert "datamover.io_datamoverruns.yaml" in complaint
    assert "datamover.io_datamoveraccounts.yaml" not in complaint


@KINDS
def test_the_text_is_the_manifest(definition: Definition) -> None:
    assert yaml.load(definition.text(), Loader=yaml.CSafeLoader) == definition.manifest()


@KINDS
def test_kubectl_can_apply_it(definition: Definition) -> None:
    applied = json.dumps(definition.manifest(), separators=(",", ":"), ensure_ascii=False)
    assert len(applied.encode()) < LAST_APPLIED_BYTES


@KINDS
def test_every_field_is_described(definition: Definition) -> None:
    fields = [(path, node) for path, node in nodes(root(definition)) if path != ".metadata" and not path.endswith("]")]
    assert [path for path, node in fields if not node.get("description", "").strip().endswith(".")] == []


@KINDS
def test_schemas_are_structural(definition: Definition) -> None:
    for path, node in nodes(root(definition)):
        assert "type" in node, path
        strange = {"$ref", "$defs", "anyOf", "allOf", "oneOf", "title", "const", "additionalProperties"} & node.keys()
        assert not strange, path


@KINDS
def test_patterns_mean_the_same_to_python_and_go(definition: Definition) -> None:
    for path, node in nodes(root(definition)):
        assert not re.search(UNLIKE, node.get("pattern", "")), path
        assert not any(re.search(UNLIKE, rule["rule"]) for rule in node.get("x-kubernetes-validations", ())), path


@KINDS
def test_what_people_write_is_refused_in_words(definition: Definition) -> None:
    """The API server quotes the expression that a text has to match; a rule has a message instead."""
    spec = root(definition)["properties"]["spec"]
    too_many_for_rules = {"spec.tables[].columns[]"}
    assert {path for path, node in nodes(spec, "spec") if "pattern" in node} <= too_many_for_rules


@KINDS
def test_everything_is_bounded(definition: Definition) -> None:
    """The cost of CEL is estimated from the bounds."""
    for path, node in nodes(root(definition)):
        match node["type"]:
            case "string" if path not in (".apiVersion", ".kind"):
                assert {"enum", "maxLength"} & node.keys(), path
            case "array":
                assert "maxItems" in node, path
                assert node["x-kubernetes-list-type"] in ("atomic", "map"), path
            case "integer":
                assert node["format"] == "int64", path
                assert "minimum" in node, path


@KINDS
def test_a_list_that_may_be_empty_may_be_absent(definition: Definition) -> None:
    """Dumping leaves empty lists out."""
    for path, node in nodes(root(definition)):
        required = (node["properties"][name] for name in node.get("required", ()))
        assert all(member.get("minItems", 0) > 0 for member in required if member["type"] == "array"), path


def test_only_our_own_fields_have_defaults() -> None:
    """And none within a list: tools that apply and compare would see a difference for ever."""
    defaults = {
        path: node["default"]
        for definition in DEFINITIONS
        for path, node in nodes(root(definition)["properties"]["spec"], definition.kind)
        if "default" in node
    }
    assert defaults == {
        "DataMover.allowOverlap": False,
        "DataMover.suspend": False,
        "DataMover.deletionPolicy": "Delete",
        "DataMover.runHistory": {"limit": 10},
        "DataMover.runHistory.limit": 10,
        "DataMover.retry.limit": 3,
        "DataMover.retry.backoff": {"initial": "1m", "factor": 2, "max": "1h"},
        "DataMover.retry.backoff.initial": "1m",
        "DataMover.retry.backoff.factor": 2,
        "DataMover.retry.backoff.max": "1h",
        "DataMover.retry.on": ["Failed", "VerificationMismatch", "TimedOut"],
        "DataMover.timeouts.action": "Report",
        "DataMover.adopt.own": False,
        **{
            f"{kind}.manifestConfig.{field}": default
            for kind in ("DataMover", "DataMoverRun")
            for field, default in (("action", "TRANSFER"), ("format", "CSV"))
        },
        "DataMoverRun.verify.compare": False,
        "DataMoverAccount.selections.prefix": "datamover/",
        "DataMoverRun.cancel": False,
        "DataMoverAccount.orphans": "Report",
        **{
            f"TableSync.{side}.postgresql.{field}": default
            for side in ("source", "destination")
            for field, default in (("port", 5432), ("sslMode", "verify-full"))
        },
        "TableSync.mode": "Continuous",
        "TableSync.syncInterval": "30s",
        "TableSync.createTables": True,
        "TableSync.existingRows": "Refuse",
        "TableSync.suspend": False,
        "TableSync.retry": {"limit": 3, "backoff": "10s"},
        "TableSync.retry.limit": 3,
        "TableSync.retry.backoff": "10s",
        "TableSync.maxRetainedWal": "10Gi",
        "TableSync.onRetainedWalExceeded": "Report",
        "TableSync.verify": "Checksum",
        "TableSync.promote": False,
        "TableSync.deletionPolicy": "Delete",
    }


def test_lists_that_several_writers_share_are_maps() -> None:
    maps = {
        f"{definition.kind}{path}": node["x-kubernetes-list-map-keys"]
        for definition in DEFINITIONS
        for path, node in nodes(root(definition))
        if node.get("x-kubernetes-list-type") == "map"
    }
    assert maps == {
        "DataMover.spec.tags": ["key"],
        "DataMoverAccount.spec.agents": ["name"],
        "DataMoverAccount.spec.labelStudio.projects": ["id"],
        "DataMover.status.conditions": ["type"],
        "DataMoverRun.status.conditions": ["type"],
        "DataMoverAccount.status.operators": ["operator"],
        "DataMoverAccount.status.conditions": ["type"],
        "TableSync.status.conditions": ["type"],
    }


def test_what_datasync_described_is_stored_as_it_is() -> None:
    observed = root(DEFINITIONS[0])["properties"]["status"]["properties"]["observed"]["properties"]
    assert all(node["x-kubernetes-preserve-unknown-fields"] for node in observed.values())

"""The CustomResourceDefinitions: the models' schemas, and how kubectl names and shows the resources."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from datamover_crds.account import DataMoverAccount
from datamover_crds.common import GROUP, VERSION
from datamover_crds.mover import DataMover
from datamover_crds.run import DataMoverRun
from datamover_crds.schema import structural_schema
from datamover_crds.tablesync import TableSync

if TYPE_CHECKING:
    from datamover_crds.common import Model

_HEADER = "# Generated from crds/datamover_crds by `python -m datamover_crds`; do not edit.\n"
_CATEGORY = "datasync"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of `kubectl get`; `wide` shows it with `-o wide` only."""

    name: str
    type: str
    path: str
    description: str
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Definition:
    """A kind of resource, apart from its schema; `selectable` lists what field selectors may ask for."""

    model: type[Model]
    scope: str
    short_name: str
    columns: tuple[Column, ...]
    selectable: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """The kind."""
        return self.model.__name__

    @property
    def plural(self) -> str:
        """The resource's name in URLs."""
        return f"{self.kind.lower()}s"

    @property
    def file_name(self) -> str:
        """The file the definition is kept in."""
        return f"{GROUP}_{self.plural}.yaml"

    def manifest(self) -> dict[str, Any]:
        """Return the CustomResourceDefinition."""
        return {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{self.plural}.{GROUP}"},
            "spec": {
                "group": GROUP,
                "scope": self.scope,
                "names": {
                    "kind": self.kind,
                    "listKind": f"{self.kind}List",
                    "plural": self.plural,
                    "singular": self.kind.lower(),
                    "shortNames": [self.short_name],
                    "categories": [_CATEGORY],
                },
                "versions": [self._version()],
            },
        }

    def _version(self) -> dict[str, Any]:
        version: dict[str, Any] = {
            "name": VERSION,
            "served": True,
            "storage": True,
            "subresources": {"status": {}},
            "additionalPrinterColumns": [_printer_column(column) for column in self.columns],
            "schema": {"openAPIV3Schema": structural_schema(self.model)},
        }
        if self.selectable:
            version["selectableFields"] = [{"jsonPath": path} for path in self.selectable]
        return version

    @functools.cache  # noqa: B019 - there are as many definitions as kinds, for ever
    def text(self) -> str:
        """Return the CustomResourceDefinition as YAML."""
        return _HEADER + yaml.dump(self.manifest(), Dumper=_Plain, sort_keys=False, allow_unicode=True, width=120)


class _Plain(yaml.SafeDumper):
    """Writes a list that stands in several places in full at each: YAML's aliases are hard to read and to compare."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the signature is PyYAML's
        return True


def _printer_column(column: Column) -> dict[str, Any]:
    shown = {"name": column.name, "type": column.type, "description": column.description, "jsonPath": column.path}
    return shown | ({"priority": 1} if column.wide else {})


def _ready(member: str) -> str:
    return f'.status.conditions[?(@.type=="Ready")].{member}'


_AGE = Column("Age", "date", ".metadata.creationTimestamp", "When the object was created.")

DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        model=DataMover,
        scope="Namespaced",
        short_name="dm",
        columns=(
            Column("Ready", "string", _ready("status"), "Whether AWS matches the spec."),
            Column("State", "string", ".status.inWords.state", "What it is about, and how far the active run has got."),
            Column("Source", "string", ".status.inWords.source", "Where data is read from; a long URI is cut."),
            Column("Destination", "string", ".status.inWords.destination", "Where data is written to, likewise."),
            Column("Last Run", "string", ".status.lastRun.phase", "How the last run ended."),
            _AGE,
            Column("Schedule", "string", ".status.inWords.schedule", "When DataSync starts it.", wide=True),
            Column("Next", "string", ".status.inWords.next", "When the schedule starts it next, in UTC.", wide=True),
            Column("Suspended", "boolean", ".spec.suspend", "Whether nothing may start it.", wide=True),
        ),
        selectable=(".spec.accountRef.name",),
    ),
    Definition(
        model=DataMoverRun,
        scope="Namespaced",
        short_name="dmr",
        columns=(
            Column("Mover", "string", ".spec.moverRef.name", "The mover."),
            Column("Phase", "string", ".status.phase", "The phase of the run."),
            Column("Percent", "integer", ".status.progress.percent", "How much of the estimated work is done."),
            Column("Size", "string", ".status.progress.inWords.size", "How much has been written."),
            Column("Rate", "string", ".status.progress.inWords.rate", "How fast it transfers."),
            Column("ETA", "string", ".status.progress.inWords.remaining", "How long the transfer will still take."),
            _AGE,
            Column("Ended", "date", ".status.completionTime", "When the run ended.", wide=True),
            Column("Files", "string", ".status.progress.inWords.files", "Files transferred.", wide=True),
            Column("Reason", "string", ".status.reason", "Why the run is in this phase, in one word.", wide=True),
        ),
        selectable=(".spec.moverRef.name",),
    ),
    Definition(
        model=DataMoverAccount,
        scope="Cluster",
        short_name="dma",
        columns=(
            Column("Account", "string", ".spec.accountId", "The ID of the AWS account."),
            Column("Region", "string", ".spec.region", "The AWS Region."),
            Column("Ready", "string", _ready("status"), "Whether the operator can use the account."),
            Column("Movers", "integer", ".status.movers", "How many movers use it."),
            _AGE,
            Column("Reason", "string", _ready("reason"), "Why it is Ready or not, in one word.", wide=True),
        ),
    ),
    Definition(
        model=TableSync,
        scope="Namespaced",
        short_name="ts",
        columns=(
            Column("Ready", "string", _ready("status"), "Whether the destination follows the source."),
            Column("Phase", "string", ".status.phase", "Where the sync is."),
            Column("Percent", "integer", ".status.percent", "How much of the first copy is done."),
            Column("Lag", "integer", ".status.lagBytes", "Bytes of WAL that are not confirmed yet."),
            Column("Last Sync", "date", ".status.lastSyncTime", "When the destination last had everything."),
            _AGE,
            Column("Mode", "string", ".spec.mode", "How it is kept in sync.", wide=True),
            Column("Suspended", "boolean", ".spec.suspend", "Whether it is held back.", wide=True),
            Column("Retained", "integer", ".status.retainedWalBytes", "Bytes of WAL that the source keeps.", wide=True),
            Column("Reason", "string", _ready("reason"), "Why it is Ready or not, in one word.", wide=True),
        ),
    ),
)

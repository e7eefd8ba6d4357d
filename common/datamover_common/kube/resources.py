"""Where objects live in the API: the one place in which names become parts of a URL."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from datamover_crds import Resource
from datamover_crds.common import API_VERSION

_LABEL: Final = re.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_LABEL_MAX, _SUBDOMAIN_MAX = 63, 253


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A type of resource, such as `coordination.k8s.io/v1`, `Lease`, `leases`."""

    api_version: str
    kind: str
    plural: str

    def within(self, namespace: str = "") -> Collection:
        """All objects of the type in a namespace; without one, those of the whole cluster."""
        return Collection(self, namespace)


def ours(model: type[Resource]) -> ResourceType:
    """The type of resource whose objects a model of ours reads."""
    return ResourceType(API_VERSION, model.__name__, f"{model.__name__.lower()}s")


@dataclass(frozen=True, slots=True)
class Collection:
    """All objects of a type in a namespace, or (namespace empty) in the whole cluster."""

    type: ResourceType
    namespace: str

    @property
    def path(self) -> str:
        """The collection's path in the API."""
        api = ("apis" if "/" in self.type.api_version else "api", *self.type.api_version.split("/"))
        scope = ("namespaces", self.namespace) if self.namespace else ()
        return "".join(f"/{quote(segment, safe='')}" for segment in (*api, *scope, self.type.plural))

    @property
    def can_exist(self) -> bool:
        """Whether a namespace can have this name."""
        return not self.namespace or (
            len(self.namespace) <= _LABEL_MAX and _LABEL.fullmatch(self.namespace) is not None
        )

    def named(self, name: str) -> ObjectRef:
        """The object of this name."""
        return ObjectRef(self, name)

    def __str__(self) -> str:
        """Say it for people: the type, and the namespace."""
        return f"{self.type.plural} in namespace {self.namespace!r}" if self.namespace else self.type.plural


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """One object of a collection, by its name."""

    collection: Collection
    name: str

    @property
    def path(self) -> str:
        """The object's path in the API. Quoting alone does not make every name safe there: see `can_exist`."""
        return f"{self.collection.path}/{quote(self.name, safe='')}"

    @property
    def can_exist(self) -> bool:
        """Whether an object can have this name: an RFC 1123 subdomain.

        Any other name must not be sent, quoted or not: the API server takes paths apart after it has unquoted them, so
        that `a%2Fstatus` is the status of `a`, and HTTP clients resolve `..` themselves.
        """
        labels = self.name.split(".") if len(self.name) <= _SUBDOMAIN_MAX else ()
        return self.collection.can_exist and bool(labels) and all(map(_LABEL.fullmatch, labels))

    def __str__(self) -> str:
        """Say it for people: the kind, and the name with its namespace."""
        scope = f"{self.collection.namespace}/" if self.collection.namespace else ""
        return f"{self.collection.type.kind} {scope + self.name!r}"

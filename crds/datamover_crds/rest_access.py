"""How the REST systems serve an account."""

from typing import Annotated

from pydantic import Field

from datamover_crds.common import WHOLE_FLOATS, Items, Model, Namespace
from datamover_crds.locations import Location


class RestAccess(Model):
    """How the REST API serves the account."""

    namespace: Namespace
    """The namespace for movers that are created by REST."""


class LabelStudioProject(Model):
    """A project of Label Studio, and where its storages' objects go."""

    id: Annotated[int, Field(ge=1, le=2_147_483_647), WHOLE_FLOATS]
    """The project's ID in Label Studio."""
    destination: Location
    """Where syncs of the project's storages write to: the location that the project reads."""


class LabelStudioAccess(Model):
    """How Label Studio's storage API serves the account."""

    namespace: Namespace | None = None
    """The namespace for storages, as movers, and for their Secrets. If not set: `rest.namespace`."""
    projects: Annotated[tuple[LabelStudioProject, ...], Items(at_most=100, key="id")] = ()
    """The projects that can have storages."""
    default: Location | None = None
    """Where storages of all other projects write to. If not set, other projects can't have storages."""


class SyncApiAccess(Model):
    """How the DataSync API v2.1 serves the account."""

    namespace: Namespace | None = None
    """The namespace for syncs, as movers and table syncs, and for their Secrets. If not set: `rest.namespace`."""

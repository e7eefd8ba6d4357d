"""What every Kubernetes object carries, as far as the operator reads it."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from datamover_crds.common import Count, Items, Model, Timestamp


class Resource(Model):
    """A kind of ours: has `metadata`, `spec` and `status`."""

    model_config = ConfigDict(defer_build=False)  # not in the event loop, when the first object comes


class OwnerReference(Model):
    """An entry of metadata.ownerReferences."""

    model_config = ConfigDict(extra="ignore")

    api_version: str
    """The owner's group and version."""
    kind: str
    """The owner's kind."""
    name: str
    """The owner's name."""
    uid: str
    """The owner's uid."""
    controller: bool = False
    """Whether the owner manages this object."""


class ObjectMeta(Model):
    """The part of metav1.ObjectMeta that the operator reads; the rest is ignored.

    What the API server sets is empty (0 for numbers) on an object that it has not yet seen.
    """

    model_config = ConfigDict(extra="ignore")

    name: str = ""
    """The object's name."""
    namespace: str = ""
    """The object's namespace; empty for cluster-scoped objects."""
    uid: str = ""
    """Distinguishes this object from others that had its name before or will have it later."""
    generation: Count = 0
    """Counts changes to the spec."""
    resource_version: str = ""
    """Changes with each write; a write that carries it is a compare-and-swap."""
    creation_timestamp: Timestamp | None = None
    """When the object was created."""
    deletion_timestamp: Timestamp | None = None
    """When deletion was requested; absent before."""
    labels: dict[str, str] = Field(default_factory=dict)
    """Labels."""
    annotations: dict[str, str] = Field(default_factory=dict)
    """Annotations."""
    finalizers: Annotated[tuple[str, ...], Items(at_most=1000)] = ()
    """What must happen before the object is deleted."""
    owner_references: Annotated[tuple[OwnerReference, ...], Items(at_most=1000)] = ()
    """The objects that this object belongs to."""


class Condition(Model):
    """One aspect of the object's state, in the shape of metav1.Condition and as kstatus reads it."""

    type: Annotated[str, Field(min_length=1, max_length=316)]
    """Which aspect: Ready, Reconciling or Stalled."""
    status: Literal["True", "False", "Unknown"]
    """Whether it holds."""
    observed_generation: Count = 0
    """The metadata.generation that the condition was derived from."""
    last_transition_time: Timestamp
    """When status last changed."""
    reason: Annotated[str, Field(min_length=1, max_length=1024, pattern="^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$")]
    """Why, in one word for programs."""
    message: Annotated[str, Field(max_length=32768)]
    """Why, in a sentence for people."""


Conditions = Annotated[tuple[Condition, ...], Items(at_most=16, key="type")]

"""Which namespaces may use what of an account."""

from typing import Annotated, ClassVar, Final

from pydantic import Field

from datamover_crds.common import Items, Model
from datamover_crds.rules import Rule
from datamover_crds.words import Words

_ACCESS_POINT: Final = ":access-point/"  # of EFS, whose LocationUris do not name it
_OTHER_ARN: Final = f"each.startsWith('arn:') && !each.contains('{_ACCESS_POINT}')"


def _names_no_location_by_arn(grant: "Grant") -> bool:
    return not any(each.startswith("arn:") and _ACCESS_POINT not in each for each in grant.locations)


class Grant(Model):
    """Allows movers in some namespaces to use some locations and roles; `*` matches any characters.

    What no grant allows is refused. An empty or absent list allows nothing.
    """

    rules: ClassVar = (
        Rule(
            field_path=".locations",
            cel=f"!has(self.locations) || !self.locations.exists(each, {_OTHER_ARN})",
            holds=_names_no_location_by_arn,
            message=(
                "must be patterns for location URIs, such as s3://my-bucket/*: an ARN never matches one, unless it is "
                "that of an EFS access point"
            ),
            shown=f"self.locations.filter(each, {_OTHER_ARN})[0]",
        ),
    )

    namespaces: Annotated[
        tuple[
            Annotated[
                str,
                Field(min_length=1, max_length=63, pattern="^[a-z0-9*-]+$"),
                Words(
                    "must be a pattern for names of namespaces, such as team-a-*: lowercase letters, digits, - and *"
                ),
            ],
            ...,
        ],
        Items(at_most=100),
    ] = ()
    """Patterns for the names of namespaces."""
    locations: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=1024)], ...], Items(at_most=100)] = ()
    """Patterns for location URIs as DataSync shows them, such as `s3://team-a-*`.

    A location with an EFS access point needs a pattern for the ARN of the access point or for the whole file system
    (`efs://eu-central-1.fs-0123456789abcdef0/*`): its subdirectory is relative to the access point, which may be
    anywhere in the file system.
    """
    role_arns: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=2048)], ...], Items(at_most=100)] = ()
    """Patterns for the ARNs of roles that movers may name, have created by a name, or take over with an adopted task.

    A pattern such as `arn:aws:iam::111122223333:role/team-a/*` allows roles in the folder `/team-a/` only.
    """

    agent_arns: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=128)], ...], Items(at_most=100)] = ()
    """Patterns for the ARNs of agents that movers may use, whether they name them by ARN or by name."""

"""Which locations go together in a task. Pure.

Source: DataSync user guide, "Where can I transfer my data", "Choosing a task mode" and "Do I need an agent?". The
wording of the refusals is not published.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from datasync_emulator.catalogue.locations.spec import Metadata, Site
from datasync_emulator.catalogue.options import BASIC, ENHANCED
from datasync_emulator.catalogue.records import Agent, Location
from datasync_emulator.errors import ApiError, invalid_request
from datasync_emulator.messages import Caller

AgentsOf = Callable[[Location, str], list[Agent]]
"""Gives a location's agents that serve a task mode."""

_SELF_MANAGED = frozenset({Site.SELF_MANAGED, Site.OTHER_CLOUD})


def check(caller: Caller, source: Location, destination: Location, mode: str, agents_of: AgentsOf) -> None:
    """Refuse a transfer that DataSync does not support.

    Raises:
        ApiError: InvalidRequestException naming what does not go together.
    """
    both = (source, destination)
    for error in (*_regions(caller, both), *_sites(both), *_modes(both, mode), *_agents(both, mode, agents_of)):
        raise error


def _regions(caller: Caller, both: tuple[Location, Location]) -> Iterator[ApiError]:
    here = [location.region == caller.region for location in both]
    if not any(here):
        yield invalid_request(f"One of the two locations must be in Region {caller.region}.")
    if not all(here) and any(location.spec.site in _SELF_MANAGED for location in both):
        yield invalid_request("A transfer with storage outside AWS can't cross Regions: create both locations in one.")


def _sites(both: tuple[Location, Location]) -> Iterator[ApiError]:
    sites = {location.spec.site for location in both}
    if sites <= _SELF_MANAGED:
        types = " and ".join(location.spec.filter_value for location in both)
        yield invalid_request(f"A transfer needs AWS storage on one side; found {types}.")
    if sites == {Site.OUTPOST, Site.AWS} and any(location.spec.metadata is not Metadata.OBJECT for location in both):
        yield invalid_request("S3 on Outposts transfers to and from S3 in a Region, not file systems in AWS.")


def _modes(both: tuple[Location, Location], mode: str) -> Iterator[ApiError]:
    for location in both:
        if mode not in location.spec.modes:
            others = " or ".join(sorted(location.spec.modes))
            kind = location.spec.filter_value
            yield invalid_request(f"TaskMode {mode} does not support this location of type {kind}. Use {others}.")


def _agents(both: tuple[Location, Location], mode: str, agents_of: AgentsOf) -> Iterator[ApiError]:
    for location in both:
        site, kind = location.spec.site, location.spec.filter_value
        if site is Site.OTHER_CLOUD and mode == ENHANCED:
            if location.spec.agent_arns:
                yield invalid_request(f"TaskMode ENHANCED reaches a location of type {kind} without agents. Use BASIC.")
        elif site is not Site.AWS and not agents_of(location, mode):
            hint = " or use TaskMode ENHANCED" if site is Site.OTHER_CLOUD and mode == BASIC else ""
            yield invalid_request(f"Location {location.id} has no agent for TaskMode {mode}: give it one{hint}.")

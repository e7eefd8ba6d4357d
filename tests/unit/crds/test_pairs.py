"""Which locations go together in which mode: what the user guide says, what the schema takes, what the emulator takes.

The user guide's "Where can I transfer my data", "Choosing a task mode" and "Do I need an agent?": one end is in AWS.
Enhanced mode is between S3 in a Region and the same, an NFS or SMB server by its agents, or another cloud without any.
Basic mode reaches by an agent whatever is not in a Region, and NFS 4.2 not at all.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count

import pytest

from datamover_crds import LOCATIONS, DataMover, InvalidObject, parse
from datamover_crds.locations.base import LocationType, References
from datamover_operator.aws.translate import to_aws, with_secrets
from datasync_emulator.catalogue import pairs
from datasync_emulator.catalogue.locations import LOCATION_TYPES
from datasync_emulator.catalogue.records import Agent, Location
from datasync_emulator.errors import ApiError
from datasync_emulator.messages import Caller
from tests.support.location_cases import AGENTS, CASES
from tests.support.location_cases.case import AGENT, OUTPOST
from tests.support.specs import ROLE, JsonDict, mover

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CALLER = Caller("111122223333", "eu-central-1", NOW)
HELPER = Agent(AGENT, 1, NOW, None, "BASIC", None, NOW)


def least(name: str, **members: object) -> JsonDict:
    declared = next(case.least for case in CASES if case.name == name)
    return {name: declared | members}


IN_AWS = {name: least(name) for name in ("efs", "fsxLustre", "fsxOntap", "fsxOpenZfs", "fsxWindows")}
SERVERS = {name: least(name) for name in ("nfs", "smb")}
CLOUDS = {name: least(name) for name in ("objectStorage", "azureBlob")}
BY_AGENT = {f"{name} by an agent": least(name, agents=["office"]) for name in CLOUDS}
S3, OUTPOSTS, NFS_4_2, HDFS = "s3", "S3 on Outposts", "NFS 4.2", "hdfs"
OTHERS = {
    S3: least("s3"),
    OUTPOSTS: {"s3": {"s3BucketArn": OUTPOST, "agents": ["office"]}},
    NFS_4_2: least("nfs", mountOptions={"version": "NFS4_2"}),
    HDFS: least("hdfs"),
}
ENDS = {**IN_AWS, **SERVERS, **CLOUDS, **BY_AGENT, **OTHERS}


def in_basic(source: str, destination: str) -> bool:
    ends = {source, destination}
    if ends & {NFS_4_2, *CLOUDS} or not ends & {S3, OUTPOSTS, *IN_AWS}:
        return False
    return OUTPOSTS not in ends or not ends & {*IN_AWS}


def in_enhanced(source: str, destination: str) -> bool:
    ends = {source, destination}
    return S3 in ends and ends <= {S3, NFS_4_2, *SERVERS, *CLOUDS}


SAID = {"BASIC": in_basic, "ENHANCED": in_enhanced}
numbers = count(1)


@pytest.mark.parametrize("mode", SAID)
@pytest.mark.parametrize("source", ENDS)
def test_schema_and_emulator_take_what_the_user_guide_says(source: str, mode: str) -> None:
    for destination, end in ENDS.items():
        spec = {"source": ENDS[source], "destination": end, "taskMode": mode, "allowOverlap": True}
        said = SAID[mode](source, destination)
        assert is_taken_by_the_schema(spec) == said, destination
        assert is_taken_by_the_emulator(spec, mode) == said, destination


def is_taken_by_the_schema(spec: JsonDict) -> bool:
    try:
        parse(DataMover, mover(**spec))
    except InvalidObject as refused:
        problems = refused.problems
    else:
        return True
    assert {problem.path for problem in problems} <= {"spec.destination", "spec.taskMode"}
    return False


def is_taken_by_the_emulator(spec: JsonDict, mode: str) -> bool:
    source, destination = (location(spec[side]) for side in ("source", "destination"))
    try:
        pairs.check(CALLER, source, destination, mode, lambda each, _: [HELPER] if each.spec.agent_arns else [])
    except ApiError:
        return False
    return True


def location(end: JsonDict) -> Location:
    """What the emulator makes of the operator's request."""
    ((name, members),) = end.items()
    declared: LocationType = LOCATIONS[name].model_validate(members)
    secrets = {place: "not really" for place, *_ in declared.secrets()}
    request = with_secrets(to_aws(declared.create_request(References(ROLE, AGENTS))), secrets)
    kind = next(each for each in LOCATION_TYPES if each.operation == declared.operation)
    number = next(numbers)
    arn = f"arn:aws:datasync:{CALLER.region}:{CALLER.account}:location/loc-{number:017x}"
    return Location(arn, number, NOW, kind.create(CALLER, request))


def test_every_type_is_in_the_table() -> None:
    assert {name for end in ENDS.values() for name in end} == set(LOCATIONS)

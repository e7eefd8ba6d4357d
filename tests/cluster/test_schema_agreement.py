"""The models and a real API server say the same about every object, and the server alone keeps what may not change."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, seed, settings

from datamover_crds import (
    LOCATIONS,
    DataMover,
    DataMoverAccount,
    DataMoverAccountSpec,
    DataMoverRun,
    DataMoverRunSpec,
    InvalidObject,
    Model,
    TableSync,
    dump,
    parse,
)
from datamover_crds.definitions import DEFINITIONS, Definition
from datamover_crds.schedules import Part
from datamover_crds.schema import structural_schema
from tests.support.api import GROUP, Api, ApiError
from tests.support.kubectl import Kubectl, KubectlError, check_width
from tests.support.location_cases import CASES as LOCATION_CASES
from tests.support.schedules import BAD as BAD_SCHEDULES
from tests.support.schedules import said
from tests.support.spec_cases import CASES, LIST, REPORT, Case
from tests.support.spec_strategies import objects
from tests.support.specs import (
    EVERYTHING_RUN,
    MODELS,
    OTHER_BUCKET,
    ROLE,
    TASK,
    JsonDict,
    account,
    database,
    mover,
    obj,
    run,
    s3,
    table_sync,
    without,
)

DRY_RUN = "fieldValidation=Strict&dryRun=All"
REFUSALS = {400, 422}


def collection(kind: str) -> str:
    scope = "" if kind == DataMoverAccount.__name__ else "namespaces/default/"
    return f"{GROUP}/{scope}{kind.lower()}s"


def server_verdict(api: Api, sample: JsonDict) -> JsonDict | str:
    """The object as the server would store it, or why it would not."""
    try:
        return api.create(collection(sample["kind"]), sample, query=DRY_RUN)
    except ApiError as error:
        if error.status not in REFUSALS:
            raise
        message = str(json.loads(error.body)["message"])
        assert not re.search("(?<!got float64) evaluating rule(?!: must be a regular expression)", message), (
            "a rule fails itself"
        )
        return message


def model_verdict(sample: JsonDict) -> Model | str:
    """The object as the model reads it, or why it does not."""
    try:
        return parse(MODELS[sample["kind"]], sample)
    except InvalidObject as error:
        return str(error)


def agreed(api: Api, sample: JsonDict) -> bool:
    """Whether both take the object; fails where they differ, in the verdict or in what they read."""
    server, model = server_verdict(api, sample), model_verdict(sample)
    if isinstance(server, str) or isinstance(model, str):
        assert isinstance(server, str), f"only the model refuses: {model}"
        assert isinstance(model, str), f"only the API server refuses: {server}"
        return False
    stored = parse(type(model), server)
    assert stored.model_dump(include={"spec"}) == model.model_dump(include={"spec"})
    return True


@pytest.mark.parametrize("case", CASES, ids=str)
def test_both_agree_on_named_objects(api: Api, case: Case) -> None:
    assert agreed(api, case.obj) is (case.refused_at is None)


def least(name: str) -> JsonDict:
    return next(case.least for case in LOCATION_CASES if case.name == name)


MISTAKES: list[tuple[JsonDict, str, str]] = [
    (
        mover(source=s3(s3BucketArn="s3://my-bucket/folder")),
        "spec.source.s3.s3BucketArn",
        "'s3://my-bucket/folder': must be the ARN of an S3 bucket or access point, such as arn:aws:s3:::my-bucket",
    ),
    (
        mover(source=s3(accessRole={"arn": "my-role"})),
        "spec.source.s3.accessRole.arn",
        "'my-role': must be the ARN of an IAM role, such as arn:aws:iam::111122223333:role/my-role",
    ),
    (
        mover(includes=[{"value": "/a"}, {"value": "/b"}]),
        "spec.includes",
        "must have at most one rule; join the patterns with |, such as /photos|/papers/2024",
    ),
    (
        account(grants=[{"namespaces": ["*"], "locations": ["arn:aws:s3:::b"]}]),
        "spec.grants[0].locations",
        "arn:aws:s3:::b: must be patterns for location URIs, such as s3://my-bucket/*: an ARN never matches one",
    ),
    (
        mover(cloudWatchLogGroupArn="/aws/datasync"),
        "spec.cloudWatchLogGroupArn",
        "'/aws/datasync': must be the ARN of a CloudWatch log group, such as arn:aws:logs:",
    ),
    (
        mover(adopt={"taskArn": "task-0123"}),
        "spec.adopt.taskArn",
        "'task-0123': must be the ARN of a DataSync task, such as arn:aws:datasync:",
    ),
    (
        account(assumeRole={"arn": "my-role"}),
        "spec.assumeRole.arn",
        "'my-role': must be the ARN of an IAM role, such as arn:aws:iam::111122223333:role/my-role",
    ),
    (
        account(accessRoles={"permissionsBoundaryArn": "boundary"}),
        "spec.accessRoles.permissionsBoundaryArn",
        "'boundary': must be the ARN of an IAM policy, such as",
    ),
    (
        account(region="Frankfurt"),
        "spec.region",
        "'Frankfurt': must be the code of an AWS Region, such as eu-central-1",
    ),
    (
        mover(source={"hdfs": least("hdfs") | {"blockSize": 1_048_577}}),
        "spec.source.hdfs.blockSize",
        "1048577",
    ),
    (
        mover(options={"bytesPerSecond": 0}),
        "spec.options.bytesPerSecond: ",
        "must be at least 1, such as 1048576 for 1 MiB a second, or -1 for no limit",
    ),
    (
        mover(destination=s3(subdirectory="old")),
        "spec.destination.s3: ",
        "from / to /old/ of arn:aws:s3:::from: source and destination must not be the same place, nor one a folder in",
    ),
    (
        mover(runHistory={"maxAge": "3w"}),
        "spec.runHistory.maxAge",
        "'3w': must be days, hours, minutes and seconds in this order, such as 30d, 1d12h or 90s",
    ),
    *(
        (
            mover(source={name: least(name) | {field: value}}),
            f"spec.source.{name}.{field}",
            f"'{value}': must be {told}",
        )
        for name, field, value, told in (
            ("nfs", "serverHostname", "nfs://nas", "a DNS name or an IP address alone, such as nas.example.com"),
            ("objectStorage", "serverHostname", "https://minio", "a DNS name or an IP address alone"),
            ("smb", "subdirectory", "share\\in", "a path with forward slashes"),
            ("azureBlob", "containerUrl", "http://a.example.com/b", "the https URL of a container, such as https://"),
            ("s3", "subdirectory", "photos?", "a folder alone, such as /photos/2024: letters, digits, spaces and"),
            ("efs", "subdirectory", "/a:b", "a folder alone, such as /photos/2024"),
            ("hdfs", "subdirectory", "/a:b", "a path with forward slashes"),
            ("hdfs", "simpleUser", "joe@EXAMPLE.COM", "the name of a user alone, such as hadoop"),
            ("objectStorage", "bucketName", "s3://lists", "the name of a bucket alone"),
            ("smb", "domain", "EXAMPLE\\joe", "the name of a Windows domain"),
        )
    ),
    *(
        (sample, field, f"'{value}': must be {told}")
        for sample, field, value, told in (
            (
                obj(DataMover, mover()["spec"] | {"name": "nightly!"}),
                "spec.name",
                "nightly!",
                "the name of a task, such as nightly copy",
            ),
            (mover(tags=[{"key": "a&b"}]), "spec.tags[0].key", "a&b", "the key of a tag, such as cost-centre"),
            (mover(tags=[{"key": "a", "value": "?"}]), "spec.tags[0].value", "?", "the value of a tag"),
            (mover(accountRef={"name": "Prod_1"}), "spec.accountRef.name", "Prod_1", "the name of an object"),
            (
                mover(schedule={"scheduleExpression": "rate(1 day)", "timeZone": "(CET)"}),
                "spec.schedule.timeZone",
                "(CET)",
                "the name of an IANA time zone, such as Europe/Berlin",
            ),
            (
                mover(notify=[{"webhook": {"url": "hooks.example.com"}, "events": ["RunFailed"]}]),
                "spec.notify[0].webhook.url",
                "hooks.example.com",
                "an http or https URL, such as https://hooks.example.com/datamover",
            ),
            (
                mover(source=s3(accessRole={"name": ROLE})),
                "spec.source.s3.accessRole.name",
                ROLE,
                "the name of a role alone, such as my-role",
            ),
            (mover(source={"existingLocationArn": "loc-0"}), "existingLocationArn", "loc-0", "the ARN of a DataSync"),
            (run(select={"modifiedAfter": "2025-01-31"}), "modifiedAfter", "2025-01-31", "a time in UTC to the second"),
            (account(accessRoles={"path": "team"}), "spec.accessRoles.path", "team", "an IAM path, which begins and"),
            (account(accountId="1111-2222-33"), "spec.accountId", "1111-2222-33", "the ID of an AWS account, such as"),
            (account(org="A&B"), "spec.org", "A&B", "the name of an organization"),
            (account(rest={"namespace": "team_a"}), "spec.rest.namespace", "team_a", "the name of a namespace"),
            (account(grants=[{"namespaces": ["Team_*"]}]), "spec.grants[0].namespaces[0]", "Team_*", "a pattern for"),
            (
                account(selections={"s3BucketArn": "arn:aws:s3:::lists", "prefix": "lists"}),
                "spec.selections.prefix",
                "lists",
                "folders that each end with /, such as datamover/",
            ),
            (table_sync(source=database("postgres://db")), "postgresql.host", "postgres://db", "a DNS name or an IP"),
            (table_sync(maxRetainedWal="10GB"), "spec.maxRetainedWal", "10GB", "a whole number of bytes above 0"),
            (
                table_sync(source={"uriSecretRef": {"name": "a", "key": "a/b"}}),
                "spec.source.uriSecretRef.key",
                "a/b",
                "a key in a Secret, such as password",
            ),
        )
    ),
]


@pytest.mark.parametrize(("sample", "field", "told"), MISTAKES, ids=[field for _, field, _ in MISTAKES])
def test_a_mistake_is_told_at_once_with_an_example(api: Api, sample: JsonDict, field: str, told: str) -> None:
    verdict = str(server_verdict(api, sample))
    assert field in verdict
    assert told in verdict
    assert "should match" not in verdict


@pytest.mark.parametrize(
    ("model", "count"), [(DataMover, 400), (DataMoverRun, 100), (DataMoverAccount, 150), (TableSync, 300)]
)
def test_both_agree_on_generated_objects(api: Api, model: type[Model], count: int) -> None:
    verdicts: Counter[bool] = Counter()

    @seed(20250131)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(objects(model))
    def check(sample: JsonDict) -> None:
        verdicts[agreed(api, sample)] += 1

    check()
    assert min(verdicts[True], verdicts[False]) >= count / 5, f"too one-sided to show much: {verdicts}"


@pytest.mark.parametrize(("expression", "parts"), BAD_SCHEDULES)
def test_the_server_says_what_the_model_says(api: Api, expression: str, parts: set[Part]) -> None:
    """Field and remedy, for each rule that is broken, and for no other; the value, too, if it fits on a line."""
    told = str(server_verdict(api, mover(schedule={"scheduleExpression": expression})))
    assert "spec.schedule.scheduleExpression: Invalid value" in told
    assert {part for part in get_args(Part) if said(part) in told} == parts
    assert "\n" in expression or all(f"{expression}: {said(part)}" in told for part in parts)


TRANSITIONS = {
    f"{model.__name__}{transition.field_path}": transition
    for model in (DataMover, DataMoverRunSpec, DataMoverAccountSpec)
    for transition in model.transitions
}
OTHER = {"name": "other"}
FILTER = [{"value": "/a"}]
INTENT = {"instance": "i", "nonce": "n", "generation": 1, "calls": ["CreateTask"]}
MADE: list[JsonDict] = [
    {"taskArn": TASK},
    {"sourceLocationArn": TASK},
    {"destinationLocationArn": TASK},
    {"sourceRoleArn": ROLE},
    {"destinationRoleArn": ROLE},
    {"bookkeeping": {"intent": INTENT}},
    {"bookkeeping": {"retired": [{"arn": TASK, "kind": "task"}]}},
    {"intent": INTENT},
]
CHANGES: list[tuple[str, JsonDict, JsonDict]] = [
    *(("DataMover.spec.accountRef", mover() | {"status": made}, mover(accountRef=OTHER)) for made in MADE),
    *(
        ("DataMover.spec.taskMode", before | {"status": {"taskArn": TASK}}, after)
        for before, after in (
            (mover(taskMode="BASIC"), mover(taskMode="ENHANCED")),
            (mover(taskMode="BASIC"), mover()),
            (mover(), mover(taskMode="BASIC")),
        )
    ),
    ("DataMover.spec.taskMode", mover() | {"status": {"bookkeeping": {"intent": INTENT}}}, mover(taskMode="BASIC")),
    ("DataMoverRunSpec.moverRef", run(), run(moverRef=OTHER)),
    ("DataMoverRunSpec.select", run(select={"glob": "a"}), run(select={"glob": "b"})),
    ("DataMoverRunSpec.manifestConfig", run(), run(manifestConfig=LIST)),
    ("DataMoverRunSpec.taskReportConfig", run(taskReportConfig=REPORT), run()),
    ("DataMoverRunSpec.verify", run(), run(verify={"compare": True})),
    ("DataMoverRunSpec.overrideOptions", run(), run(overrideOptions={"uid": "NONE"})),
    ("DataMoverRunSpec.overrideOptions", run(overrideOptions={"uid": "NONE"}), run()),
    ("DataMoverRunSpec.overrideOptions", run(overrideOptions={"uid": "NONE"}), run(overrideOptions={"uid": "BOTH"})),
    ("DataMoverRunSpec.includes", run(), run(includes=FILTER)),
    ("DataMoverRunSpec.retryOf", run(), run(retryOf={"name": "first", "attempt": 1})),
    ("DataMoverRunSpec.excludes", run(excludes=FILTER), run(excludes=[{"value": "/b"}])),
    ("DataMoverRunSpec.cancel", run(cancel=True), run(cancel=False)),
    ("DataMoverRunSpec.cancel", run(cancel=True), run()),
    ("DataMoverAccountSpec.accountId", account(), account(accountId="999999999999")),
    ("DataMoverAccountSpec.region", account(), account(region="eu-west-1")),
]


ALLOWED: list[tuple[JsonDict, JsonDict]] = [
    (mover(taskMode="BASIC"), mover(taskMode="ENHANCED", destination=OTHER_BUCKET, accountRef=OTHER)),
    (mover() | {"status": {"state": "AccountNotFound", "bookkeeping": {}}}, mover(accountRef=OTHER)),
    (mover(taskMode="BASIC") | {"status": {"sourceLocationArn": TASK}}, mover()),
    (mover(), mover(destination=OTHER_BUCKET, suspend=True, trigger={"manual": "again"}, options={"uid": "NONE"})),
    (run(), run(cancel=True, bytesPerSecond=1000, ttlAfterFinished="1h")),
    (EVERYTHING_RUN, without(EVERYTHING_RUN, "bytesPerSecond")),
    (account(), account(grants=[{"namespaces": ["*"]}], assumeRole={"arn": ROLE})),
]


def update(api: Api, namespace: str, before: JsonDict, after: JsonDict) -> str:
    """Create an object and replace it; return why the API server refuses that, or nothing."""
    path = collection(before["kind"]).replace("/default/", f"/{namespace}/")
    stored = api.create(path, before)
    if "status" in before:
        stored = api.replace(f"{path}/{before['metadata']['name']}/status", stored | {"status": before["status"]})
    version = stored["metadata"]["resourceVersion"]
    after = after | {"metadata": before["metadata"] | {"resourceVersion": version}}
    try:
        api.replace(f"{path}/{before['metadata']['name']}", after)
    except ApiError as error:
        return str(json.loads(error.body)["message"])
    return ""


@pytest.mark.parametrize(("field", "before", "after"), CHANGES, ids=[field for field, _, _ in CHANGES])
def test_what_may_not_change_does_not(api: Api, namespace: str, field: str, before: JsonDict, after: JsonDict) -> None:
    transition = TRANSITIONS[field]
    told = update(api, namespace, before, after)
    assert f"{transition.field_path.removeprefix('.').removeprefix('spec.')}: " in told
    assert transition.message in told


@pytest.mark.parametrize(("before", "after"), ALLOWED)
def test_what_may_change_does(api: Api, namespace: str, before: JsonDict, after: JsonDict) -> None:
    assert update(api, namespace, before, after) == ""


def test_every_transition_has_a_change_that_it_refuses() -> None:
    assert TRANSITIONS.keys() == {field for field, _, _ in CHANGES}


def filled(schema: JsonDict) -> object:
    """A value with every member there is."""
    value: object
    match schema:
        case {"properties": members}:
            value = {name: filled(member) for name, member in members.items()}
        case {"items": item}:
            value = [filled(item)]
        case {"type": "object"}:  # whatever DataSync described
            value = {"anything": [1, {"at": None}], "all": "2025-01-31"}
        case {"type": "integer"}:
            value = schema.get("maximum", 2**63 - 1)
        case {"type": "boolean"}:
            value = True
        case {"enum": [*_, value]}:
            pass
        case {"format": "date-time"}:
            value = "2025-01-31T12:00:00.123Z"
        case _:
            value = ROLE if schema.get("pattern") == "^arn:" else "something"
    return value


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda definition: definition.kind)
def test_a_status_with_every_field_is_stored_and_read_as_written(
    api: Api, namespace: str, definition: Definition
) -> None:
    (least,) = (sample for sample in (mover(), run(), account(), table_sync()) if sample["kind"] == definition.kind)
    path = collection(definition.kind).replace("/default/", f"/{namespace}/")
    status = filled(structural_schema(definition.model)["properties"]["status"])

    created = api.create(path, least)
    stored = api.replace(f"{path}/{least['metadata']['name']}/status", created | {"status": status})

    assert stored["status"] == status
    current: Any = definition.model.model_fields["status"].annotation
    assert dump(parse(definition.model, stored))["status"] == current.current_form(status)


def test_kubectl_explains_every_field_and_lists_what_people_look_for(kubectl: Kubectl, tmp_path: Path) -> None:
    fresh = f"--cache-dir={tmp_path}"  # kubectl remembers for hours which short names there are
    explained = kubectl("explain", "dm.spec.source.s3.s3BucketArn", fresh)
    assert "The ARN of the bucket or of an access point" in explained
    sources = kubectl("explain", "dm.spec.source", fresh)
    assert [name for name in LOCATIONS if f"  {name}\t" not in sources] == []
    assert "of a location that somebody else looks after" in sources
    assert "Why the run is in this phase" in kubectl("explain", "dmr.status.reason", fresh)
    assert "s3://team-a-" in kubectl("explain", "dma.spec.grants.locations", fresh)

    kubectl.apply(mover("one"), mover("two", accountRef=OTHER), EVERYTHING_RUN)
    columns, *rows = (line.split() for line in kubectl("get", "dm", fresh).splitlines())
    assert columns == ["NAME", "READY", "STATE", "SOURCE", "DESTINATION", "LAST", "RUN", "AGE"]
    assert [row[0] for row in rows] == ["one", "two"]
    named = kubectl("get", "dm", "--field-selector=spec.accountRef.name=other", "--output=name", fresh)
    assert named.split() == ["datamover.datamover.io/two"]
    (its_run,) = kubectl("get", "dmr", "--field-selector=spec.moverRef.name=sample", "--no-headers", fresh).splitlines()
    assert its_run.split()[:2] == ["sample", "sample"]
    assert len(kubectl("get", "datasync", "--output=name", fresh).split()) == 3


def test_a_table_sync_with_long_words_and_large_numbers_fits_in_a_terminal(api: Api, kubectl: Kubectl) -> None:
    syncs = f"{GROUP}/namespaces/{kubectl.namespace}/tablesyncs"
    stored = api.create(syncs, table_sync("customers-and-orders-2026", mode="Continuous", suspend=True))
    at = "2026-01-31T02:00:00Z"
    ready = {
        "type": "Ready",
        "status": "False",
        "reason": "TooManyFormerDatabases",
        "message": "",
        "observedGeneration": 1,
    }
    status = {
        "phase": "CatchingUp",
        "percent": 100,
        "lagBytes": 10**12,
        "retainedWalBytes": 10**12,
        "lastSyncTime": at,
        "conditions": [ready | {"lastTransitionTime": at}],
    }
    api.replace(f"{syncs}/customers-and-orders-2026/status", stored | {"status": status})
    shown = kubectl("get", "tablesyncs", "--output=wide")
    assert "TooManyFormerDatabases" in shown
    check_width(shown)


def test_two_appliers_share_a_movers_tags(kubectl: Kubectl) -> None:
    kubectl.apply(mover(tags=[{"key": "a", "value": "1"}]))
    theirs = mover(tags=[{"key": "b", "value": "2"}])
    kubectl("apply", "--server-side", "--field-manager=other", "-f", "-", stdin=json.dumps(theirs))
    assert kubectl.get("datamover", "sample")["spec"]["tags"] == [
        {"key": "a", "value": "1"},
        {"key": "b", "value": "2"},
    ]


def test_kubectl_tells_a_typing_error(kubectl: Kubectl) -> None:
    with pytest.raises(KubectlError, match=r'unknown field "(spec.)?optoins"'):
        kubectl.apply(mover(optoins={}))

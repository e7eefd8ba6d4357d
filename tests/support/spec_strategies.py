"""Specs as hypothesis finds them: mostly what a user could mean, then bent at one place."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, get_args

from hypothesis import strategies as st

from datamover_crds import DataMover, DataMoverAccount, DataMoverRun, Model, TableSync, TaskOptions
from tests.support import hostile
from tests.support.location_cases import CASES as LOCATION_CASES
from tests.support.location_cases.case import KMS
from tests.support.schedules import BAD as BAD_SCHEDULES
from tests.support.schedules import expressions
from tests.support.specs import ACCESS_POINT, NETWORK, ROLE, TASK, JsonDict, efs, obj, s3

Strategy = st.SearchStrategy[Any]

INT_EDGES = (-2, -1, 0, 1, 500, 501, 2**53, 2**63 - 1, 2**63, 1.0, 0.5, -1.0, 2.0**53 - 1, 2.0**53, 1e300)
TEXT_EDGES = (
    "",
    " ",
    "a",
    "A_1",
    "*",
    "\u0663",
    "\u00a0",
    "\u2028",
    "a\n",
    "\0",
    "\u017f",
    "arn:",
    "arn:x",
    "x" * 64,
    "é" * 300,
    "😀",
)
FAR_VALUES: tuple[object, ...] = (None, True, False, [], {}, [None], {"a": None}, *INT_EDGES, *TEXT_EDGES)


def some(**members: Strategy) -> Strategy:
    """An object with any of these members."""
    return st.fixed_dictionaries({}, optional=members)


def mostly(good: Strategy, tricky: Strategy) -> Strategy:
    """One in eight is tricky, so that an object of many parts may be good as a whole."""
    return st.integers(0, 7).flatmap(lambda dice: tricky if dice == 7 else good)


def _choices(field: str) -> Strategy:
    """The values of an option that is an enumeration."""
    literal = next(member for member in get_args(TaskOptions.model_fields[field].annotation) if get_args(member))
    return st.sampled_from(get_args(literal))


_ENUMERATED = [name for name in TaskOptions.model_fields if name != "bytes_per_second"]
OPTIONS = some(
    **{str(TaskOptions.model_fields[name].alias): _choices(name) for name in _ENUMERATED},
    bytesPerSecond=st.sampled_from((-1, 0, 1, 2**40)),
)
PAIRED = st.sampled_from(
    ({}, {"atime": "NONE", "mtime": "NONE"}, {"atime": "BEST_EFFORT"}, {"transferMode": "ALL"}, {"bytesPerSecond": 2})
)

_NAMES = mostly(st.sampled_from(("dev", "a.b-c.d", "0", "n" * 63)), st.sampled_from(hostile.NAMES))
REFERENCES = st.fixed_dictionaries({"name": _NAMES})

FILTER_VALUES = mostly(
    st.sampled_from(("/a", "/a*|/b", "*", "a|b|c*", "|", "/é\n*")), st.text("*|/a.\n", min_size=1, max_size=8)
)
FILTERS = st.lists(
    st.fixed_dictionaries({"value": FILTER_VALUES}, optional={"filterType": st.just("SIMPLE_PATTERN")}),
    max_size=1,
)

SCHEDULES = mostly(expressions(), st.sampled_from([expression for expression, _ in BAD_SCHEDULES]))

ACCESS_ROLES = mostly(
    st.sampled_from(({"arn": ROLE}, {"name": "dm_role"}, {"name": "r", "path": "/a/"})),
    some(
        arn=st.just(ROLE),
        name=st.sampled_from(("r", "a b")),
        path=st.sampled_from(("/", "/a/", "a")),
        kmsKeyArns=st.lists(st.sampled_from((KMS, "alias/x")), max_size=2),
    ),
)
S3_LOCATIONS = some(
    subdirectory=mostly(st.sampled_from(("", "/", "/a b/(c)", "a\u00a0b")), st.text("/.a", max_size=5)),
    s3StorageClass=st.sampled_from(("STANDARD", "GLACIER", "OUTPOSTS")),
    accessRole=ACCESS_ROLES,
).map(lambda members: s3(**members))
_GROUPS = mostly(st.integers(1, 5), st.sampled_from((0, 6)))
EFS_LOCATIONS = mostly(
    some(subdirectory=st.just("/a/"), inTransitEncryption=st.sampled_from(("NONE", "TLS1_2"))),
    some(
        accessPointArn=st.just(ACCESS_POINT),
        fileSystemAccessRoleArn=st.just(ROLE),
        inTransitEncryption=st.sampled_from(("NONE", "TLS1_2")),
        ec2Config=_GROUPS.map(lambda n: NETWORK | {"securityGroupArns": NETWORK["securityGroupArns"] * n}),
    ),
).map(lambda members: efs(**members))
ALL_TYPES = st.sampled_from([{case.name: each} for case in LOCATION_CASES for each in (case.least, case.full)])
LOCATIONS = mostly(st.one_of(S3_LOCATIONS, EFS_LOCATIONS, ALL_TYPES), st.sampled_from(({}, s3() | efs())))

_KEYS = mostly(
    st.sampled_from(("a", "b", "team:x/y", "awsx")),
    st.one_of(st.text("ab:/.@", max_size=3), st.sampled_from(("aws:a", "AWS:a", "datamover.io/x"))),
)
TAGS = st.lists(
    st.fixed_dictionaries({"key": _KEYS}, optional={"value": st.text("a@ ", max_size=3)}),
    max_size=3,
    unique_by=lambda tag: tag["key"],
) | st.just([{"key": "a"}, {"key": "a", "value": "b"}])

_WEBHOOKS = mostly(
    st.sampled_from(({"url": "https://a.example.com/b"}, {"urlSecretRef": {"name": "a", "key": "b"}})),
    some(url=st.sampled_from(("http://a@b/", "https://a/@", "https:///", "http://", "HTTP://a/"))),
)
AGES = mostly(st.sampled_from(("720h", "1d1s", "0s")), st.sampled_from(("1s1d", "", "h", "1", "1w")))
_BUCKETS = mostly(st.just("arn:aws:s3:::lists"), st.sampled_from(("lists", "arn:")))
MANIFESTS = st.fixed_dictionaries({"s3BucketArn": _BUCKETS, "manifestObjectPath": st.just("a.csv")}).map(
    lambda s3: {"source": {"s3": s3}}
)
_MOMENTS = mostly(
    st.sampled_from(("2024-02-29T00:00:00Z", "2025-01-31T23:59:59Z")), st.sampled_from(("2025-01-01", "", "noon"))
)
SELECTIONS = some(
    regex=mostly(st.sampled_from((r"\.csv$", "(a|b)+")), st.text("a()[*\\?", max_size=4)),
    glob=st.sampled_from(("*.csv", "**", "[")),
    minSize=st.sampled_from((0, 1, 5)),
    maxSize=mostly(st.just(5), st.sampled_from((0, -1))),
    modifiedAfter=_MOMENTS,
    modifiedBefore=_MOMENTS,
)
REPORTS = st.fixed_dictionaries(
    {"destination": _BUCKETS.map(lambda arn: {"s3": {"s3BucketArn": arn}})},
    optional={
        "outputType": st.sampled_from(("SUMMARY_ONLY", "STANDARD")),
        "overrides": some(deleted=some(reportLevel=st.just("ERRORS_ONLY"))),
    },
)
MOVERS = st.fixed_dictionaries(
    {
        "accountRef": REFERENCES,
        "source": LOCATIONS,
        "destination": LOCATIONS,
        "allowOverlap": mostly(st.just(True), st.just(False)),
    },
    optional={
        "name": st.sampled_from(("a task", "x" * 256)),
        "tags": TAGS,
        "options": mostly(PAIRED, OPTIONS),
        "includes": FILTERS,
        "excludes": FILTERS,
        "taskMode": st.sampled_from(("BASIC", "ENHANCED")),
        "schedule": st.fixed_dictionaries({"scheduleExpression": SCHEDULES}),
        "trigger": mostly(
            st.sampled_from(({"manual": "now"}, {"interval": "30s"})), some(manual=st.just(""), interval=AGES)
        ),
        "notify": st.lists(
            st.fixed_dictionaries(
                {"webhook": _WEBHOOKS, "events": st.lists(st.sampled_from(("RunFailed", "MoverReady")), max_size=2)},
                optional={"retries": st.integers(0, 20)},
            ),
            max_size=2,
        ),
        "concurrencyPolicy": st.sampled_from(("Forbid", "Queue", "Replace")),
        "retry": some(limit=st.integers(0, 20), backoff=some(initial=AGES, factor=st.integers(1, 10), max=AGES)),
        "timeouts": some(launching=AGES, total=AGES, action=st.sampled_from(("Report", "Cancel"))),
        "ttlAfterFinished": AGES,
        "suspend": st.booleans(),
        "deletionPolicy": st.sampled_from(("Delete", "Retain")),
        "runHistory": some(limit=st.integers(0, 500), failedLimit=st.integers(0, 500), maxAge=AGES),
        "adopt": st.just({"taskArn": TASK, "own": True}),
        "taskReportConfig": REPORTS,
    },
)
RUNS = st.fixed_dictionaries(
    {"moverRef": REFERENCES},
    optional={
        "overrideOptions": OPTIONS,
        "includes": FILTERS,
        "excludes": FILTERS,
        "cancel": st.booleans(),
        "bytesPerSecond": st.sampled_from((-1, 0, 2**40)),
        "select": SELECTIONS,
        "manifestConfig": MANIFESTS,
        "taskReportConfig": REPORTS,
        "verify": some(compare=st.booleans()),
    },
)
_GLOBS = mostly(st.just(["a-*", "*"]), st.lists(st.text("a*-:/A", max_size=4), max_size=3))
ACCOUNTS = st.fixed_dictionaries(
    {
        "accountId": st.sampled_from(("111122223333", "000000000000")),
        "region": st.sampled_from(("eu-central-1", "us-gov-east-1", "cn-north-1")),
    },
    optional={
        "assumeRole": st.fixed_dictionaries(
            {"arn": st.just(ROLE)}, optional={"externalId": mostly(st.just("id-1"), st.text("a1:=", max_size=3))}
        ),
        "credentialsSecretRef": REFERENCES,
        "grants": st.lists(some(namespaces=_GLOBS, locations=_GLOBS, roleArns=_GLOBS), max_size=3),
        "accessRoles": some(
            path=mostly(st.just("/a/"), st.sampled_from(("/", "a/", "/a", "/a b/", "//"))),
            permissionsBoundaryArn=st.just(ROLE),
        ),
        "org": mostly(st.just("acme"), st.text("a-.1 ", max_size=3)),
        "rest": st.just({"namespace": "rest"}),
        "labelStudio": some(
            namespace=st.just("storages"),
            projects=st.lists(st.fixed_dictionaries({"id": st.integers(1, 3), "destination": LOCATIONS}), max_size=2),
            default=LOCATIONS,
        ),
        "syncApi": some(namespace=st.just("syncs")),
        "selections": st.fixed_dictionaries({"s3BucketArn": _BUCKETS}),
    },
)
_SECRET_KEYS = st.fixed_dictionaries({"name": _NAMES, "key": mostly(st.just("uri"), st.text("a.-_ /", max_size=3))})
_HOSTS = mostly(
    st.sampled_from(("db", "a.b-c", "10.0.0.1", "::1", "a_b")), st.text("a.:-_/,[]@ \n", min_size=1, max_size=5)
)
_WORDS = mostly(st.sampled_from(("orders", 'a "b"', "é")), st.text("a\0\n\x7fé", max_size=3))
_DATABASES = st.fixed_dictionaries(
    {"host": _HOSTS, "database": _WORDS, "user": _WORDS},
    optional={
        "port": mostly(st.sampled_from((1, 5432, 65535)), st.sampled_from((0, 65536))),
        "passwordSecretRef": _SECRET_KEYS,
        "sslMode": mostly(st.sampled_from(("disable", "verify-full")), st.sampled_from(("prefer", "VERIFY-FULL"))),
    },
)
_ENDS = mostly(
    st.one_of(_DATABASES.map(lambda db: {"postgresql": db}), _SECRET_KEYS.map(lambda key: {"uriSecretRef": key})),
    st.sampled_from(({}, {"uriSecretRef": {"name": "a", "key": "b"}, "postgresql": {"host": "a"}})),
)
TABLES = st.lists(
    st.fixed_dictionaries(
        {"name": _WORDS},
        optional={
            "schema": _WORDS,
            "columns": st.lists(_WORDS, max_size=2),
            "where": st.sampled_from(("id > 1", "true")),
            "publish": st.sampled_from(("All", "Insert")),
        },
    ),
    min_size=1,
    max_size=2,
)
SYNCS = st.fixed_dictionaries(
    {"source": _ENDS, "destination": _ENDS, "tables": TABLES},
    optional={
        "mode": st.sampled_from(("Continuous", "Interval", "Once")),
        "syncInterval": mostly(st.sampled_from(("10s", "1m", "1d2h")), st.sampled_from(("9s", "0d0s", "10", "1s1m"))),
        "maxRetainedWal": mostly(st.sampled_from(("10Gi", "1", "5k")), st.sampled_from(("0", "1.5Gi", "-1", "1E"))),
        "retry": some(limit=st.integers(0, 100), backoff=AGES),
        "promote": st.booleans(),
        "skipTransaction": mostly(st.just("0/AB12"), st.text("0/aG", max_size=4)),
        "resync": st.just("again"),
    },
)
SPECS: dict[type[Model], Strategy] = {
    DataMover: MOVERS,
    DataMoverRun: RUNS,
    DataMoverAccount: ACCOUNTS,
    TableSync: SYNCS,
}


def _places(node: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths to every member and item."""
    members = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for step, member in members:
        yield (*path, step)
        yield from _places(member, (*path, step))


@st.composite
def bent(draw: st.DrawFn, specs: Strategy) -> JsonDict:
    """A spec with one place changed: taken away, given a strange value, or with a stranger beside it."""
    spec: JsonDict = copy.deepcopy(draw(specs))
    *outer, last = draw(st.sampled_from(list(_places(spec))))
    holder: Any = spec
    for step in outer:
        holder = holder[step]
    match draw(st.sampled_from(("remove", "replace", "replace", "stretch", "add"))):
        case "remove":
            del holder[last]
        case "replace":
            holder[last] = draw(st.sampled_from(FAR_VALUES))
        case "stretch" if isinstance(holder[last], str | list):
            holder[last] = holder[last] * draw(st.sampled_from((2, 50, 3000)))
        case _ if isinstance(holder, dict):
            holder[draw(st.sampled_from(("extra", "Name", "spec", "s3_bucket_arn")))] = draw(
                st.sampled_from(FAR_VALUES)
            )
    return spec


def objects(*models: type[Model]) -> st.SearchStrategy[JsonDict]:
    """Objects of the given kinds, of all kinds where none is given."""
    return st.one_of([_objects(model) for model in models or SPECS])


def _objects(model: type[Model]) -> st.SearchStrategy[JsonDict]:
    specs = SPECS[model]
    return st.one_of(specs, specs, bent(specs)).map(lambda spec: obj(model, spec))

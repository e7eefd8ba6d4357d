"""Objects, good and bad by name: for the models alone, and for the API server beside them."""

from __future__ import annotations

from dataclasses import dataclass

from tests.support import hostile
from tests.support.location_cases import CASES as LOCATION_CASES
from tests.support.location_cases.case import KMS, OUTPOST
from tests.support.schedules import BAD as BAD_SCHEDULES
from tests.support.schedules import GOOD as GOOD_SCHEDULES
from tests.support.schedules import said
from tests.support.specs import (
    ACCESS_POINT,
    EVERYTHING_ACCOUNT,
    EVERYTHING_MOVER,
    EVERYTHING_RUN,
    EVERYTHING_SYNC,
    NETWORK,
    OTHER_BUCKET,
    ROLE,
    JsonDict,
    account,
    database,
    efs,
    mover,
    run,
    s3,
    table_sync,
    without,
)


@dataclass(frozen=True)
class Case:
    """A named object; `refused_at` is the path of the field that is wrong, None where all is well."""

    name: str
    obj: JsonDict
    refused_at: str | None = None
    because: str = ""

    def __str__(self) -> str:
        return self.name


def _tags(count: int) -> list[JsonDict]:
    return [{"key": f"k{number}", "value": "v"} for number in range(count)]


def _least(name: str) -> JsonDict:
    """The least location of a type."""
    return {name: next(case.least for case in LOCATION_CASES if case.name == name)}


def _mended(name: str, **changes: object) -> JsonDict:
    return {name: _least(name)[name] | changes}


NFS_HOST, EXPORT, SHARE = (
    "spec.source.nfs.serverHostname",
    "spec.source.nfs.subdirectory",
    "spec.source.smb.subdirectory",
)


def _projects(project: JsonDict) -> JsonDict:
    return {"namespace": "storages", "projects": [{"destination": s3()} | project]}


def _scheduled(expression: str) -> JsonDict:
    return mover(schedule={"scheduleExpression": expression})


def _notified(webhook: JsonDict, **members: object) -> JsonDict:
    return mover(notify=[{"webhook": webhook, "events": ["RunFailed"]} | members])


URL: JsonDict = {"url": "https://hooks.example.com"}
LOCATION = "arn:aws:datasync:eu-central-1:111122223333:location/loc-0123456789abcdef0"
KEY: JsonDict = {"name": "databases", "key": "uri"}
SOURCE = "spec.source.postgresql"
COLUMN = "spec.tables[1].columns[0]"
ONE_DATABASE = "must set exactly one of postgresql and uriSecretRef"

LIST: JsonDict = {"source": {"s3": {"s3BucketArn": "arn:aws:s3:::lists", "manifestObjectPath": "a.csv"}}}
REPORT: JsonDict = {"destination": {"s3": {"s3BucketArn": "arn:aws:s3:::reports"}}}
ERRORS = "ERRORS_ONLY"
FILES = (
    Case("a manifest", mover(manifestConfig=LIST)),
    Case("a manifest of a run", run(manifestConfig=LIST, includes=[])),
    Case(
        "a report of a run", run(taskReportConfig=REPORT | {"overrides": {"deleted": {"reportLevel": "ERRORS_ONLY"}}})
    ),
    Case("a selection", mover(select={"glob": "**/*.csv", "modifiedAfter": "2024-02-29T00:00:00Z"})),
    Case("a selection of a run", run(select={"regex": r"\.(csv|json)$", "minSize": 0, "maxSize": 0})),
    Case("a comparison", run(verify={"compare": True})),
    Case("manifests of an account", account(selections={"s3BucketArn": "arn:aws:s3:::lists"})),
)
BROKEN_FILE_RULES = (
    Case(
        "a regex that is none", run(select={"regex": "a["}), "spec.select.regex", "must be a regular expression in RE2"
    ),
    Case("an empty selection", mover(select={}), "spec.select", "must set at least one of regex, glob"),
    Case("sizes in disorder", run(select={"minSize": 2, "maxSize": 1}), "spec.select.minSize", "not be more than"),
    Case(
        "times in disorder",
        run(select={"modifiedAfter": "2025-01-01T00:00:00Z", "modifiedBefore": "2025-01-01T00:00:00Z"}),
        "spec.select.modifiedAfter",
        "earlier than modifiedBefore",
    ),
    Case("a selection of files", mover(source=efs(), select={"glob": "*"}), "spec.select", "where the source is s3"),
    Case(
        "a selection by schedule",
        mover(select={"glob": "*"}, schedule={"scheduleExpression": "rate(1 hour)"}),
        "spec.schedule",
        "can't be combined with select",
    ),
    Case("two lists", run(select={"glob": "*"}, manifestConfig=LIST), "spec.select", "can't be combined with manifest"),
    Case(
        "a filter beside a manifest", mover(manifestConfig=LIST, excludes=[{"value": "a"}]), "spec.excludes", "combined"
    ),
    Case(
        "a filter beside a selection", run(select={"glob": "*"}, includes=[{"value": "a"}]), "spec.includes", "combined"
    ),
    Case(
        "REMOVE with a selection",
        mover(select={"glob": "*"}, options={"preserveDeletedFiles": "REMOVE"}),
        "spec.options.preserveDeletedFiles",
        "must be PRESERVE with select or manifestConfig",
    ),
    Case(
        "REMOVE with a run's manifest",
        run(manifestConfig=LIST, overrideOptions={"preserveDeletedFiles": "REMOVE"}),
        "spec.overrideOptions.preserveDeletedFiles",
        "must be PRESERVE with select or manifestConfig",
    ),
)
BROKEN_FILE_SHAPES = (
    Case("an empty regex", run(select={"regex": ""}), "spec.select.regex", "at least 1"),
    Case("a size below 0", run(select={"minSize": -1}), "spec.select.minSize", "at least 0"),
    Case("a day alone", run(select={"modifiedAfter": "2025-01-01"}), "spec.select.modifiedAfter", "a time in UTC"),
    Case(
        "a manifest without its key",
        mover(manifestConfig={"source": {"s3": {"s3BucketArn": "arn:aws:s3:::lists"}}}),
        "spec.manifestConfig.source.s3.manifestObjectPath",
        "a value is required",
    ),
    Case("a manifest of lines", mover(manifestConfig=LIST | {"format": "TXT"}), "spec.manifestConfig.format", "'CSV'"),
    Case(
        "a report without a place", mover(taskReportConfig={}), "spec.taskReportConfig.destination", "value is required"
    ),
    Case(
        "a report of all",
        run(taskReportConfig=REPORT | {"outputType": "ALL"}),
        "spec.taskReportConfig.outputType",
        "'SUMMARY_ONLY'",
    ),
    Case("a comparison by text", run(verify={"compare": "yes"}), "spec.verify.compare", "true or false"),
    Case(
        "a prefix without its end",
        account(selections={"s3BucketArn": "arn:aws:s3:::lists", "prefix": "a"}),
        "spec.selections.prefix",
        "such as datamover/",
    ),
    Case("a bucket by its name", account(selections={"s3BucketArn": "lists"}), "spec.selections.s3BucketArn", "an ARN"),
)

GOOD = (
    *FILES,
    Case("the least mover", mover()),
    Case("a mover with everything", EVERYTHING_MOVER),
    Case("the least run", run()),
    Case("a run with everything", EVERYTHING_RUN),
    Case("the least account", account()),
    Case("an account with everything", EVERYTHING_ACCOUNT),
    Case("the least sync", table_sync()),
    Case("a sync with everything", EVERYTHING_SYNC),
    Case("a sync of two URIs", table_sync(source={"uriSecretRef": KEY}, destination={"uriSecretRef": KEY})),
    Case("an interval of 10 s", table_sync(syncInterval="10s")),
    Case("an interval of a minute", table_sync(syncInterval="1m")),
    Case("a host by its IPv6 address", table_sync(source=database("::ffff:10.0.0.1"))),
    Case("a table with a strange name", table_sync(tables=[{"schema": 'A "b"', "name": "; --"}])),
    Case("a name of 63", mover(name="n" * 63)),
    Case("a role by name", mover(source=s3(accessRole={"name": "my_role", "path": "/a/b/"}))),
    Case("a key for a role of the operator's", mover(source=s3(accessRole={"kmsKeyArns": [KMS]}))),
    Case("a key for a role by name", mover(source=s3(accessRole={"name": "r", "path": "/a/", "kmsKeyArns": [KMS]}))),
    Case("S3 to S3", mover(destination=OTHER_BUCKET)),
    Case("a folder beside another", mover(source=s3(subdirectory="/in"), destination=s3(subdirectory="in2"))),
    Case("a backup of a bucket in itself", mover(destination=s3(subdirectory="/old"), allowOverlap=True)),
    Case(
        "another access point of a file system",
        mover(source=efs(accessPointArn=ACCESS_POINT, inTransitEncryption="TLS1_2"), destination=efs()),
    ),
    Case("46 tags", mover(tags=_tags(46))),
    Case("tags that only resemble reserved ones", mover(tags=[{"key": "aws"}, {"key": "datamover.iox"}])),
    Case("no atime, no mtime", mover(options={"atime": "NONE", "mtime": "NONE"})),
    Case("atime alone in ENHANCED", mover(destination=OTHER_BUCKET, taskMode="ENHANCED", options={"atime": "NONE"})),
    Case("REMOVE alone", mover(options={"preserveDeletedFiles": "REMOVE"})),
    Case("ALL with PRESERVE", mover(options={"preserveDeletedFiles": "PRESERVE", "transferMode": "ALL"})),
    Case("TLS without need", mover(destination=efs(inTransitEncryption="TLS1_2"))),
    Case("an include of everything", mover(includes=[{"value": "*"}])),
    Case("a filter as long as AWS takes it", mover(includes=[{"value": "é" * 102_400}])),
    Case("an exclude with stars anywhere", mover(excludes=[{"value": "*a*b|c*d"}])),
    Case("a comma in a name", mover(excludes=[{"value": "/a,b"}])),
    Case("empty lists", mover(tags=[], includes=[], excludes=[])),
    Case("nulls for what is optional", mover(tags=None, options=None, suspend=None, runHistory=None, includes=None)),
    Case("nulls within options", mover(options={"verifyMode": None, "bytesPerSecond": None})),
    Case("an interval alone", mover(trigger={"interval": "10s"})),
    Case("a webhook at an IPv6 address", _notified({"url": "http://[fd12::1]:8080/a"})),
    Case("a webhook with a URL in a Secret", _notified({"urlSecretRef": KEY})),
    Case("a retry with nothing said", mover(retry={})),
    Case("time limits with nothing said", mover(timeouts={})),
    Case("a whole float", mover(runHistory={"limit": 7.0})),
    Case("the largest integer", mover(options={"bytesPerSecond": 2**63 - 1})),
    Case("no history", mover(runHistory={"limit": 0})),
    *(Case(f"schedule {expression!r}", _scheduled(expression)) for expression in GOOD_SCHEDULES),
    Case("folders with dots", mover(source=s3(subdirectory="/.a/b../...c./"))),
    Case("the root", mover(source=s3(subdirectory="/"), destination=efs(subdirectory=""))),
    Case("a non-breaking space in a folder", mover(source=s3(subdirectory="/a\u00a0b/"))),
    Case("a mover reference by name only", run(overrideOptions={})),
    Case("runs of movers in ENHANCED may have one time", run(overrideOptions={"mtime": "NONE"})),
    Case("a grant for an access point", account(grants=[{"namespaces": ["*"], "locations": ["s3://*", ACCESS_POINT]}])),
    Case("facades in REST's namespace", account(rest={"namespace": "rest"}, labelStudio={}, syncApi={})),
    Case("a region with three parts", account(region="us-gov-west-1")),
    Case("an existing location", mover(source={"existingLocationArn": LOCATION})),
    Case(
        "an existing location and a share", mover(source={"existingLocationArn": LOCATION}, destination=_least("smb"))
    ),
    Case(
        "an existing location in ENHANCED",
        mover(source={"existingLocationArn": LOCATION}, destination=_least("nfs"), taskMode="ENHANCED"),
    ),
    Case(
        "NFS 4.2 in ENHANCED",
        mover(source=_mended("nfs", mountOptions={"version": "NFS4_2"}), destination=s3(), taskMode="ENHANCED"),
    ),
    Case("NFS 4.2 in a mode that is not said", mover(source=_mended("nfs", mountOptions={"version": "NFS4_2"}))),
    Case("Azure by an agent in BASIC", mover(source=_mended("azureBlob", agents=["a"]), taskMode="BASIC")),
    Case("Azure without agents in a mode that is not said", mover(source=_least("azureBlob"))),
    Case("NFS to S3 in ENHANCED", mover(source=_least("nfs"), destination=s3(), taskMode="ENHANCED")),
    Case("S3 to Azure in ENHANCED", mover(source=s3(), destination=_least("azureBlob"), taskMode="ENHANCED")),
    *(
        Case(f"the least {case}", mover(source={case.name: case.least}, destination=OTHER_BUCKET))
        for case in LOCATION_CASES
    ),
    *(
        Case(f"{case} with everything", mover(source=OTHER_BUCKET, destination={case.name: case.full}))
        for case in LOCATION_CASES
    ),
)

ONE_KIND = "must set exactly one type of location: s3, efs, "
TLS = "must be TLS1_2 where accessPointArn or fileSystemAccessRoleArn is set"
TIMES = "atime and mtime must go together unless taskMode is ENHANCED"
STARS = "with * only as the last character of a pattern"
KEYS = "must start neither with aws:"

APART = "must not be the same place, nor one a folder in the other"
NESTED = (
    *(
        Case(
            f"{name} to itself",
            mover(source=_least(name), destination=_least(name)),
            f"spec.destination.{name}",
            APART,
        )
        for name in ("s3", "efs", "fsxLustre", "fsxOntap", "fsxOpenZfs", "fsxWindows")
    ),
    *(
        Case(f"{source!r} to {to!r}", mover(source=s3(**source), destination=s3(**to)), "spec.destination.s3", APART)
        for source, to in (
            ({}, {"subdirectory": "/"}),
            ({"subdirectory": "/in/"}, {"subdirectory": "in"}),
            ({}, {"subdirectory": "/old"}),
            ({"subdirectory": "in/2024"}, {"subdirectory": "/in"}),
        )
    ),
    Case(
        "an existing location to itself",
        mover(source={"existingLocationArn": LOCATION}, destination={"existingLocationArn": LOCATION}),
        "spec.destination.existingLocationArn",
        APART,
    ),
)
BROKEN_RULES = (
    *NESTED,
    Case("no namespace for storages", account(labelStudio={}), "spec.labelStudio", "must set namespace"),
    Case("no namespace for syncs", account(syncApi={}), "spec.syncApi", "must set namespace"),
    Case(
        "a time zone of a rate",
        mover(schedule={"scheduleExpression": "rate(1 day)", "timeZone": "Europe/Berlin"}),
        "spec.schedule.timeZone",
        "can be set only with cron",
    ),
    Case("a webhook nowhere", _notified({}), "spec.notify[0].webhook", "must set exactly one of url and urlSecretRef"),
    Case(
        "a webhook with a password",
        _notified({"url": "https://u:p@example.com/"}),
        "spec.notify[0].webhook.url",
        "must not hold a user or a password",
    ),
    *BROKEN_FILE_RULES,
    Case("an interval of 9 s", mover(trigger={"interval": "9s"}), "spec.trigger.interval", "must be at least 10s"),
    Case("a trigger of nothing", mover(trigger={}), "spec.trigger", "must set manual, interval or both"),
    *(
        Case(
            f"timeouts.{name} of {text}", mover(timeouts={name: text}), f"spec.timeouts.{name}", "must be at least 10s"
        )
        for text in ("9s", "0d00h0m01s")
        for name in ("launching", "noProgress", "total")
    ),
    Case("a sync without a source", table_sync(source={}), "spec.source", ONE_DATABASE),
    Case(
        "a sync with two destinations",
        table_sync(destination=database("a") | {"uriSecretRef": KEY}),
        "spec.destination",
        ONE_DATABASE,
    ),
    *(
        Case(f"an interval of {text}", table_sync(syncInterval=text), "spec.syncInterval", "must be at least 10s")
        for text in ("9s", "0m", "00d00h0m007s")
    ),
    Case("a promotion of Once", table_sync(mode="Once", promote=True), "spec.promote", "can't be set where mode is"),
    *(
        Case(f"{case}: {because}", mover(source={case.name: broken}), f"spec.source.{case.name}{field}", because)
        for case in LOCATION_CASES
        for field, because, broken in case.broken
    ),
    *(
        Case(
            f"{case} at {path}",
            mover(source={case.name: case.least | {"subdirectory": path}}),
            f"spec.source.{case.name}.subdirectory",
            "must be a path without empty folder names (//), . and ..",
        )
        for case in LOCATION_CASES
        for path in (
            "/fsx//a",
            "/fsx/../a",
            *(("//", "//a", "a//", "/./a", "a/.", "..", "/a/..") if case.name == "s3" else ()),
        )
    ),
    Case(
        "nothing in AWS",
        mover(source=_least("nfs"), destination=_least("smb")),
        "spec.destination",
        "must be in AWS where the source is not",
    ),
    Case(
        "a file system in ENHANCED",
        mover(taskMode="ENHANCED"),
        "spec.taskMode",
        "must be BASIC, unless one location is s3 and the other one of s3, nfs, smb, objectStorage, azureBlob",
    ),
    Case(
        "S3 on Outposts in ENHANCED",
        mover(source={"s3": {"s3BucketArn": OUTPOST, "agents": ["a"]}}, destination=OTHER_BUCKET, taskMode="ENHANCED"),
        "spec.taskMode",
        "must be BASIC where s3 is on Outposts",
    ),
    Case(
        "S3 on Outposts to a file system",
        mover(source={"s3": {"s3BucketArn": OUTPOST, "agents": ["a"]}}),
        "spec.destination",
        "no file system in AWS transfers to or from an Outpost",
    ),
    Case(
        "a file system to S3 on Outposts",
        mover(source=efs(), destination={"s3": {"s3BucketArn": OUTPOST, "agents": ["a"]}}),
        "spec.destination",
        "no file system in AWS transfers to or from an Outpost",
    ),
    Case(
        "NFS 4.2 in BASIC",
        mover(source=_mended("nfs", mountOptions={"version": "NFS4_2"}), taskMode="BASIC"),
        "spec.taskMode",
        "must be ENHANCED, unless nfs.mountOptions.version is another than NFS4_2",
    ),
    *(
        Case(
            f"{name} {agents} in {mode}",
            mover(source=source, destination=destination, taskMode=mode),
            "spec.taskMode",
            f"must be {other}, unless {name} {names}",
        )
        for name in ("objectStorage", "azureBlob")
        for agents, given, mode, other, names in (
            ("without agents", {"agentArns": []}, "BASIC", "ENHANCED", "names an agent"),
            ("with an agent", {"agents": ["a"]}, "ENHANCED", "BASIC", "names no agent"),
        )
        for source, destination in (
            (_mended(name, **given), OTHER_BUCKET),
            (OTHER_BUCKET, _mended(name, **given)),
        )
    ),
    Case(
        "two file servers' kinds in ENHANCED",
        mover(source=_least("nfs"), taskMode="ENHANCED"),
        "spec.taskMode",
        "must be BASIC",
    ),
    Case("a name of 64", mover(name="n" * 64), "metadata.name", "a name must have at most 63 characters"),
    Case(
        "an existing location beside a bucket",
        mover(source=s3() | {"existingLocationArn": LOCATION}),
        "spec.source",
        ONE_KIND,
    ),
    Case(
        "an existing location and a file system in ENHANCED",
        mover(source={"existingLocationArn": LOCATION}, taskMode="ENHANCED"),
        "spec.taskMode",
        "must be BASIC",
    ),
    Case("no location", mover(source={}), "spec.source", ONE_KIND),
    Case("two locations", mover(destination=s3() | efs()), "spec.destination", ONE_KIND),
    Case(
        "a role without arn and name",
        mover(source=s3(accessRole={})),
        "spec.source.s3.accessRole",
        "must set either arn, an existing role, or name, the role to create",
    ),
    Case(
        "a role with arn and name",
        mover(source=s3(accessRole={"arn": ROLE, "name": "n"})),
        "spec.source.s3.accessRole",
        "must set either arn, an existing role, or name, the role to create",
    ),
    Case(
        "a role with arn and key",
        mover(source=s3(accessRole={"arn": ROLE, "kmsKeyArns": [KMS]})),
        "spec.source.s3.accessRole.kmsKeyArns",
        "can't be set with arn",
    ),
    Case(
        "a role without any key",
        mover(source=s3(accessRole={"kmsKeyArns": []})),
        "spec.source.s3.accessRole",
        "must set either arn, an existing role, or name, the role to create",
    ),
    Case(
        "a role with arn and path",
        mover(source=s3(accessRole={"arn": ROLE, "path": "/p/"})),
        "spec.source.s3.accessRole.path",
        "can be set only with name",
    ),
    Case(
        "an access point without TLS",
        mover(destination=efs(accessPointArn=ACCESS_POINT)),
        "spec.destination.efs.inTransitEncryption",
        TLS,
    ),
    Case(
        "a file system role with TLS off",
        mover(source=efs(fileSystemAccessRoleArn=ROLE, inTransitEncryption="NONE")),
        "spec.source.efs.inTransitEncryption",
        TLS,
    ),
    Case(
        "REMOVE with ALL",
        mover(options={"preserveDeletedFiles": "REMOVE", "transferMode": "ALL"}),
        "spec.options.preserveDeletedFiles",
        "must be PRESERVE where transferMode is ALL",
    ),
    Case(
        "REMOVE with ALL in a run",
        run(overrideOptions={"preserveDeletedFiles": "REMOVE", "transferMode": "ALL"}),
        "spec.overrideOptions.preserveDeletedFiles",
        "must be PRESERVE where transferMode is ALL",
    ),
    Case(
        "atime without mtime",
        mover(options={"atime": "BEST_EFFORT", "mtime": "NONE"}),
        "spec.options",
        TIMES,
    ),
    Case("mtime without atime", mover(options={"atime": "NONE"}, taskMode="BASIC"), "spec.options", TIMES),
    Case("two includes", mover(includes=[{"value": "a"}, {"value": "b"}]), "spec.includes", "join the patterns with |"),
    Case("two excludes", run(excludes=[{"value": "a"}, {"value": "b"}]), "spec.excludes", "join the patterns with |"),
    Case("includes with a comma", mover(includes=[{"value": "/a,/b"}]), "spec.includes", "separated by commas"),
    Case("excludes with a comma", run(excludes=[{"value": "/a,/b"}]), "spec.excludes", "separated by commas"),
    Case(
        "a mode that can't verify everything",
        mover(taskMode="ENHANCED", options={"verifyMode": "POINT_IN_TIME_CONSISTENT"}),
        "spec.options.verifyMode",
        "where taskMode is ENHANCED",
    ),
    Case(
        "an ARN for a location's URI",
        account(grants=[{"namespaces": ["*"], "locations": ["s3://a/*", "arn:aws:s3:::b"]}]),
        "spec.grants[0].locations",
        "an ARN never matches",
    ),
    Case("a star within an include", mover(includes=[{"value": "*.txt"}]), "spec.includes", STARS),
    Case("a star within a later include", mover(includes=[{"value": "/a*|/b*c"}]), "spec.includes", STARS),
    Case("two stars at the end of an include", mover(includes=[{"value": "/a**"}]), "spec.includes", STARS),
    Case("a star and a new line", mover(includes=[{"value": "/a*\n"}]), "spec.includes", STARS),
    Case("a star within a run's include", run(includes=[{"value": "*a"}]), "spec.includes", STARS),
    *(
        Case(f"schedule {expression!r}", _scheduled(expression), "spec.schedule.scheduleExpression", said(*parts))
        for expression, parts in BAD_SCHEDULES
    ),
    *(
        Case(f"tag {key!r}", mover(tags=[{"key": "a"}, {"key": key}]), "spec.tags[1].key", KEYS)
        for key in ("aws:x", "Aws:x", "datamover.io/uid")
    ),
)

BROKEN_SHAPES = (
    *BROKEN_FILE_SHAPES,
    *(
        Case(f"host {host!r}", table_sync(source=database(host)), "spec.source.postgresql.host", "such as db.example")
        for host in ("/var/run/postgresql", "a,b", "a b", "[::1]", "a/b", "host=x", "a\n", "-a", "a:b@c", "\u00e4")
    ),
    Case("no host", table_sync(source=database("")), "spec.source.postgresql.host", "at least 1"),
    Case("port 0", table_sync(source=database("a", port=0)), "spec.source.postgresql.port", "at least 1"),
    Case(
        "sslMode prefer", table_sync(source=database("a", sslMode="prefer")), "spec.source.postgresql.sslMode", "verify"
    ),
    Case(
        "a certificate that is no path",
        table_sync(source=database("a", reachedFromDestination={"sslRootCert": "a b"})),
        "spec.source.postgresql.reachedFromDestination.sslRootCert",
        "such as /etc/ssl/ca.pem",
    ),
    Case(
        "a database with NUL", table_sync(source=database("a", database="a\0")), f"{SOURCE}.database", "no line breaks"
    ),
    Case("no tables", table_sync(tables=[]), "spec.tables", "at least 1"),
    Case(
        "a table by its name alone", table_sync(tables=[{"name": "a"}, "orders"]), "spec.tables[1]", "must be an object"
    ),
    Case(
        "a table without a name",
        table_sync(tables=[{"name": "a"}, {"schema": "a"}]),
        "spec.tables[1].name",
        "is required",
    ),
    Case(
        "a column of 64", table_sync(tables=[{"name": "a"}, {"name": "b", "columns": ["x" * 64]}]), COLUMN, "at most 63"
    ),
    Case("10 GB for a quantity", table_sync(maxRetainedWal="10GB"), "spec.maxRetainedWal", "such as 10Gi"),
    Case("no quantity", table_sync(maxRetainedWal="0"), "spec.maxRetainedWal", "such as 10Gi"),
    Case("a position in decimal", table_sync(skipTransaction="123"), "spec.skipTransaction", "such as 0/14C0378"),
    Case(
        "a Secret by its name alone",
        table_sync(source={"uriSecretRef": {"name": "a"}}),
        "spec.source.uriSecretRef.key",
        "is required",
    ),
    Case(
        "a key of a Secret with a blank",
        table_sync(source={"uriSecretRef": {"name": "a", "key": "a b"}}),
        "spec.source.uriSecretRef.key",
        "must be a key in a Secret",
    ),
    Case("no account", without(mover(), "accountRef"), "spec.accountRef", "a value is required"),
    Case("a null account", mover(accountRef=None), "spec.accountRef", "a value is required"),
    Case("no source", without(mover(), "source"), "spec.source", "a value is required"),
    Case("an unknown field", mover(sauce=s3()), "spec.sauce", "unknown field"),
    Case("an unknown field that is null", mover(sauce=None), "spec.sauce", "unknown field"),
    Case("a field by its Python name", mover(task_mode="BASIC"), "spec.task_mode", "unknown field"),
    Case("an unknown option", mover(options={"verify": "NONE"}), "spec.options.verify", "unknown field"),
    Case("an unknown value", mover(options={"uid": "int_value"}), "spec.options.uid", "'INT_VALUE'"),
    Case("an unknown task mode", mover(taskMode="FAST"), "spec.taskMode", "'BASIC' or 'ENHANCED'"),
    Case("a number for a text", mover(accountRef={"name": 5}), "spec.accountRef.name", "be a string"),
    Case("a text for a number", mover(runHistory={"limit": "5"}), "spec.runHistory.limit", "a whole number"),
    Case("a text for a switch", mover(suspend="true"), "spec.suspend", "true or false"),
    Case(
        "a switch for a number", mover(options={"bytesPerSecond": True}), "spec.options.bytesPerSecond", "whole number"
    ),
    Case("a fraction", mover(options={"bytesPerSecond": 0.5}), "spec.options.bytesPerSecond", "whole number"),
    Case("a Region by its name", account(region="Frankfurt"), "spec.region", "such as eu-central-1"),
    Case("a log group by its name", mover(cloudWatchLogGroupArn="/aws/x"), "spec.cloudWatchLogGroupArn", "an ARN"),
    Case("a task by its id", mover(adopt={"taskArn": "task-0123"}), "spec.adopt.taskArn", "an ARN"),
    Case("a role to assume by its name", account(assumeRole={"arn": "my-role"}), "spec.assumeRole.arn", "an ARN"),
    Case("a host with a scheme", mover(source=_mended("nfs", serverHostname="nfs://nas")), NFS_HOST, "alone, such as"),
    Case("a share with backslashes", mover(source=_mended("smb", subdirectory="a\\b")), SHARE, "forward slashes"),
    Case("an export with a new line", mover(source=_mended("nfs", subdirectory="/a\n")), EXPORT, "such as /export"),
    Case("less than -1", mover(options={"bytesPerSecond": -2}), "spec.options.bytesPerSecond", "-1"),
    Case(
        "beyond int64",
        mover(options={"bytesPerSecond": 2**63}),
        "spec.options.bytesPerSecond",
        "at most 9223372036854775807",
    ),
    Case(
        "a limit with a point", mover(options={"bytesPerSecond": 5.0}), "spec.options.bytesPerSecond", "a whole number"
    ),
    *(
        Case("no bytes a second", sample, f"spec.{field}", "or -1 for no limit")
        for sample, field in (
            (mover(options={"bytesPerSecond": 0}), "options.bytesPerSecond"),
            (run(overrideOptions={"bytesPerSecond": 0}), "overrideOptions.bytesPerSecond"),
            (run(bytesPerSecond=0), "bytesPerSecond"),
        )
    ),
    Case("a long history", mover(runHistory={"limit": 501}), "spec.runHistory.limit", "500"),
    Case("an age in weeks", mover(runHistory={"maxAge": "3w"}), "spec.runHistory.maxAge", "such as 30d"),
    Case("an age in Arabic digits", mover(runHistory={"maxAge": "\u0663d"}), "spec.runHistory.maxAge", "such as 30d"),
    Case("47 tags", mover(tags=_tags(47)), "spec.tags", "at most 46"),
    Case("a tag twice", mover(tags=[{"key": "a", "value": "1"}, {"key": "a"}]), "spec.tags", "it must be unique"),
    Case("a tag with a character AWS refuses", mover(tags=[{"key": "a@b"}]), "spec.tags[0].key", "the key of a tag"),
    Case("a tag with a long value", mover(tags=[{"key": "a", "value": "x" * 257}]), "spec.tags[0].value", "256"),
    Case("a list for an object", mover(source=[]), "spec.source", "an object"),
    Case("an object for a list", mover(tags={"a": "b"}), "spec.tags", "a list"),
    Case("a null in a list", mover(tags=[None]), "spec.tags[0]", "an object"),
    Case("three includes", mover(includes=[{"value": "a"}] * 3), "spec.includes", "at most 2"),
    Case(
        "a bucket's name for its ARN",
        mover(source=s3(s3BucketArn="my-bucket")),
        "spec.source.s3.s3BucketArn",
        "must be an ARN",
    ),
    Case("an empty filter", mover(excludes=[{"value": ""}]), "spec.excludes[0].value", "at least 1"),
    Case("a filter with NUL", mover(excludes=[{"value": "a\0"}]), "spec.excludes[0].value", "a NUL"),
    Case("a filter too long", mover(excludes=[{"value": "é" * 102_401}]), "spec.excludes[0].value", "102400"),
    Case("not an ARN", mover(source=s3(s3BucketArn="s3://b")), "spec.source.s3.s3BucketArn", "an ARN"),
    Case(
        "a folder with a question mark", mover(source=s3(subdirectory="/a?")), "spec.source.s3.subdirectory", "a folder"
    ),
    Case(
        "no security group",
        mover(destination=efs(ec2Config=NETWORK | {"securityGroupArns": []})),
        "spec.destination.efs.ec2Config.securityGroupArns",
        "at least 1",
    ),
    Case("a schedule without a time", mover(schedule={}), "spec.schedule.scheduleExpression", "a value is required"),
    Case(
        "a queue by its ARN",
        account(events={"queueUrl": "arn:aws:sqs:a:1:b"}),
        "spec.events.queueUrl",
        "the URL of an SQS queue",
    ),
    Case("a webhook by FTP", _notified({"url": "ftp://example.com"}), "spec.notify[0].webhook.url", "http or https"),
    Case(
        "a webhook with a line break",
        _notified({"url": "https://a\n.b/"}),
        "spec.notify[0].webhook.url",
        "http or https",
    ),
    Case(
        "an event that there is not",
        _notified(URL, events=["RunFailed", "RunStarted"]),
        "spec.notify[0].events[1]",
        "RunFailed",
    ),
    Case("no event", _notified(URL, events=[]), "spec.notify[0].events", "at least 1"),
    Case(
        "an event of a run for a sync",
        table_sync(notify=[{"webhook": URL, "events": ["TableSyncReady", "RunFailed"]}]),
        "spec.notify[0].events[1]",
        "'TableSyncReady'",
    ),
    Case("an endless wait", _notified(URL, timeoutSeconds=301), "spec.notify[0].timeoutSeconds", "at most 300"),
    Case("endless retries", _notified(URL, retries=21), "spec.notify[0].retries", "at most 20"),
    Case(
        "a time zone with a path",
        mover(schedule={"scheduleExpression": "cron(0 4 * * ? *)", "timeZone": "../x"}),
        "spec.schedule.timeZone",
        "such as Europe/Berlin",
    ),
    Case("a policy of another kind", mover(concurrencyPolicy="Allow"), "spec.concurrencyPolicy", "'Forbid', 'Queue'"),
    Case("a retry too often", mover(retry={"limit": 21}), "spec.retry.limit", "at most 20"),
    Case("a retry of nothing", mover(retry={"on": []}), "spec.retry.on", "at least 1"),
    Case(
        "a retry of everything",
        mover(retry={"on": ["Failed", "Succeeded"]}),
        "spec.retry.on[1]",
        "VerificationMismatch",
    ),
    Case(
        "a delay of words", mover(retry={"backoff": {"initial": "soon"}}), "spec.retry.backoff.initial", "such as 30d"
    ),
    Case("a factor of 0", mover(retry={"backoff": {"factor": 0}}), "spec.retry.backoff.factor", "at least 1"),
    Case("an action of another kind", mover(timeouts={"action": "Kill"}), "spec.timeouts.action", "'Report' or"),
    Case("a time to live in weeks", mover(ttlAfterFinished="1w"), "spec.ttlAfterFinished", "such as 30d"),
    Case("a retry of no run", run(retryOf={"attempt": 1}), "spec.retryOf.name", "required"),
    Case("a retry number 0", run(retryOf={"name": "a", "attempt": 0}), "spec.retryOf.attempt", "at least 1"),
    Case("an empty token", mover(trigger={"manual": ""}), "spec.trigger.manual", "at least 1"),
    Case("an unknown location", mover(source={"ftp": {}}), "spec.source.ftp", "unknown field"),
    Case("a run of nothing", without(run(), "moverRef"), "spec.moverRef", "a value is required"),
    Case("a run by a name's text", run(moverRef="sample"), "spec.moverRef", "an object"),
    Case("an account id too short", account(accountId="11112222333"), "spec.accountId", "12"),
    Case("an account id as a number", account(accountId=111122223333), "spec.accountId", "be a string"),
    Case("an account id in Arabic digits", account(accountId="\u0661" * 12), "spec.accountId", "12 digits"),
    Case("a zone for a region", account(region="eu-central-1a"), "spec.region", "must be the code of an AWS Region"),
    Case("a grant by mistake", account(grants=[{"namespace": ["*"]}]), "spec.grants[0].namespace", "unknown field"),
    Case(
        "a path without its end", account(accessRoles={"path": "/a"}), "spec.accessRoles.path", "begins and ends with /"
    ),
    Case(
        "a project without an id", account(labelStudio=_projects({})), "spec.labelStudio.projects[0].id", "a value is"
    ),
    Case("a project 0", account(labelStudio=_projects({"id": 0})), "spec.labelStudio.projects[0].id", "at least 1"),
    Case("no spec", {k: v for k, v in mover().items() if k != "spec"}, "spec", "a value is required"),
)


def _naming(name: str) -> tuple[tuple[str, JsonDict], ...]:
    """Every place in a spec that names a Kubernetes object, with an object that names this one there."""
    return (
        ("spec.moverRef.name", run(moverRef={"name": name})),
        ("spec.accountRef.name", mover(accountRef={"name": name})),
        ("spec.credentialsSecretRef.name", account(credentialsSecretRef={"name": name})),
        ("spec.rest.namespace", account(rest={"namespace": name})),
        (
            "spec.source.postgresql.passwordSecretRef.name",
            table_sync(source=database("old", passwordSecretRef={"name": name, "key": "password"})),
        ),
        ("spec.source.uriSecretRef.name", table_sync(source={"uriSecretRef": KEY | {"name": name}})),
        (f"{SOURCE}.passwordSecretRef.name", table_sync(source=database("a", passwordSecretRef=KEY | {"name": name}))),
        (f"{SOURCE}.caSecretRef.name", table_sync(source=database("a", caSecretRef=KEY | {"name": name}))),
    )


HOSTILE_NAMES = tuple(
    Case(f"{path} {name!r}", obj, path, "must ") for name in hostile.NAMES for path, obj in _naming(name)
)
LONG_NAMES = tuple(
    Case(f"{path} of {len(name)}", obj, path, "must have at most")
    for name in ("a" * 64, hostile.TOO_LONG)
    for path, obj in _naming(name)
    if len(name) > 253 or path in {"spec.moverRef.name", "spec.rest.namespace"}
)
BAD = BROKEN_RULES + BROKEN_SHAPES + HOSTILE_NAMES + LONG_NAMES
CASES = GOOD + BAD

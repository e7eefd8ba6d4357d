"""Finds the legacy movers of an account by their tags, and writes a DataMover for each that can be adopted."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Mapping, Sequence

from datamover_common import logs
from datamover_common.kube.client import KubeClient
from datamover_common.kube.errors import KubeError
from datamover_common.kube.listing import list_objects
from datamover_crds import DataMoverAccount, InvalidObject, JsonObject, location_type_of, parse
from datamover_crds.contract import serving_account
from datamover_crds.legacy import FIXED_TAGS
from datamover_operator.accounts.gather import access_to
from datamover_operator.accounts.kind import ACCOUNT
from datamover_operator.aws.failure import AwsError, FailureKind
from datamover_operator.aws.ports import Aws
from datamover_operator.aws.sessions import BotoAccounts
from datamover_operator.importing.target import Rehearsal, Target
from datamover_operator.importing.translation import LegacyMover, NotAdoptableError, adopting_mover, is_legacy
from datamover_operator.kube.secrets import UnusableSecretError
from datamover_operator.movers.plan.names import SIDES
from datamover_operator.process.metrics import Metrics
from datamover_operator.process.settings import Settings

_WRONG_USE = 2
_REFUSALS = range(400, 500)
_UNCHANGED, _SKIPPED, _REFUSED = "unchanged", "skipped", "refused"


def parser() -> argparse.ArgumentParser:
    """The command's own arguments; DATAMOVER_* and KUBECONFIG say how AWS and Kubernetes are reached."""
    made = argparse.ArgumentParser(
        prog="datamover-operator import",
        description="Write a DataMover for each mover that the older REST service made; each adopts its task,"
        " locations and roles. Nothing in AWS is changed but owner tags (by the operator). Twice changes nothing.",
    )
    made.add_argument("--account", required=True, help="the AWS account id, or the name of its DataMoverAccount")
    made.add_argument("--group", help="only this group")
    made.add_argument("--dry-run", action="store_true", help="say what would be written, and write nothing")
    return made


def run(argv: Sequence[str], settings: Settings) -> int:
    """Import, and return the exit status: 0 also where some movers can't be adopted, 1 where a write was refused."""
    arguments = parser().parse_args(argv)
    logs.configure("console", "warning")
    try:
        return asyncio.run(_run(arguments, settings))
    except (AwsError, KubeError, UnusableSecretError) as error:
        _say(f"{error}")
        return 1


async def _run(arguments: argparse.Namespace, settings: Settings) -> int:
    client = await KubeClient.from_environment()
    accounts = BotoAccounts(settings.limits, Metrics())
    try:
        account = await _account(client, arguments.account)
        if account is None or account.spec.rest is None:
            _say(f"no DataMoverAccount with a spec.rest section is, or has the accountId, '{arguments.account}'")
            return _WRONG_USE
        access = await access_to(account, client, settings.operator_namespace)
        found = await find(accounts.connect(access), account, arguments.group)
        if not found:
            org = account.spec.org or "any"
            _say(f"no movers of the older service found (org: {org}, region: {account.spec.region})")
        target = (Rehearsal if arguments.dry_run else Target)(client, account.spec.rest.namespace)
        return await _import_all(target, found, account)
    finally:
        await accounts.close()
        await client.close()


async def _import_all(target: Target, found: Sequence[LegacyMover], account: DataMoverAccount) -> int:
    """Import one after the other; what the API server refuses is listed. Raises KubeError where it does not answer."""
    counted: Counter[str] = Counter()
    for legacy in found:
        try:
            verdict, told = await _import(target, legacy, account)
        except KubeError as error:
            if error.status not in _REFUSALS:
                raise
            verdict, told = _REFUSED, f": {error}"
        counted[verdict] += 1
        _say(f"{verdict:<9} {legacy.group}/{legacy.name} ({legacy.arn}){told}")
    if found:
        totals = ", ".join(f"{number} {verdict}" for verdict, number in counted.items())
        _say(f"{len(found)} found: {totals}; see: kubectl get dm -n {target.namespace}")
    return 1 if counted[_REFUSED] else 0


async def find(aws: Aws, account: DataMoverAccount, group: str | None) -> list[LegacyMover]:
    """All legacy movers of the account, or of one group, by name. Raises AwsError."""
    shown = await aws.tagging.find(FIXED_TAGS)
    arns = [arn for arn, tags in shown.items() if ":task/" in arn and is_legacy(tags, account.spec.org, group)]
    listed = await aws.datasync.list_locations() if arns else []
    locations = {str(each["locationArn"]): each for each in listed}
    found = await asyncio.gather(*(_describe(aws, arn, locations) for arn in arns))
    return sorted((each for each in found if each is not None), key=lambda each: (each.group, each.name, each.arn))


async def _describe(aws: Aws, arn: str, listed: Mapping[str, JsonObject]) -> LegacyMover | None:
    """One mover; None where the tagging API still shows what is gone."""
    try:
        task, tags = await asyncio.gather(aws.datasync.describe_task(arn), aws.datasync.list_tags(arn))
    except AwsError as error:
        if error.failure.kind is FailureKind.NOT_FOUND:
            return None
        raise
    arns = {side: str(task[f"{side}LocationArn"]) for side in SIDES}
    return LegacyMover(task, tags, {side: await _location(aws, listed.get(arns[side], {})) for side in SIDES})


async def _location(aws: Aws, listed: JsonObject) -> JsonObject:
    kind = location_type_of(listed)
    if kind is None:
        return listed
    try:
        return await aws.datasync.describe_location(kind.type_name(), str(listed["locationArn"]))
    except AwsError as error:
        if error.failure.kind is FailureKind.NOT_FOUND:
            return {}  # it was deleted after it was listed
        raise


async def _account(client: KubeClient, wanted: str) -> DataMoverAccount | None:
    accounts = []
    async for raw in list_objects(client, ACCOUNT.collections(())):
        try:
            accounts.append(parse(DataMoverAccount, raw))
        except InvalidObject as problem:
            _say(f"skipped: {problem}")
    ids = {each.spec.account_id for each in accounts if wanted in {each.metadata.name, each.spec.account_id}}
    serving = (serving_account(accounts, account_id) for account_id in sorted(ids))
    return next((each for each in serving if each is not None), None)


async def _import(target: Target, legacy: LegacyMover, account: DataMoverAccount) -> tuple[str, str]:
    """Return the outcome in one word, and details. Raises KubeError."""
    try:
        mover, other_name = adopting_mover(legacy, account)
    except NotAdoptableError as reason:
        return _SKIPPED, f": {reason}"
    metadata = mover["metadata"]
    assert isinstance(metadata, dict)  # noqa: S101 - adopting_mover has just made it
    found = [(name, await target.get(name)) for name in (str(metadata["name"]), other_name)]
    same = [name for name, there in found if there is not None and _adopts(there, legacy.arn)]
    free = [name for name, there in found if there is None]
    if same:
        return _UNCHANGED, f": is {target.namespace}/{same[0]} already"
    if legacy.manager is not None:
        return _SKIPPED, f": is managed by {legacy.manager} already"
    if not free:
        return _SKIPPED, ": other movers have its names"
    metadata["name"] = free[0]
    await target.create(mover)
    return target.done, f" as {target.namespace}/{free[0]}"


def _adopts(mover: JsonObject, arn: str) -> bool:
    spec = mover.get("spec")
    adopt = spec.get("adopt") if isinstance(spec, dict) else None
    return isinstance(adopt, dict) and adopt.get("taskArn") == arn


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")

"""The demo's story, from an empty machine to compared files."""

from __future__ import annotations

import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from datamover_dev.console import LiveLine
from datamover_dev.controlplane.cluster import ControlPlane
from datamover_dev.demo.buckets import Bucket
from datamover_dev.demo.by_rest import Rest, require_curl
from datamover_dev.demo.by_sync import SyncApi
from datamover_dev.demo.compare import compare, wrong_counters
from datamover_dev.demo.library import Digests, digest, digests_of, folders_of, library_files
from datamover_dev.demo.tables import show_tables
from datamover_dev.demo.watch import Run, watch_runs
from datamover_dev.errors import SetupError
from datamover_dev.node.cluster import NAMESPACE, RELEASE, TRY_OUT, Cluster, EmulatorPod, Forwarded
from datamover_dev.paths import SAMPLES
from datamover_dev.stack.environment import ACCOUNT_ID, REGION
from datamover_dev.stack.services import REST_ACCOUNT, Stack

# The names in the sample manifests.
SOURCE, COPY, PREFIX = "demo-source", "demo-copy", "library/"
FILE_SYSTEM = "fs-0123456789abcdef0"
TO_EFS, TO_S3, BY_REST = "library-to-efs", "library-to-s3", "json-by-rest"
BY_SYNC = "by-sync/"
PART = "json/"
"""The part of the library that is moved by REST."""
LEFT_OUT = ("test/*", "idlelib/*", "*.txt")
"""The sample's exclude `/test|/idlelib|*.txt`, as file name patterns."""

LIVELY = {"DATAMOVER_RUN_POLL_INTERVAL_SECONDS": "0.5", "DATAMOVER_RUN_STATUS_PACE_SECONDS": "0.5"}
"""Our transfers take seconds, not hours, so progress is looked at more often."""

LIVELY_VALUES = {"runPollIntervalSeconds": 0.5, "runStatusPaceSeconds": 0.5}
"""The same, as the chart calls them."""

REST_KEYS = "rest-keys"
REST_NAMESPACE = "rest"
"""The Secret with the REST service's key, where that is in a pod."""

READY_TIMEOUT = 120
RUNS_TIMEOUT = 600.0


@dataclass(frozen=True)
class Stage:
    """Where the story is played: a Kubernetes API, the REST service, and what leads to the emulator."""

    control_plane: ControlPlane
    rest: Rest
    variables: Mapping[str, str]
    data_root: Path


def demo(local: Path) -> None:
    """Run the whole demo on the stack, with its state in a new folder in `local`.

    Raises:
        SetupError: anything failed; logs are kept and named.
    """
    _play(local, _on_stack, _show, lambda stage: show_tables(stage.control_plane, stage.variables))


def demo_helm(local: Path) -> None:
    """Run the same in pods that helm installs on a real node.

    Raises:
        SetupError: anything failed; logs are kept and named.
    """
    _play(local, _in_pods, _show)


@contextmanager
def _on_stack(folder: Path) -> Iterator[Stage]:
    with Stack(folder, say=print, operator_settings=LIVELY) as stack:
        rest = Rest(stack.variables["DATAMOVER_API_URL"], stack.variables["DATAMOVER_API_KEY"])
        yield Stage(stack.control_plane, rest, stack.variables, stack.data_root)


@contextmanager
def _in_pods(folder: Path) -> Iterator[Stage]:
    with Cluster(folder, say=print) as cluster:
        kubectl, key = cluster.control_plane.kubectl, secrets.token_urlsafe(24)
        cluster.make_namespace()
        kubectl("create", "secret", "generic", REST_KEYS, f"--namespace={NAMESPACE}", f"--from-literal=keys={key}")
        kubectl("create", "namespace", REST_NAMESPACE)  # the chart's Role is in it
        keys = {"existingSecret": REST_KEYS}
        rest = {"enabled": True, "replicas": 1, "keys": keys, "namespaces": [REST_NAMESPACE]}
        cluster.install({**TRY_OUT, "operator": {"settings": LIVELY_VALUES}, "api": rest})
        kubectl("apply", "--server-side", "-f", str(REST_ACCOUNT))
        with EmulatorPod(cluster) as emulator_pod, Forwarded(cluster, f"service/{RELEASE}-api", 80) as service:
            yield Stage(cluster.control_plane, Rest(service.url, key), emulator_pod.variables, emulator_pod.data_root)


def _play(local: Path, stage: Callable[[Path], AbstractContextManager[Stage]], *parts: Callable[[Stage], None]) -> None:
    require_curl()
    started = time.monotonic()
    local.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="demo-", dir=local))
    try:
        print("Starting the stack")
        with stage(folder) as stack:
            for part in parts:
                part(stack)
            print("\nTaking everything down")
    except SetupError as error:
        raise SetupError(f"{error}\nLogs and data: {folder}") from error
    shutil.rmtree(folder)
    print(f"Done in {time.monotonic() - started:.0f} s")


def _show(stack: Stage) -> None:
    files = library_files()
    source, copy = Bucket(SOURCE, stack.variables), Bucket(COPY, stack.variables)
    print(f"\nPutting {_amount(files)} of Python's library into s3://{SOURCE}/{PREFIX}")
    source.create()
    copy.create()
    with LiveLine(sys.stdout) as line:
        source.put(PREFIX, files, lambda done: line.update(f"  {done:,} of {len(files):,}"))

    print("\nApplying config/samples: an account with its grants, two movers")
    _apply(stack, "account.yaml", "mover-s3-to-efs.yaml", "mover-s3-to-s3.yaml")
    stack.control_plane.kubectl("wait", "--for=condition=Ready", "datamovers", "--all", f"--timeout={READY_TIMEOUT}s")
    print("  both movers are Ready")

    print("\nStarting a run of each")
    _apply(stack, "run-s3-to-efs.yaml", "run-s3-to-s3.yaml")
    runs = watch_runs(stack.control_plane, timeout=RUNS_TIMEOUT)

    print("\nComparing file by file, by SHA-256, and DataSync's counters with what was moved")
    file_system = stack.data_root / ACCOUNT_ID / REGION / FILE_SYSTEM
    kept = {name: path for name, path in files.items() if not any(fnmatchcase(name, out) for out in LEFT_OUT)}
    problems = _check(runs[TO_EFS], files, digests_of(file_system), folders=len(folders_of(files)))
    problems += _check(runs[TO_S3], kept, copy.digests(PREFIX), folders=0)  # a bucket has none

    print("\n$ kubectl get datamovers,datamoverruns")
    print(stack.control_plane.kubectl("get", "datamovers,datamoverruns").strip())

    print("\nThe same by REST, as clients of the older service do it")
    stack.rest.move(BY_REST, (SOURCE, f"/{PREFIX}{PART}"), (COPY, "/by-rest/"))
    part = {name.removeprefix(PART): digest(path.read_bytes()) for name, path in files.items() if name.startswith(PART)}
    comparison = compare(part, copy.digests("by-rest/"))
    print(f"  {BY_REST}: {comparison}")
    problems += [] if comparison.equal else [f"{BY_REST}: {comparison}"]
    if "SYNC_API_URL" in stack.variables:
        problems += _sync(stack, part, copy)
    if problems:
        raise SetupError("\n".join(problems))


def _sync(stack: Stage, part: Digests, copy: Bucket) -> list[str]:
    print("\nOnce more by REST, as the DataSync API v2.1 documents it")
    api = SyncApi(stack.variables["SYNC_API_URL"], stack.variables["SYNC_API_KEY"])
    sync = api.create(f"s3://{SOURCE}/{PREFIX}{PART}", f"s3://{COPY}/{BY_SYNC}")
    api.watch(sync)
    comparison = compare(part, copy.digests(BY_SYNC))
    print(f"  {sync}: {comparison}")
    api.delete(sync)
    return [] if comparison.equal else [f"{sync}: {comparison}"]


def _apply(stack: Stage, *names: str) -> None:
    arguments = [argument for name in names for argument in ("-f", str(SAMPLES / name))]
    for applied in stack.control_plane.kubectl("apply", "--server-side", *arguments).splitlines():
        print(f"  {applied}")


def _check(run: Run, files: Mapping[str, Path], arrived: Digests, *, folders: int) -> list[str]:
    mover: str = run["spec"]["moverRef"]["name"]
    expected = {name: digest(path.read_bytes()) for name, path in files.items()}
    comparison = compare(expected, arrived)
    print(f"  {mover}: {comparison}")
    problems = [] if comparison.equal else [str(comparison)]
    status = run.get("status", {})
    if status.get("phase") != "Succeeded":
        problems.append(f"the run ended as {status.get('phase')}: {status.get('message', 'no message')}")
    total = sum(path.stat().st_size for path in files.values())
    # Where taskMode is BASIC, DataSync counts the folders that it makes as files.
    problems += wrong_counters(status.get("counters", {}), files=len(files) + folders, total_bytes=total)
    return [f"{mover}: {problem}" for problem in problems]


def _amount(files: Mapping[str, Path]) -> str:
    return f"{len(files):,} files ({sum(path.stat().st_size for path in files.values()) / 1e6:.1f} MB)"

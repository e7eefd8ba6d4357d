"""The images as they are: who they run as, what they say of themselves, how large they are; and their building."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from datamover_dev.images.dockerfile import TARGETS, version
from datamover_dev.node.cluster import Cluster
from tests.support.specs import JsonDict
from tests.support.waiting import eventually

LARGEST = {"operator": 150e6, "emulator": 240e6}
"""In bytes, of all that is ours: the base is another's affair, and a stand-in has another size.

Of the operator's, 60 MB are the clients of PostgreSQL, Redis and the history database, and the Kubernetes client.
"""


@pytest.mark.parametrize("target", TARGETS)
def test_an_image_says_what_it_is_and_runs_as_nobody(cluster: Cluster, target: str) -> None:
    (archive,) = [each for each in cluster.images if each.name.startswith(target)]
    config, layers = opened(archive)
    assert config["config"]["User"] == "65532:65532"
    labels = config["config"]["Labels"]
    assert labels["org.opencontainers.image.version"] == version()
    assert len(labels["org.opencontainers.image.revision"]) == 40
    assert labels["org.opencontainers.image.title"] == f"datamover-{target}"
    assert sum(layers[1:]) < LARGEST[target]


def opened(archive: Path) -> tuple[JsonDict, list[int]]:
    """An image's configuration, and the sizes of its layers, the base's first."""
    with tarfile.open(archive) as tar:

        def content(name: str) -> bytes:
            file = tar.extractfile(name)
            assert file is not None
            return file.read()

        (manifest,) = json.loads(content("manifest.json"))
        config: JsonDict = json.loads(content(manifest["Config"]))
        return config, [tar.getmember(layer).size for layer in manifest["Layers"]]


BUILD = """
import sys
from datamover_dev.images.running import run_alone
run_alone("sh", "-c", "mount -t tmpfs tmpfs /mnt && echo $$ >$0/up && sleep 600", sys.argv[1])
"""


def test_a_build_that_is_killed_leaves_neither_process_nor_mount(tmp_path: Path) -> None:
    before = Path("/proc/mounts").read_text()
    with subprocess.Popen([sys.executable, "-c", BUILD, str(tmp_path)]) as builder:
        eventually((tmp_path / "up").exists)
        (unshare,) = children(builder.pid)
        (inside,) = children(unshare)
        assert Path("/proc/mounts").read_text() == before
        builder.kill()
    eventually(lambda: not Path(f"/proc/{inside}").exists() and not Path(f"/proc/{unshare}").exists())


def children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

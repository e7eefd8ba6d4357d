"""A real SMB share and a real NFS export: what their clients write travels, and they read what arrives."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.support.file_servers import NEEDED, file_server
from tests.support.location_lives import LIVES
from tests.support.location_worlds import LocationWorld, open_account
from tests.support.movers import World
from tests.support.operator_process import Operators


@pytest.mark.parametrize("kind", list(NEEDED))
def test_files_travel_from_a_real_server_and_back(world: World, operator: Operators, tmp_path: Path, kind: str) -> None:
    lacking = [each for each in NEEDED[kind] if shutil.which(each) is None]
    if (lacking and "CI" not in os.environ) or os.getuid() != 0:
        pytest.skip(f"a real {kind} server needs root and {', '.join(NEEDED[kind])}")
    life = next(each for each in LIVES if each.name == kind)
    open_account(world)
    there = LocationWorld(world, life)
    there.put(life.folder, {})
    folder = world.emulator.data_root / life.folder
    folder.mkdir(parents=True, exist_ok=True)
    operator()
    with file_server(kind, folder, tmp_path) as server:
        server.put("a.txt", b"alpha")
        there.apply()
        world.wait_ready(there.mover)
        there.run("there")
        assert there.moved(life.folder)["a.txt"] == b"alpha"

        bucket = there.objects[-1]["spec"]["destination"]
        back = {"source": bucket, "destination": there.objects[-1]["spec"]["source"]}
        world.aws("s3").put_object(Bucket="demo-copy", Key=f"{kind}/b.txt", Body=b"bravo")
        world.create("DataMover", "back", {"accountRef": {"name": "demo"}} | back)
        world.wait_ready("back")
        world.run("back", "back")
        world.wait_phase("back", "Succeeded")
        assert server.get("b.txt") == b"bravo"

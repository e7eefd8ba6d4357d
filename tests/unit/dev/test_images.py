"""What builds the images: an engine that can, else buildah; and a stand-in is never silent."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from datamover_dev.errors import SetupError
from datamover_dev.images import build
from datamover_dev.images.dockerfile import base_image
from datamover_dev.paths import CHECKOUT
from datamover_operator.aws.clients import Service

ALWAYS, NEVER = "exit 0", "exit 1"
NO_REGISTRY = 'case "$1 $2" in "image inspect" | pull*) exit 1 ;; esac'


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with nothing on it, and a cache of its own."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr("os.geteuid", lambda: 1000)  # needs no namespaces then
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "bin").mkdir()
    (tmp_path / "cache" / "datamover-operator" / "images").mkdir(parents=True)
    return tmp_path / "bin"


def program(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


@pytest.mark.parametrize(
    ("docker", "podman", "chosen"),
    [
        (ALWAYS, ALWAYS, "docker"),
        (NEVER, ALWAYS, "podman"),
        (NO_REGISTRY, ALWAYS, "podman"),
        (NO_REGISTRY, NO_REGISTRY, "buildah"),
    ],
)
def test_an_engine_builds_only_where_it_has_the_base_image(
    programs: Path, docker: str, podman: str, chosen: str
) -> None:
    for name, script in (("docker", docker), ("podman", podman), ("buildah", ALWAYS)):
        program(programs, name, script)
    assert build.choose().name.split()[0] == chosen
    assert build.lacking() == ""


def test_without_any_of_them_it_says_what_to_install(programs: Path) -> None:
    assert "apt-get install buildah debootstrap" in build.lacking()
    with pytest.raises(SetupError, match="docker, podman or buildah"):
        build.build_images(print)
    program(programs, "docker", NO_REGISTRY)
    with pytest.raises(SetupError, match="No registry"):
        build.build_images(print)


NO_PULL = """
case "$*" in
*" pull "*) exit 1 ;;
*images*reference*) echo 0123 ;;
esac"""


@pytest.mark.parametrize(
    ("buildah", "base", "said"), [(NO_PULL, "stand-in", True), (ALWAYS, base_image(), False)], ids=["stand-in", "real"]
)
def test_a_build_says_what_it_is_based_on(programs: Path, tmp_path: Path, buildah: str, base: str, said: bool) -> None:
    program(programs, "buildah", f'echo "$*" >>{tmp_path}/asked\n{buildah}')
    chosen = build.choose()
    assert ("for no registry can be reached" in chosen.name) == said
    chosen.build("operator")
    (asked,) = [line for line in (tmp_path / "asked").read_text().splitlines() if " build " in line]
    assert re.search(rf"--build-arg=PYTHON_IMAGE=\S*{re.escape(base)} ", asked)


def test_the_operators_image_keeps_what_botocore_needs_for_each_service_that_is_called() -> None:
    """A client of any other ends in UnknownServiceError: only where the image is used."""
    (kept,) = re.findall(r"botocore/data (.*?) -exec", (CHECKOUT / "Dockerfile").read_text(), re.DOTALL)
    assert set(re.findall(r"! -name (\S+)", kept)) == set(get_args(Service))


def test_the_base_is_what_its_digest_says() -> None:
    assert re.fullmatch(r"docker\.io/library/python:[\w.-]+@sha256:[0-9a-f]{64}", base_image())


@pytest.mark.parametrize(("old", "pruned"), [(40, False), (41, True)])
def test_old_images_do_not_fill_the_disk(programs: Path, tmp_path: Path, old: int, pruned: bool) -> None:
    listing = "\\n".join(["0123"] * old)
    script = f"""
    case "$*" in
    *rmi*--prune*) echo >{tmp_path}/pruned ;;
    *dangling*) printf '{listing}\\n' ;;
    *images*) echo 0123 ;;
    esac"""
    program(programs, "buildah", script)
    build.choose()
    assert (tmp_path / "pruned").exists() == pruned

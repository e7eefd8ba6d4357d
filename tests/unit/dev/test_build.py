"""Programs are built once, whole or not at all, and a failure says what to do."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from datamover_dev.controlplane.binaries import locate
from datamover_dev.controlplane.build import build
from datamover_dev.controlplane.programs import Program
from datamover_dev.errors import SetupError


@pytest.fixture
def hello(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """A small Go program, and a cache of its own; what Go itself has compiled before still serves."""
    compiled = subprocess.run(["go", "env", "GOCACHE"], capture_output=True, text=True, check=True).stdout.strip()
    monkeypatch.setenv("GOCACHE", compiled)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    module = tmp_path / "hello"
    module.mkdir()
    (module / "go.mod").write_text("module example.test/hello\n\ngo 1.24\n")
    (module / "go.sum").touch()
    (module / "main.go").write_text('package main\n\nfunc main() { println("hello") }\n')
    return Program("hello", "example.test/hello", folder=module)


def test_two_that_need_a_program_build_it_once(hello: Program, capsys: pytest.CaptureFixture[str]) -> None:
    with ThreadPoolExecutor(2) as threads:
        for built in [threads.submit(build, [hello]) for _ in range(2)]:
            built.result()
    assert subprocess.run([hello.cached], capture_output=True, check=True).stderr == b"hello\n"
    assert capsys.readouterr().err.count("Building hello") == 1
    assert sorted(path.name for path in hello.cached.parent.iterdir()) == [".lock", "hello"]


def test_a_changed_pin_leads_to_another_program(hello: Program) -> None:
    other = hello.folder.with_name("other")
    other.mkdir()
    (other / "go.mod").write_text("module example.test/hello\n\ngo 1.25\n")
    (other / "go.sum").touch()
    assert Program("hello", hello.package, folder=other).cached.parent != hello.cached.parent


def test_a_failed_build_shows_the_compilers_words_and_leaves_nothing(hello: Program) -> None:
    (hello.folder / "main.go").write_text("package main\n\nfunc main() { undefined() }\n")
    with pytest.raises(SetupError, match=r"(?s)Building hello failed.*undefined: undefined"):
        build([hello])
    assert [path.name for path in hello.cached.parent.iterdir()] == [".lock"]


def test_without_go_the_message_says_what_to_install(
    tmp_path: Path, hello: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    with pytest.raises(SetupError, match=r"(?s)Go is not installed.*KUBEBUILDER_ASSETS"):
        locate([hello])


def _programs(folder: Path, version: str) -> Path:
    folder.mkdir()
    for name in ("etcd", "kube-apiserver"):
        (folder / name).write_text(f"#!/bin/sh\necho {version}\n")
        (folder / name).chmod(0o755)
    return folder


def test_given_programs_are_used_and_what_they_lack_is_not_taken_from_elsewhere(
    tmp_path: Path, hello: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = _programs(tmp_path / "given", "Kubernetes v1.34.1")
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(given))
    found = locate([Program("etcd", "unused"), Program("kube-apiserver", "unused"), hello])
    assert found == {"etcd": given / "etcd", "kube-apiserver": given / "kube-apiserver", "hello": hello.cached}


def test_programs_on_the_path_serve_only_if_new_enough(
    tmp_path: Path, hello: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    etcd = Program("etcd", hello.package, folder=hello.folder)
    new, old = _programs(tmp_path / "new", "Kubernetes v1.33.0"), _programs(tmp_path / "old", "Kubernetes v1.20.0")
    monkeypatch.setenv("PATH", str(new))
    assert locate([etcd]) == {"etcd": new / "etcd"}
    monkeypatch.setenv("PATH", str(old))
    with pytest.raises(SetupError, match="Go is not installed"):
        locate([etcd])

"""`python -m datamover_dev`: what the Makefile calls."""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path

from datamover_dev.chart.package import package
from datamover_dev.controlplane.binaries import locate
from datamover_dev.controlplane.programs import CONTROL_PLANE, DASHBOARD_CHECK, HELM, REGISTRY
from datamover_dev.demo.show import demo, demo_helm
from datamover_dev.errors import SetupError
from datamover_dev.images.build import build_images
from datamover_dev.node.cluster import Cluster
from datamover_dev.node.programs import require
from datamover_dev.paths import CHECKOUT, LOCAL
from datamover_dev.stack.keeper import Keeper


def main() -> int:
    """Run one command; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m datamover_dev", description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("--local", type=Path, default=LOCAL, help="the folder for state (default: %(default)s)")
    arguments = parser.parse_args()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # into a pipe or a file, too, each line comes when it is said
    try:
        COMMANDS[arguments.command](arguments.local.resolve())
    except SetupError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; everything is stopped.", file=sys.stderr)
        return 130
    return 0


def _build(local: Path) -> None:
    del local
    locate((*CONTROL_PLANE, HELM, REGISTRY, DASHBOARD_CHECK))


def _up(local: Path) -> None:
    keeper = Keeper(local)
    keeper.up(say=print)
    print(f"Ready. To use it: source {_shown(keeper.env_file)}   To stop it: make down")


def _down(local: Path) -> None:
    print("Stopped." if Keeper(local).down() else "Nothing is running.")


def _keep(local: Path) -> None:
    Keeper(local).keep()


def _cluster_keeper(local: Path) -> Keeper:
    return Keeper(local, Cluster, "keep-cluster")


def _cluster(local: Path) -> None:
    require()  # before a process in the background finds out
    keeper = _cluster_keeper(local)
    keeper.up(say=print)
    print(f"Ready. To use it: source {_shown(keeper.env_file)}   To stop it: make cluster-down")


def _keep_cluster(local: Path) -> None:
    _cluster_keeper(local).keep()


def _image(_local: Path) -> None:
    for archive in build_images(print):
        print(f"  {archive}")


def _chart_package(_local: Path) -> None:
    packaged = _shown(package(CHECKOUT / "dist"))
    print(f"{packaged}   To publish it: helm push {packaged} oci://REGISTRY/charts")


def _shown(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


COMMANDS = {
    "build": _build,
    "chart-package": _chart_package,
    "cluster": _cluster,
    "demo": demo,
    "demo-helm": demo_helm,
    "down": _down,
    "image": _image,
    "keep": _keep,
    "keep-cluster": _keep_cluster,
    "up": _up,
}

if __name__ == "__main__":
    sys.exit(main())

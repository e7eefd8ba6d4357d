"""Whether the tests on a real node run here."""

from __future__ import annotations

from dataclasses import dataclass


class Lacking(Exception):  # noqa: N818 - a state of the machine, not a fault
    """The tests can't run and have to; `str()` says what is missing."""


@dataclass(frozen=True)
class Machine:
    """What keeps a node from this machine: one sentence each, empty where nothing does.

    lacking: what its user can give it: root, packages. denied: what no program can mend: a container's or kernel's
    refusals. in_ci: nothing may be missing that can be had.
    """

    lacking: str
    denied: str
    in_ci: bool


def reason_to_skip(machine: Machine) -> str:
    """Return why the tests are skipped; empty where they run.

    Raises:
        Lacking: something is missing in CI, which gives itself all that can be had.
    """
    if machine.lacking and machine.in_ci:
        raise Lacking(machine.lacking)
    return machine.lacking or machine.denied

"""Started programs end with us, whatever ends us."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from datamover_dev.errors import SetupError
from datamover_dev.processes import Managed
from tests.support.waiting import eventually

PARENT = """
import os, signal, sys
from pathlib import Path
from datamover_dev.processes import Managed
sleep = "import time; print('up', flush=True); time.sleep(600)"
child = Managed("sleeper", [sys.executable, "-c", sleep], log=Path(sys.argv[1]))
child.until(lambda: "up" in child.tail(), "up", 300)
print(child.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""

FORKING = """
import os, signal, sys
from pathlib import Path
from datamover_dev.processes import Managed
from tests.support.forked import forked
log = Path(sys.argv[1])
command = [sys.executable, "-m", "datasync_emulator", "--port", "0", "--data-root", sys.argv[2]]
child = Managed("emulator", command, log=log, start=forked)
child.until(lambda: "http://" in child.tail(), "up", 300)
print(child.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def script(text: str) -> list[str]:
    return [sys.executable, "-c", text]


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()


@pytest.mark.parametrize("program", [PARENT, FORKING], ids=["executed", "forked"])
def test_a_killed_parent_takes_its_programs_with_it(tmp_path: Path, program: str) -> None:
    arguments = [str(tmp_path / "log"), str(tmp_path / "data")]
    command = [*script(program), *arguments]
    parent = subprocess.run(command, capture_output=True, text=True, timeout=400, check=False)
    assert parent.returncode == -signal.SIGKILL, parent.stderr
    eventually(lambda: not is_alive(int(parent.stdout)))


def test_what_does_not_end_when_asked_is_killed(tmp_path: Path) -> None:
    stubborn = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
    )
    process = Managed("stubborn", script(stubborn), log=tmp_path / "log")
    process.until(lambda: "up" in process.tail(), "up", 30)
    assert process.terminate(grace=0.1) == -signal.SIGKILL


def test_what_does_not_become_ready_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    slow = Managed("slow", script("import time; print('almost', flush=True); time.sleep(600)"), log=tmp_path / "log")
    slow.until(lambda: "almost" in slow.tail(), "almost there", 30)
    with pytest.raises(SetupError, match=r"slow: not ready within 0 s.*\nalmost"):
        slow.until(lambda: False, "ready", timeout=0.1)
    slow.kill()
    assert slow.exit_code == -signal.SIGKILL

"""Real file servers, an SMB share and an NFS export, and clients of them; a folder is what they serve."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from datamover_dev.processes import ending_with_us
from tests.support.ports import unshared_port
from tests.support.waiting import eventually

PASSWORD = "let-me-in"
NEEDED: Mapping[str, tuple[str, ...]] = {
    "smb": ("smbd", "smbclient", "pdbedit"),
    "nfs": ("ganesha.nfsd", "nfs-cp", "nfs-cat"),
}
"""The programs, by type of location."""

_SMB_CONF = """[global]
server role = standalone server
interfaces = 127.0.0.1
bind interfaces only = yes
smb ports = {port}
private dir = {state}
lock directory = {state}
state directory = {state}
cache directory = {state}
pid directory = {state}
ncalrpc dir = {state}/ncalrpc
log file = {state}/log
passdb backend = tdbsam:{state}/passdb.tdb
disable netbios = yes
load printers = no
[reports]
path = {folder}
read only = no
force user = root
"""
_GANESHA_CONF = """NFS_CORE_PARAM {{
  NFS_Port = {port}; Protocols = 4; Bind_addr = 127.0.0.1;
  Enable_NLM = false; Enable_RQUOTA = false; Enable_UDP = false;
}}
NFSv4 {{ Graceless = true; RecoveryBackend = fs; RecoveryRoot = {state}; }}
EXPORT {{
  Export_Id = 1; Path = {folder}; Pseudo = /export/reports; Access_Type = RW; Squash = No_Root_Squash; SecType = sys;
  FSAL {{ Name = VFS; }}
}}
"""


@dataclass(frozen=True)
class FileServer:
    """A server on a port of its own."""

    kind: str
    port: int
    state: Path

    def put(self, name: str, content: bytes) -> None:
        """Write a file as a client does."""
        local = self.state / "to-send"
        local.write_bytes(content)
        if self.kind == "smb":
            self._smb(f"put {local} {name}")
        else:
            self._nfs("nfs-cp", str(local), self._url(name))

    def get(self, name: str) -> bytes:
        """Read a file as a client does."""
        if self.kind == "nfs":
            return self._nfs("nfs-cat", self._url(name))
        local = self.state / "received"
        self._smb(f"get {name} {local}")
        return local.read_bytes()

    def _url(self, name: str) -> str:
        return f"nfs://127.0.0.1/export/reports/{name}?version=4&nfsport={self.port}"

    def _nfs(self, *command: str) -> bytes:
        return subprocess.run(command, check=True, capture_output=True, timeout=60).stdout

    def _smb(self, command: str) -> None:
        share = ["smbclient", "//127.0.0.1/reports", f"--port={self.port}", f"--configfile={self.state}/smb.conf"]
        subprocess.run(
            [*share, f"--user=root%{PASSWORD}", f"--command={command}"], check=True, capture_output=True, timeout=60
        )


@contextmanager
def file_server(kind: str, folder: Path, state: Path) -> Iterator[FileServer]:
    """Serve a folder, as share `reports` or as export `/export/reports`, until the block is left."""
    port = unshared_port()
    start = _samba if kind == "smb" else _ganesha
    process = subprocess.Popen(
        ending_with_us(start(folder, state, port)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Samba ends its whole process group
    )
    server = FileServer(kind, port, state)
    try:
        eventually(lambda: _answers(server), 60, what=f"the {kind} server answers")
        yield server
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _samba(folder: Path, state: Path, port: int) -> list[str]:
    config = state / "smb.conf"
    config.write_text(_SMB_CONF.format(port=port, state=state, folder=folder))
    pdbedit = ["pdbedit", f"--configfile={config}", "--create", "--user=root", "--password-from-stdin"]
    subprocess.run(pdbedit, input=f"{PASSWORD}\n{PASSWORD}\n", text=True, check=True, capture_output=True)
    return [_path_of("smbd"), "--foreground", "--no-process-group", f"--configfile={config}"]


def _ganesha(folder: Path, state: Path, port: int) -> list[str]:
    config = state / "ganesha.conf"
    config.write_text(_GANESHA_CONF.format(port=port, state=state, folder=folder))
    return [_path_of("ganesha.nfsd"), "-F", "-f", str(config), "-L", str(state / "log"), "-p", str(state / "pid")]


def _path_of(program: str) -> str:
    found = shutil.which(program)
    assert found is not None, f"{program} is not installed"
    return found


def _answers(server: FileServer) -> bool:
    try:
        server.put("probe", b"")
    except subprocess.CalledProcessError:
        return False
    return True

"""Start and stop etcd, kube-apiserver and kube-controller-manager on free loopback ports."""

from __future__ import annotations

import secrets
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from datamover_dev.controlplane import kubeconfig
from datamover_dev.controlplane.binaries import Binaries, locate
from datamover_dev.errors import SetupError
from datamover_dev.http import answers
from datamover_dev.ports import ReservedPort
from datamover_dev.processes import Managed

START_TIMEOUT = 90.0
"""Seconds for each program to become ready: it takes two or three, and far longer on a machine under load."""

_CRD_TIMEOUT = 60.0
"""Seconds until the API server serves all kinds: it takes less than one."""


class ControlPlane:
    """A Kubernetes API with garbage collection, namespace deletion and service accounts, but no node.

    Use as a context manager. Everything it keeps is in `folder`: data, certificates, logs and `kubeconfig`.
    """

    def __init__(self, folder: Path, *, crds: Path | None = None) -> None:
        """Prepare; `crds` is a folder of CRD manifests to install before the controllers start.

        The garbage collector looks for new kinds every 30 s only, so owned objects of kinds that it finds at
        its start are collected sooner.
        """
        self.folder = folder.resolve()
        self.kubeconfig = self.folder / "kubeconfig"
        self.etcd = ""
        """etcd's URL, once it runs."""
        self._crds = crds
        self._binaries: Binaries = {}
        self._running = ExitStack()

    def __enter__(self) -> Self:
        """Start everything and wait until it answers.

        Raises:
            SetupError: a program is missing or does not become ready.
        """
        self._binaries = locate()
        self.folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as started:
            self._running = started
            self.etcd = self._start_etcd()
            self._start_apiserver(self.etcd)
            if self._crds is not None:
                self.install(self._crds)
            self._start_controller_manager()
            self._running = started.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop everything, the last started first."""
        self._running.close()

    @property
    def binaries(self) -> Binaries:
        """The programs in use, by name."""
        return self._binaries

    def install(self, crds: Path) -> None:
        """Apply a folder of CRDs and wait until they are served.

        Server-side: a client-side apply keeps a copy in an annotation, which large CRDs do not fit.
        """
        self.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(crds))
        deadline = time.monotonic() + _CRD_TIMEOUT
        wait = ("wait", "--for=condition=Established", f"--timeout={_CRD_TIMEOUT:.0f}s", "-f", str(crds))
        while True:
            try:
                self.kubectl(*wait)
            except SetupError:  # also at once, where a CRD's status has no conditions yet
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
            else:
                return

    def kubectl(self, *arguments: str) -> str:
        """Run kubectl as the administrator and return what it printed.

        Raises:
            SetupError: it failed; the message holds its error output.
        """
        command = [str(self._binaries["kubectl"]), "--kubeconfig", str(self.kubeconfig), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise SetupError(f"kubectl {' '.join(arguments)} failed:\n{done.stderr.strip()}")
        return done.stdout

    def _start(self, name: str, *flags: str) -> Managed:
        process = Managed(name, [self._binaries[name], *flags], log=self.folder / f"{name}.log")
        self._running.callback(process.terminate)
        return process

    def _start_etcd(self) -> str:
        with ReservedPort() as port:
            url = f"http://127.0.0.1:{port.number}"
            etcd = self._start(
                "etcd",
                f"--data-dir={self.folder / 'etcd'}",
                f"--listen-client-urls={url}",
                f"--advertise-client-urls={url}",
                "--listen-peer-urls=http://127.0.0.1:0",
                "--socket-reuse-port=true",
                "--unsafe-no-fsync",  # a test cluster need not survive a power cut
                "--log-level=warn",
            )
            etcd.until(lambda: answers(f"{url}/readyz"), "ready", START_TIMEOUT)
        return url

    def _start_apiserver(self, etcd: str) -> None:
        token = secrets.token_urlsafe(24)
        tokens = self.folder / "tokens.csv"
        tokens.touch(mode=0o600)
        tokens.write_text(f'{token},admin,admin,"system:masters"\n')
        key = _service_account_key(self.folder)
        certificates = self.folder / "certificates"
        with ReservedPort() as port:
            url = f"https://127.0.0.1:{port.number}"
            apiserver = self._start(
                "kube-apiserver",
                f"--etcd-servers={etcd}",
                "--bind-address=127.0.0.1",
                f"--secure-port={port.number}",
                "--permit-port-sharing=true",
                f"--cert-dir={certificates}",
                f"--token-auth-file={tokens}",
                "--authorization-mode=RBAC",
                "--enable-admission-plugins=OwnerReferencesPermissionEnforcement",  # as strict as clusters may be
                f"--service-account-key-file={key}",
                f"--service-account-signing-key-file={key}",
                f"--service-account-issuer={url}",
                "--service-cluster-ip-range=10.0.0.0/24",
                "--endpoint-reconciler-type=none",  # it would publish a loopback address, which is not allowed
            )
            authority = certificates / "apiserver.crt"
            apiserver.until(lambda: answers(f"{url}/readyz", authority, token), "ready", START_TIMEOUT)
        kubeconfig.write(self.kubeconfig, server=url, authority=authority, token=token)

    def _start_controller_manager(self) -> None:
        manager = self._start(
            "kube-controller-manager",
            f"--kubeconfig={self.kubeconfig}",
            f"--root-ca-file={self.folder / 'certificates' / 'apiserver.crt'}",
            f"--service-account-private-key-file={self.folder / 'service-account.key'}",
            "--leader-elect=false",
            "--secure-port=0",
            "--kube-api-qps=200",  # the default of 20 makes a deleted namespace linger while tests wait
            "--kube-api-burst=400",
        )
        manager.until(self._has_default_service_account, "at work", START_TIMEOUT, interval=0.2)

    def _has_default_service_account(self) -> bool:
        listed = self.kubectl("get", "serviceaccounts", "--namespace=default", "--output=name")
        return "serviceaccount/default" in listed


def _service_account_key(folder: Path) -> Path:
    key = folder / "service-account.key"
    if not key.exists():
        key.touch(mode=0o600)
        encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL
        private = ec.generate_private_key(ec.SECP256R1())
        key.write_bytes(private.private_bytes(encoding, form, serialization.NoEncryption()))
    return key

"""The operator's settings: `DATAMOVER_*` variables, or flags of the same names, which win over them."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from datamover_common.settings import HostPatterns, ProgramSettings, separated
from datamover_operator.aws.pacing import Limits

PREFIX = "DATAMOVER_"

_Label = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]
_NAME = {"accepted": "a Kubernetes name: at most 63 characters of a-z, 0-9 and -, neither starting nor ending with -"}


class Settings(ProgramSettings):
    """All settings; every one is optional."""

    model_config = SettingsConfigDict(env_prefix=PREFIX)

    namespaces: Annotated[
        tuple[_Label, ...],
        NoDecode,
        BeforeValidator(separated),
        Field(
            description="The namespaces whose objects are managed; empty: all.",
            json_schema_extra={"accepted": "names of namespaces, separated by commas"},
        ),
    ] = ()
    operator_namespace: Annotated[
        _Label,
        Field(
            description="The operator's own namespace, which has the accounts' Secrets and the Lease.",
            json_schema_extra=dict(_NAME),
        ),
    ] = "datamover-system"
    cluster_id: Annotated[
        str | None,
        Field(
            pattern=r"^[A-Za-z0-9._-]{1,64}$",
            description="Identifies this cluster in tags in AWS; by default the uid of namespace kube-system.",
            json_schema_extra={"accepted": "1 to 64 characters of A-Z, a-z, 0-9, '.', '_' and '-'"},
        ),
    ] = None

    database_hosts: Annotated[
        HostPatterns,
        Field(
            description="The hosts of databases that table syncs may connect to; empty: none. `*` stands for any "
            "characters; a loopback address must be named itself, and link-local addresses are never connected to.",
            json_schema_extra={"accepted": "names with *, IP addresses and networks (CIDR), separated by commas"},
        ),
    ] = ()

    webhook_hosts: Annotated[
        HostPatterns,
        Field(
            description="The hosts that notifications may be sent to; empty: none. `*` stands for any characters; a "
            "loopback address must be named itself, and link-local addresses are never connected to.",
            json_schema_extra={"accepted": "names with *, IP addresses and networks (CIDR), separated by commas"},
        ),
    ] = ()

    workers: Annotated[int, Field(ge=1, le=1000, description="How many objects are reconciled at the same time.")] = 64
    drift_interval_seconds: Annotated[
        float,
        Field(
            ge=10,
            le=604800,
            description="How often a steady mover's resources are described one by one, in seconds.",
        ),
    ] = 21600
    bulk_interval_seconds: Annotated[
        float,
        Field(
            ge=1,
            le=86400,
            description="How often an account's locations and tags are read in bulk for what has changed, in seconds.",
        ),
    ] = 900
    sweep_interval_seconds: Annotated[
        float,
        Field(
            ge=1,
            le=3600,
            description="How often the tasks of an account are listed to find external executions, in seconds.",
        ),
    ] = 30
    settling_seconds: Annotated[
        float,
        Field(
            ge=1,
            le=3600,
            description="How long after an unknown outcome a listing may show that nothing was created, in seconds.",
        ),
    ] = 60
    run_poll_interval_seconds: Annotated[
        float, Field(ge=0.1, le=300, description="How often an active execution is described, in seconds.")
    ] = 5
    run_status_pace_seconds: Annotated[
        float,
        Field(ge=0, le=300, description="The minimum time between two status writes of an active run, in seconds."),
    ] = 2
    refused_retry_seconds: Annotated[
        float, Field(ge=1, le=86400, description="How long after AWS refused a call it is retried, in seconds.")
    ] = 600
    shutdown_grace_seconds: Annotated[
        float,
        Field(
            ge=0,
            le=300,
            description="How long the process may take to exit after SIGTERM, including calls in flight, in seconds.",
        ),
    ] = 4

    aws_threads: Annotated[
        int, Field(ge=1, le=256, description="The maximum number of AWS calls in flight, over all accounts.")
    ] = 24
    aws_rate: Annotated[
        float, Field(ge=0.1, le=10000, description="AWS calls per second for each account and Region.")
    ] = 100
    aws_burst: Annotated[
        int, Field(ge=1, le=100000, description="How many AWS calls an account may make at once after a pause.")
    ] = 200
    aws_connect_timeout_seconds: Annotated[
        float, Field(ge=0.1, le=60, description="The timeout for connecting to AWS, in seconds.")
    ] = 5
    aws_read_timeout_seconds: Annotated[
        float, Field(ge=0.1, le=600, description="The timeout for reading an answer from AWS, in seconds.")
    ] = 30
    aws_call_timeout_seconds: Annotated[
        float,
        Field(
            ge=0.1,
            le=600,
            description="The timeout for a whole AWS call, in seconds; the call is never sent later than that.",
        ),
    ] = 45

    http_host: Annotated[
        str,
        Field(
            pattern=r"^[0-9A-Za-z.:-]+$",
            description="The address that serves /healthz, /readyz and /metrics; in a pod 0.0.0.0.",
            json_schema_extra={"accepted": "an IP address or a host name"},
        ),
    ] = "127.0.0.1"
    http_port: Annotated[int, Field(ge=0, le=65535, description="Its port; 0: any free one, which is logged.")] = 8080

    lease: Annotated[
        bool, Field(description="Work only while holding a Lease, so that a second operator stands by.")
    ] = True
    lease_name: Annotated[
        _Label,
        Field(
            description="The name of the Lease and of the operator, which is part of its finalizer on accounts.",
            json_schema_extra=dict(_NAME),
        ),
    ] = "datamover-operator"
    lease_seconds: Annotated[
        float, Field(ge=3, le=300, description="How long a Lease stays held when it is not renewed, in seconds.")
    ] = 15

    @property
    def operator(self) -> str:
        """What tells this operator from others in the cluster, restarts apart: "namespace/name"."""
        return f"{self.operator_namespace}/{self.lease_name}"

    @property
    def limits(self) -> Limits:
        """How AWS may be called."""
        return Limits(
            threads=self.aws_threads,
            rate=self.aws_rate,
            burst=self.aws_burst,
            connect_timeout=self.aws_connect_timeout_seconds,
            read_timeout=self.aws_read_timeout_seconds,
            call_timeout=self.aws_call_timeout_seconds,
        )

    @model_validator(mode="after")
    def _settles_after_every_call(self) -> Self:
        if self.settling_seconds <= self.aws_call_timeout_seconds:
            message = (
                f"{PREFIX}SETTLING_SECONDS={self.settling_seconds:g}: must be more than "
                f"{self.aws_call_timeout_seconds:g}, the longest an AWS call may take "
                f"({PREFIX}AWS_CALL_TIMEOUT_SECONDS)"
            )
            raise ValueError(message)
        return self

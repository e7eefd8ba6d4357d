"""botocore sessions and clients for one account: where its credentials come from, and how they are renewed.

Endpoints, proxies and certificates come from AWS's standard environment variables (`AWS_ENDPOINT_URL`, …), which
botocore reads by itself.
"""

from __future__ import annotations

import threading
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Literal, Protocol

from botocore.config import Config
from botocore.credentials import AssumeRoleCredentialFetcher, Credentials, DeferredRefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError
from botocore.session import Session

from datamover_operator.aws.error_codes import STALE_CREDENTIALS
from datamover_operator.aws.errors import code_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.awsrequest import AWSPreparedRequest
    from botocore.client import BaseClient
    from botocore.loaders import Loader

    from datamover_operator.aws.access import AccountAccess
    from datamover_operator.aws.pacing import Limits

Service = Literal["datasync", "iam", "logs", "resourcegroupstaggingapi", "s3", "sqs", "sts"]
"""botocore's names of the services that are called."""

_SESSION_NAME = "datamover-operator"
# Given in full: botocore would otherwise build its own for each request, a tenth of the call's time.
_USER_AGENT = f"datamover-operator/{version('datamover-operator')} Botocore/{version('botocore')}"


class Departure(Protocol):
    """Called for every request right before it is sent, in the calling thread; may raise to stop it."""

    def __call__(self, request: AWSPreparedRequest, **_: object) -> None:
        """Raise to keep `request` from being sent."""


class Ambient:
    """The operator's ambient credentials (environment, web identity, instance), shared by accounts."""

    def __init__(self) -> None:
        """Look for nothing yet: the search may do I/O."""
        self._lock = threading.Lock()
        self._found: Credentials | None = None

    def credentials(self) -> Credentials:
        """Return the credentials; they refresh themselves where their kind can.

        Raises:
            NoCredentialsError: there are none.
        """
        with self._lock:
            if self._found is None:
                self._found = Session().get_credentials()
            if self._found is None:
                raise NoCredentialsError
            return self._found

    def forget(self) -> None:
        """Look again on the next use: a credentials file may have changed."""
        with self._lock:
            self._found = None


class Clients:
    """The clients of one account, each made once, on first use; all methods but `close` belong in a thread.

    A client takes about 3 ms to make once the service's model is loaded, and the four of an account about 1 MB:
    the models are shared through `loader`.
    """

    def __init__(
        self, access: AccountAccess, limits: Limits, *, ambient: Ambient, loader: Loader, departure: Departure
    ) -> None:
        """Make nothing yet."""
        self._access = access
        self._config = Config(
            connect_timeout=limits.connect_timeout,
            read_timeout=limits.read_timeout,
            max_pool_connections=limits.per_account,
            retries={"mode": "standard", "total_max_attempts": 1},
            user_agent=_USER_AGENT,
        )
        self._ambient = ambient
        self._loader = loader
        self._departure = departure
        self._lock = threading.Lock()
        self._session: Session | None = None
        self._trusted: Session | None = None
        self._is_renewed = False
        self._made: dict[Service, BaseClient] = {}

    @property
    def account_id(self) -> str:
        """The account that they are declared for."""
        return self._access.account_id

    def get(self, service: Service) -> BaseClient:
        """Return the account's client of `service`.

        Renewed credentials may belong to another account: only STS is called before that is known.

        Raises:
            BotoCoreError: there are no credentials, or the ambient configuration is broken.
            ClientError: they are not the declared account's.
        """
        client, session = self._make(service)
        if service != "sts" and session is not self._trusted:
            self._check(session)
        return client

    def renew(self, failed: BaseClient) -> None:
        """Drop the clients and the ambient credentials, unless `failed` was dropped already."""
        with self._lock:
            if failed in self._made.values():
                self._drop()

    def close(self) -> None:
        """Close the idle connections; calls in flight are not affected."""
        for client in tuple(self._made.values()):
            client.close()

    def _drop(self) -> None:
        self.close()
        self._session = None
        self._is_renewed = True
        self._made = {}
        self._ambient.forget()

    def _make(self, service: Service) -> tuple[BaseClient, Session]:
        with self._lock:
            if self._session is None:
                self._session = self._new_session()
                self._trusted = self._trusted if self._is_renewed else self._session
            if service not in self._made:
                client = self._session.create_client(service, region_name=self._access.region, config=self._config)
                client.meta.events.register("before-send", self._departure)
                self._made = {**self._made, service: client}
            return self._made[service], self._session

    def _check(self, session: Session) -> None:
        """Check that a renewed session leads to the declared account; the caller checks the first one."""
        with self._lock:
            client = session.create_client("sts", region_name=self._access.region, config=self._config)
        who: Callable[[], dict[str, object]] = client.get_caller_identity  # type: ignore[attr-defined] # made of a model
        try:
            account = who()["Account"]
        except (BotoCoreError, ClientError) as error:
            # Too early: the ambient credentials have not been renewed yet; they are looked up again on the next use.
            with self._lock:
                if self._session is session and code_of(error) in STALE_CREDENTIALS:
                    self._drop()
            raise
        finally:
            client.close()
        if account != self._access.account_id:
            message = f"the renewed credentials are of account '{account}', declared is '{self._access.account_id}'"
            raise ClientError({"Error": {"Code": "WrongAccount", "Message": message}}, "GetCallerIdentity")
        self._trusted = session

    def _new_session(self) -> Session:
        session = Session()
        session.register_component("data_loader", self._loader)
        session.register_component("credential_provider", _Found(self._credentials(session)))
        return session

    def _credentials(self, session: Session) -> Credentials:
        own = self._access.credentials
        source = (
            Credentials(own.access_key_id, own.secret_access_key, own.session_token, method="secret")
            if own
            else self._ambient.credentials()
        )
        if self._access.assume_role_arn is None:
            return source
        extra = {"RoleSessionName": _SESSION_NAME}
        if self._access.external_id is not None:
            extra["ExternalId"] = self._access.external_id
        fetcher = AssumeRoleCredentialFetcher(
            partial(self._sts_for_renewal, session),
            source,
            self._access.assume_role_arn,
            extra_args=extra,
        )
        return DeferredRefreshableCredentials(method="assume-role", refresh_using=fetcher.fetch_credentials)

    def _sts_for_renewal(
        self,
        session: Session,
        _service: str,
        *,
        aws_access_key_id: str,
        aws_secret_access_key: str,
        aws_session_token: str | None,
    ) -> BaseClient:
        # botocore renews credentials while it signs, in any thread; a session makes one client at a time.
        with self._lock:
            return session.create_client(
                "sts",
                region_name=self._access.region,
                config=self._config,
                aws_access_key_id=aws_access_key_id,
                aws_secret_access_key=aws_secret_access_key,
                aws_session_token=aws_session_token,
            )


class _Found:
    """A credential provider for botocore's session whose credentials are known already."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def load_credentials(self) -> Credentials:
        return self._credentials

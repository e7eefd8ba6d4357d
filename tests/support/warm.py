"""Imported before programs are forked: does once for all of them what each would do for its first object and call."""

from __future__ import annotations

from typing import get_args

import botocore.session
from botocore.loaders import Loader, create_loader

from datamover_crds.building import build_models
from datamover_operator.aws.clients import Service


def _read_service_models() -> None:
    """Read what botocore reads for the first client of a service; AWS_DATA_PATH still asks for models of its own."""
    session = botocore.session.Session()
    loader = session.get_component("data_loader")
    session.set_credentials("none", "none")
    for service in get_args(Service):
        session.create_client(service, region_name="eu-central-1")

    def load_from(search_path_string: str | None = None) -> Loader:
        return loader if search_path_string is None else create_loader(search_path_string)

    botocore.session.create_loader = load_from


build_models()
_read_service_models()

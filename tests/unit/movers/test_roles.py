"""The bucket access roles: whom they trust."""

from __future__ import annotations

import json

import botocore.session
import pytest

from datamover_crds import DataMoverAccountSpec
from datamover_operator.movers.plan.roles import trust_policy

SESSION = botocore.session.get_session()
REGIONS = [
    (partition, region)
    for partition in SESSION.get_available_partitions()
    for region in SESSION.get_available_regions("datasync", partition)
]


@pytest.mark.parametrize(("partition", "region"), REGIONS, ids=lambda each: each)
def test_datasync_is_trusted_in_every_region_that_has_it(partition: str, region: str) -> None:
    spec = DataMoverAccountSpec.model_validate({"accountId": "123456789012", "region": region})
    assert f'"arn:{partition}:datasync:{region}:123456789012:*"' in json.dumps(
        trust_policy("123456789012", spec.region)
    )

"""Tags, and finding resources by them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.account import Account


def tags(account: Account, arn: str) -> dict[str, str]:
    pages = account.datasync.get_paginator("list_tags_for_resource").paginate(ResourceArn=arn)
    return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}


def found(account: Account, **parameters: Any) -> list[str]:  # noqa: ANN401 - GetResources' parameters
    pages = account.tagging.get_paginator("get_resources").paginate(**parameters)
    return [entry["ResourceARN"] for page in pages for entry in page["ResourceTagMappingList"]]


def test_tags_are_set_overlaid_and_removed(account: Account) -> None:
    arn = account.efs_location(Tags=[{"Key": "a", "Value": "1"}, {"Key": "empty", "Value": ""}])
    account.datasync.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "2"}, {"Key": "b c", "Value": "x@y"}])
    assert tags(account, arn) == {"a": "2", "empty": "", "b c": "x@y"}
    account.datasync.untag_resource(ResourceArn=arn, Keys=["a", "never there"])
    assert tags(account, arn) == {"empty": "", "b c": "x@y"}


def test_a_resource_holds_fifty_tags(account: Account) -> None:
    arn = account.efs_task(Tags=[{"Key": f"k{number}", "Value": "v"} for number in range(50)])
    account.datasync.tag_resource(ResourceArn=arn, Tags=[{"Key": "k0", "Value": "w"}])
    with pytest.raises(account.datasync.exceptions.InvalidRequestException, match="51 tags"):
        account.datasync.tag_resource(ResourceArn=arn, Tags=[{"Key": "k50", "Value": "v"}])
    assert len(tags(account, arn)) == 50
    shown = account.datasync.list_tags_for_resource(ResourceArn=arn, MaxResults=20)
    assert len(shown["Tags"]) == 20


def test_an_execution_has_tags_of_its_own(account: Account) -> None:
    task = account.efs_task(Tags=[{"Key": "of", "Value": "task"}])
    execution = account.start(task, Tags=[{"Key": "of", "Value": "execution"}])
    assert tags(account, execution) == {"of": "execution"}
    account.ended(execution)


def test_what_is_gone_has_no_tags(account: Account) -> None:
    arn = account.efs_location()
    account.datasync.delete_location(LocationArn=arn)
    with pytest.raises(account.datasync.exceptions.InvalidRequestException, match="is not found"):
        tags(account, arn)


def test_resources_are_found_by_tags_and_type(account: Account) -> None:
    mine = [{"Key": "owner", "Value": "me"}]
    source = account.efs_location("fs-0aaaaaaaaaaaaaaaa", Tags=[*mine, {"Key": "part", "Value": "source"}])
    destination = account.efs_location("fs-0bbbbbbbbbbbbbbbb", Tags=[*mine, {"Key": "part", "Value": "destination"}])
    task = account.task(source, destination, Tags=[{"Key": "owner", "Value": "you"}])
    account.efs_location()  # without tags it is never shown
    assert found(account) == [source, destination, task]
    assert found(account, TagFilters=[{"Key": "owner", "Values": ["me"]}]) == [source, destination]
    assert found(account, TagFilters=[{"Key": "owner"}], ResourceTypeFilters=["datasync:task"]) == [task]
    assert found(account, ResourceTypeFilters=["datasync:location"]) == [source, destination]
    assert found(account, ResourceTypeFilters=["s3"]) == []
    both = [{"Key": "owner", "Values": ["me", "you"]}, {"Key": "part", "Values": ["source"]}]
    assert found(account, TagFilters=both) == [source]
    assert found(account, ResourceARNList=[task]) == [task]


def test_found_resources_come_in_pages_with_their_tags(account: Account) -> None:
    made = [
        account.efs_location(Subdirectory=f"/{number}", Tags=[{"Key": "n", "Value": str(number)}])
        for number in range(5)
    ]
    first = account.tagging.get_resources(ResourcesPerPage=2)
    assert [entry["Tags"] for entry in first["ResourceTagMappingList"]] == [
        [{"Key": "n", "Value": "0"}],
        [{"Key": "n", "Value": "1"}],
    ]
    assert first["PaginationToken"]
    assert found(account, PaginationConfig={"PageSize": 2}) == made


def test_a_page_of_resources_has_bounds(account: Account) -> None:
    with pytest.raises(account.tagging.exceptions.InvalidParameterException, match="ResourcesPerPage is 101"):
        account.tagging.get_resources(ResourcesPerPage=101)


def test_the_tagging_api_changes_tags_and_tells_what_it_could_not(account: Account) -> None:
    location, gone = account.efs_location(), account.efs_location(Tags=[{"Key": "a", "Value": "1"}])
    account.datasync.delete_location(LocationArn=gone)
    failed = account.tagging.tag_resources(ResourceARNList=[location, gone], Tags={"a": "2", "b": "3"})
    assert tags(account, location) == {"a": "2", "b": "3"}
    assert list(failed["FailedResourcesMap"]) == [gone]
    assert "is not found" in failed["FailedResourcesMap"][gone]["ErrorMessage"]
    failed = account.tagging.untag_resources(ResourceARNList=[location, gone], TagKeys=["a"])
    assert tags(account, location) == {"b": "3"}
    assert list(failed["FailedResourcesMap"]) == [gone]


def test_the_tagging_api_lists_keys_and_values(account: Account) -> None:
    for value in ("2", "1", "2"):
        account.efs_location(Tags=[{"Key": "n", "Value": value}, {"Key": "owner", "Value": "me"}])
    assert account.tagging.get_tag_keys()["TagKeys"] == ["n", "owner"]
    assert account.tagging.get_tag_values(Key="n")["TagValues"] == ["1", "2"]
    assert account.tagging.get_tag_values(Key="none")["TagValues"] == []

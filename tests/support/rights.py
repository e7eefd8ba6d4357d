"""The operator's own identity: a token of the chart's ServiceAccount, with the rights that the chart grants."""

from __future__ import annotations

import base64
import copy
import functools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from datamover_dev.controlplane import kubeconfig
from tests.support.api import Api, ApiError, JsonDict
from tests.support.cleaning import NOT_FOUND
from tests.support.helm import render
from tests.support.waiting import eventually

PLACE = "namespace-of-the-test"
SECRETS = ("aws", "keys")
"""Those that the operator may read."""

_RBAC = "/apis/rbac.authorization.k8s.io/v1"
_REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
_SELF_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
Right = tuple[str, str, str, str]
"""Kind of the role, API group, resource, verb."""

_PLURALS = {
    "ServiceAccount": "/api/v1/namespaces/{}/serviceaccounts",
    "Role": _RBAC + "/namespaces/{}/roles",
    "RoleBinding": _RBAC + "/namespaces/{}/rolebindings",
    "ClusterRole": _RBAC + "/clusterroles",
    "ClusterRoleBinding": _RBAC + "/clusterrolebindings",
}


def in_one_namespace(namespace: str) -> list[JsonDict]:
    """The chart's objects where it watches just the namespace that it is installed in."""
    return _rendered((PLACE,), (PLACE,), namespace)


def in_all_namespaces(namespace: str) -> list[JsonDict]:
    """The chart's objects where it watches every namespace and is installed in `namespace`.

    The movers of namespace `default` alone may have Secrets.
    """
    return _rendered((), ("default",), namespace)


def of_the_rest_service(namespace: str, *facades: str) -> list[JsonDict]:
    """The chart's objects for the REST service where it serves just the namespace that it is installed in.

    `facades` are the chart's names of those that are on; none: the first one alone.
    """
    objects: list[JsonDict] = json.loads(json.dumps(_rest_template(facades)).replace(PLACE, namespace))
    return objects


@contextmanager
def identity(api: Api, admin: Path, folder: Path, objects: list[JsonDict]) -> Iterator[Path]:
    """Create the ServiceAccount and its rights; yield a kubeconfig with a token of it (TokenRequest).

    By then the rights are in force: the API server reads roles and bindings from caches, a while after their creation.
    """
    for each in objects:
        api.create(_collection(each), each)
    try:
        account = next(each for each in objects if each["kind"] == "ServiceAccount")
        path = f"{_collection(account)}/{account['metadata']['name']}/token"
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        whose = _written(admin, folder, api.create(path, request)["status"]["token"])
        _wait_in_force(whose, objects)
        yield whose
    finally:
        for each in objects:
            if each["kind"].startswith("Cluster"):  # the others hold in their namespace alone
                _remove(api, f"{_collection(each)}/{each['metadata']['name']}")


def _wait_in_force(whose: Path, objects: list[JsonDict]) -> None:
    """Wait until the API server grants one right of each role."""
    own = Api(whose)

    def is_granted(asked: JsonDict) -> bool:
        granted: bool = own.create(_SELF_REVIEWS, {"spec": {"resourceAttributes": asked}})["status"]["allowed"]
        return granted

    for role in (each for each in objects if each.get("rules")):
        rule = role["rules"][0]
        resource, _, subresource = rule["resources"][0].partition("/")
        asked = {
            "namespace": role["metadata"].get("namespace", ""),
            "group": rule["apiGroups"][0],
            "resource": resource,
            "subresource": subresource,
            "verb": rule["verbs"][0],
            "name": rule.get("resourceNames", [""])[0],
        }
        eventually(functools.partial(is_granted, asked), what=f"{asked} is granted")
    own.close()


def _written(admin: Path, folder: Path, token: str) -> Path:
    cluster = json.loads(admin.read_text())["clusters"][0]["cluster"]
    authority = folder / "ca.crt"
    authority.write_bytes(base64.b64decode(cluster["certificate-authority-data"]))
    path = folder / "service-account-kubeconfig"
    kubeconfig.write(path, server=cluster["server"], authority=authority, token=token)
    return path


def _rendered(watched: tuple[str, ...], with_secrets: tuple[str, ...], namespace: str) -> list[JsonDict]:
    objects: list[JsonDict] = json.loads(json.dumps(_template(watched, with_secrets)).replace(PLACE, namespace))
    return objects


@functools.cache
def _template(watched: tuple[str, ...], with_secrets: tuple[str, ...]) -> list[JsonDict]:
    """Rendered once for all tests of a worker: helm takes half a second."""
    only = ("operator/serviceaccount.yaml", "operator/rbac.yaml")
    values = {
        "watchNamespaces": list(watched),
        "secretNamespaces": list(with_secrets),
        "operator": {"secretNames": list(SECRETS)},
    }
    return render(values, namespace=PLACE, only=only)


@functools.cache
def _rest_template(facades: tuple[str, ...]) -> list[JsonDict]:
    only = ("api/serviceaccount.yaml", "api/rbac.yaml")
    keys = {"keys": {"existingSecret": "keys"}}
    on = {name: {"enabled": True} | ({} if name == "legacy" else keys) for name in facades}
    values = {"api": {"enabled": True, "namespaces": [PLACE]} | keys | on}
    return render(values, namespace=PLACE, only=only)


def _collection(each: JsonDict) -> str:
    return _PLURALS[each["kind"]].format(each["metadata"].get("namespace"))


def _remove(api: Api, path: str) -> None:
    try:
        api.delete(path)
    except ApiError as error:
        if error.status != NOT_FOUND:
            raise


def withhold_storage_secrets(api: Api, namespace: str) -> None:
    """Take back the right to any Secret in the namespace, which the chart's value secretNamespaces grants."""
    bindings = _PLURALS["RoleBinding"].format(namespace)
    (storage,) = [each for each in api.get(bindings)["items"] if each["roleRef"]["name"].endswith("-secrets")]
    api.delete(f"{bindings}/{storage['metadata']['name']}")
    account = storage["subjects"][0]
    user = f"system:serviceaccount:{account['namespace']}:{account['name']}"
    asked = {"namespace": namespace, "resource": "secrets", "verb": "get", "name": "any"}
    spec = {"user": user, "resourceAttributes": asked}
    eventually(lambda: not api.create(_REVIEWS, {"spec": spec})["status"]["allowed"], what="the right is gone")


def single_rights(objects: list[JsonDict]) -> list[Right]:
    """Each single right that these objects grant, as often as they grant it."""
    return [
        (each["kind"], group, resource, verb)
        for each in objects
        for rule in each.get("rules", ())
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    ]


def without(objects: list[JsonDict], right: Right) -> list[JsonDict]:
    """The same objects less one right."""
    kind, group, resource, verb = right
    left = copy.deepcopy(objects)
    for each in left:
        if each["kind"] == kind:
            each["rules"] = [part for rule in each["rules"] for part in _split(rule, group, resource, verb)]
    return left


def _split(rule: JsonDict, group: str, resource: str, verb: str) -> Iterator[JsonDict]:
    """The rule as one for each of its resources, which lose the verb where the right is meant."""
    for each in rule["resources"]:
        is_meant = group in rule["apiGroups"] and each == resource
        verbs = [name for name in rule["verbs"] if not (is_meant and name == verb)]
        if verbs:
            yield rule | {"resources": [each], "verbs": verbs}

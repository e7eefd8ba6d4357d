"""Object storage that is not AWS's."""

from __future__ import annotations

from tests.support.location_cases.case import AGENT, CMK, CUSTOM, OTHER_AGENT, Edit, LocationCase, ref
from tests.support.specs import ROLE, JsonDict

_GOOGLE_IDENTITY = {
    "awsIamRole": ROLE,
    "externalIdentity": {
        "googleOidc": {
            "projectName": "my-project",
            "projectNumber": "1234",
            "identityPoolName": "my-pool",
            "identityProviderName": "my-provider",
        }
    },
}

_AZURE_IDENTITY = {
    "awsIamRole": ROLE,
    "azureOidc": {
        "tenantId": "01234567-89ab-cdef-0123-456789abcdef",
        "clientId": "01234567-89ab-cdef-0123-456789abcdef",
    },
}


_OBJECTS: JsonDict = {"serverHostname": "minio.example.com", "bucketName": "from"}

_AZURE: JsonDict = {
    "containerUrl": "https://mine.blob.core.windows.net/from",
    "authenticationType": "SAS",
    "sasConfiguration": {"token": ref("token")},
}


CASES = (
    LocationCase(
        name="objectStorage",
        least=_OBJECTS,
        full={
            "serverHostname": "minio.example.com",
            "bucketName": "from",
            "subdirectory": "in",
            "serverPort": 9000,
            "serverProtocol": "HTTPS",
            "serverCertificate": ref("certificate"),
            "accessKey": ref("access"),
            "secretKey": ref("password"),
            "agentArns": [AGENT],
            "cmkSecretConfig": CMK,
        },
        uri="object-storage://minio.example.com/from/in/",
        described={"serverPort": 9000, "serverProtocol": "HTTPS", "agentArns": [AGENT], "cmkSecretConfig": CMK},
        edits=(
            Edit({"subdirectory": "out"}, {"subdirectory": "/out/"}),
            Edit({"serverHostname": "10.0.0.9"}, {"serverHostname": "10.0.0.9"}),
            Edit(
                {"serverPort": 80, "serverProtocol": "HTTP", "serverCertificate": None},
                {"serverPort": 80, "serverProtocol": "HTTP"},
            ),
        ),
        defaults={"subdirectory": "/"},
        replacing=({"bucketName": "another"}, {"agentArns": [OTHER_AGENT]}),
        mistakes=(("agentArns[0]", {"agentArns": ["arn:aws:datasync:eu:1:agent/x"]}),),
        granted="object-storage://minio.example.com/from/*",
        refused="object-storage://minio.example.com/to/*",
        agents=("agentArns[0]",),
        secrets={"serverCertificate": "certificate", "accessKey": "access", "secretKey": "password"},
        fixed=frozenset({"AgentArns"}),
        left_out=frozenset({"CmkSecretConfig.SecretArn"}),
        broken=(
            (".accessKey", "must be set where secretKey is set", _OBJECTS | {"secretKey": ref("password")}),
            (
                ".serverCertificate",
                "can be set only where serverProtocol is HTTPS",
                _OBJECTS | {"serverProtocol": "HTTP", "serverCertificate": ref("certificate")},
            ),
            (
                ".federatedIdentity",
                "must not be set together with accessKey or customSecretConfig",
                _OBJECTS | {"accessKey": ref("access"), "federatedIdentity": _GOOGLE_IDENTITY},
            ),
            (
                ".customSecretConfig",
                "must not be set together with secretKey or cmkSecretConfig",
                _OBJECTS | {"cmkSecretConfig": CMK, "customSecretConfig": CUSTOM},
            ),
        ),
    ),
    LocationCase(
        name="azureBlob",
        least=_AZURE,
        full={
            "containerUrl": "https://mine.blob.core.windows.net/from",
            "authenticationType": "SAS",
            "sasConfiguration": {"token": ref("token")},
            "subdirectory": "/in",
            "blobType": "BLOCK",
            "accessTier": "COOL",
            "agentArns": [AGENT],
            "cmkSecretConfig": CMK,
        },
        uri="azure-blob://mine.blob.core.windows.net/from/in/",
        described={
            "authenticationType": "SAS",
            "blobType": "BLOCK",
            "accessTier": "COOL",
            "agentArns": [AGENT],
            "cmkSecretConfig": CMK,
        },
        edits=(
            Edit({"subdirectory": "out"}, {"subdirectory": "/out/"}),
            Edit({"accessTier": "ARCHIVE"}, {"accessTier": "ARCHIVE"}),
            Edit(
                {"sasConfiguration": None, "authenticationType": "OIDC", "federatedIdentity": _AZURE_IDENTITY},
                {"authenticationType": "OIDC", "federatedIdentity": _AZURE_IDENTITY},
            ),
        ),
        defaults={"subdirectory": "/", "accessTier": "HOT"},
        replacing=(
            {"containerUrl": "https://mine.blob.core.windows.net/another"},
            {"agentArns": [OTHER_AGENT]},
        ),
        mistakes=(("agentArns[0]", {"agentArns": ["arn:aws:datasync:eu:1:agent/x"]}),),
        granted="azure-blob://mine.blob.core.windows.net/from/*",
        refused="azure-blob://mine.blob.core.windows.net/to/*",
        agents=("agentArns[0]",),
        secrets={"sasConfiguration.token": "token"},
        fixed=frozenset({"AgentArns"}),
        left_out=frozenset({"CmkSecretConfig.SecretArn"}),
        broken=(
            (
                ".authenticationType",
                "must be SAS with sasConfiguration or customSecretConfig",
                _AZURE | {"authenticationType": "NONE"},
            ),
            (".authenticationType", "OIDC with federatedIdentity", _AZURE | {"federatedIdentity": _AZURE_IDENTITY}),
            (
                ".customSecretConfig",
                "must not be set together with sasConfiguration or cmkSecretConfig",
                _AZURE | {"customSecretConfig": CUSTOM},
            ),
        ),
        needed=(("sasConfiguration", {"sasConfiguration": None}),),
    ),
)

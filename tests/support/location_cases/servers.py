"""File servers and clusters that somebody else runs."""

from __future__ import annotations

from tests.support.location_cases.case import AGENT, CMK, CUSTOM, OTHER_AGENT, Edit, LocationCase, ref
from tests.support.specs import JsonDict

_NFS: JsonDict = {
    "serverHostname": "nas.example.com",
    "subdirectory": "/export",
    "onPremConfig": {"agents": ["office"]},
}

_SMB: JsonDict = {
    "serverHostname": "files.example.com",
    "subdirectory": "share",
    "agents": ["office"],
    "user": "joe",
    "password": ref("password"),
}

_HDFS: JsonDict = {
    "nameNodes": [{"hostname": "namenode.example.com", "port": 8020}],
    "authenticationType": "SIMPLE",
    "simpleUser": "hadoop",
    "agents": ["office"],
}


CASES = (
    LocationCase(
        name="nfs",
        least=_NFS,
        full={
            "serverHostname": "nas.example.com",
            "subdirectory": "/export/data",
            "onPremConfig": {"agentArns": [AGENT]},
            "mountOptions": {"version": "NFS3"},
        },
        uri="nfs://nas.example.com/export/data/",
        described={"onPremConfig": {"agentArns": [AGENT]}, "mountOptions": {"version": "NFS3"}},
        edits=(
            Edit({"subdirectory": "/export/more"}, {"subdirectory": "/export/more/"}),
            Edit({"serverHostname": "10.0.0.9"}, {"serverHostname": "10.0.0.9"}),
            Edit({"mountOptions": {"version": "NFS4_0"}}, {"mountOptions": {"version": "NFS4_0"}}),
            Edit(
                {"onPremConfig": {"agentArns": [AGENT], "agents": ["cellar"]}},
                {"onPremConfig": {"agentArns": [AGENT, OTHER_AGENT]}},
            ),
        ),
        defaults={"mountOptions": {"version": "AUTOMATIC"}},
        replacing=(),
        mistakes=(("onPremConfig.agentArns[0]", {"onPremConfig": {"agentArns": ["arn:aws:datasync:eu:1:agent/x"]}}),),
        granted="nfs://nas.example.com/export/*",
        refused="nfs://nas.example.com/other/*",
        agents=("onPremConfig.agentArns[0]",),
        attributes="posix",
        by_name=frozenset({"OnPremConfig.AgentArns"}),
        broken=(
            (".subdirectory", "must be the absolute path of an export", _NFS | {"subdirectory": "export"}),
            (".onPremConfig.agentArns", "must name at least one agent", _NFS | {"onPremConfig": {}}),
        ),
    ),
    LocationCase(
        name="smb",
        attributes="windows",
        least=_SMB,
        full={
            "serverHostname": "files.example.com",
            "subdirectory": "/share/in",
            "agentArns": [AGENT],
            "authenticationType": "KERBEROS",
            "kerberosPrincipal": "joe@EXAMPLE.COM",
            "kerberosKeytab": ref("keytab"),
            "kerberosKrb5Conf": ref("krb5.conf"),
            "dnsIpAddresses": ["10.0.0.2"],
            "user": "joe",
            "domain": "corp.example.com",
            "password": ref("password"),
            "cmkSecretConfig": CMK,
            "mountOptions": {"version": "SMB3"},
        },
        uri="smb://files.example.com/share/in/",
        described={
            "agentArns": [AGENT],
            "authenticationType": "KERBEROS",
            "kerberosPrincipal": "joe@EXAMPLE.COM",
            "dnsIpAddresses": ["10.0.0.2"],
            "user": "joe",
            "domain": "corp.example.com",
            "cmkSecretConfig": CMK,
            "mountOptions": {"version": "SMB3"},
        },
        edits=(
            Edit({"subdirectory": "share/out"}, {"subdirectory": "/share/out/"}),
            Edit({"user": "ann", "domain": "other"}, {"user": "ann", "domain": "other"}),
            Edit({"agentArns": [OTHER_AGENT, AGENT]}, {"agentArns": [OTHER_AGENT, AGENT]}),
            Edit({"dnsIpAddresses": ["10.0.0.3", "10.0.0.2"]}, {"dnsIpAddresses": ["10.0.0.3", "10.0.0.2"]}),
            Edit({"mountOptions": {"version": "SMB2_0"}}, {"mountOptions": {"version": "SMB2_0"}}),
        ),
        defaults={"authenticationType": "NTLM", "mountOptions": {"version": "AUTOMATIC"}},
        replacing=(),
        mistakes=(("agentArns[0]", {"agentArns": ["arn:aws:datasync:eu:1:agent/x"]}),),
        granted="smb://files.example.com/share/*",
        refused="smb://files.example.com/other/*",
        agents=("agentArns[0]",),
        secrets={"password": "password", "kerberosKeytab": "keytab", "kerberosKrb5Conf": "krb5.conf"},
        by_name=frozenset({"AgentArns"}),
        left_out=frozenset({"CmkSecretConfig.SecretArn"}),
        broken=(
            (".user", "without the domain, which belongs in domain", _SMB | {"user": "CORP\\joe"}),
            (".agentArns", "must name at least one agent", _SMB | {"agents": []}),
            (
                ".customSecretConfig",
                "must not be set together with password or cmkSecretConfig",
                _SMB | {"customSecretConfig": CUSTOM},
            ),
        ),
        needed=(
            ("kerberosPrincipal", {"kerberosPrincipal": None}),
            ("kerberosKrb5Conf", {"kerberosKrb5Conf": None}),
            ("kerberosKeytab", {"kerberosKeytab": None}),
            ("user", {"authenticationType": None, "user": None}),
            ("password", {"authenticationType": "NTLM", "password": None}),
        ),
    ),
    LocationCase(
        name="hdfs",
        attributes="posix",
        least=_HDFS,
        full={
            "nameNodes": [{"hostname": "namenode.example.com", "port": 8020}],
            "subdirectory": "/data",
            "agentArns": [AGENT],
            "authenticationType": "KERBEROS",
            "simpleUser": "hadoop",
            "kerberosPrincipal": "hdfs/nn@EXAMPLE.COM",
            "kerberosKeytab": ref("keytab"),
            "kerberosKrb5Conf": ref("krb5.conf"),
            "qopConfiguration": {"rpcProtection": "INTEGRITY", "dataTransferProtection": "INTEGRITY"},
            "kmsKeyProviderUri": "kms://https@kms.example.com:9600/kms",
            "blockSize": 1_048_576,
            "replicationFactor": 1,
            "cmkSecretConfig": CMK,
        },
        uri="hdfs://namenode.example.com:8020/data/",
        described={
            "nameNodes": [{"hostname": "namenode.example.com", "port": 8020}],
            "agentArns": [AGENT],
            "authenticationType": "KERBEROS",
            "simpleUser": "hadoop",
            "kerberosPrincipal": "hdfs/nn@EXAMPLE.COM",
            "qopConfiguration": {"rpcProtection": "INTEGRITY", "dataTransferProtection": "INTEGRITY"},
            "kmsKeyProviderUri": "kms://https@kms.example.com:9600/kms",
            "blockSize": 1_048_576,
            "replicationFactor": 1,
            "cmkSecretConfig": CMK,
        },
        edits=(
            Edit({"subdirectory": "/logs"}, {"subdirectory": "/logs/"}),
            Edit({"nameNodes": [{"hostname": "b", "port": 1}]}, {"nameNodes": [{"hostname": "b", "port": 1}]}),
            Edit({"replicationFactor": 2}, {"replicationFactor": 2}),
            Edit(
                {"qopConfiguration": {"rpcProtection": "PRIVACY"}}, {"qopConfiguration": {"rpcProtection": "PRIVACY"}}
            ),
        ),
        defaults={
            "subdirectory": "/",
            "blockSize": 134_217_728,
            "replicationFactor": 3,
            "qopConfiguration": {"rpcProtection": "PRIVACY", "dataTransferProtection": "PRIVACY"},
        },
        replacing=(),
        mistakes=(("agentArns[0]", {"agentArns": ["arn:aws:datasync:eu:1:agent/x"]}),),
        granted="hdfs://namenode.example.com:8020/*",
        refused="hdfs://namenode.example.com:8021/*",
        agents=("agentArns[0]",),
        secrets={"kerberosKeytab": "keytab", "kerberosKrb5Conf": "krb5.conf"},
        by_name=frozenset({"AgentArns"}),
        left_out=frozenset({"CmkSecretConfig.SecretArn"}),
        broken=(
            (".simpleUser", "must be set where authenticationType is SIMPLE", _HDFS | {"simpleUser": None}),
            (
                ".qopConfiguration",
                "must be DISABLED where authenticationType is SIMPLE",
                _HDFS | {"qopConfiguration": {"rpcProtection": "PRIVACY"}},
            ),
            (
                ".customSecretConfig",
                "must not be set together with kerberosKeytab or cmkSecretConfig",
                _HDFS | {"cmkSecretConfig": CMK, "customSecretConfig": CUSTOM},
            ),
            *(
                (".kmsKeyProviderUri", "must be kms://http@<host>:<port>/kms", _HDFS | {"kmsKeyProviderUri": uri})
                for uri in (
                    "https://kms:9600/kms",
                    "kms://https@kms:9600",
                    "kms://ftp@kms:1/kms",
                    "kms://http@a;:1/kms",
                )
            ),
            (".blockSize", "must be a multiple of 512", _HDFS | {"blockSize": 1_048_577}),
        ),
        needed=(
            ("kerberosPrincipal", {"kerberosPrincipal": None}),
            ("kerberosKrb5Conf", {"kerberosKrb5Conf": None}),
            ("kerberosKeytab", {"kerberosKeytab": None}),
        ),
    ),
)

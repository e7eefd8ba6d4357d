"""The examples of the system's documentation, for the routes' descriptions."""

from __future__ import annotations

from typing import Any, Final

Example = dict[str, Any]

CREATE_TABLES: Final[Example] = {
    "source": {"type": "postgresql", "url": "postgresql://source-db:5432/mydb"},
    "destination": {"type": "postgresql", "url": "postgresql://dest-db:5432/mydb"},
    "tables": ["users", "transactions"],
    "syncInterval": "30s",
}
CREATE_FILES: Final[Example] = {
    "source": {"type": "s3", "url": "s3://team-a-reports/daily/"},
    "destination": {"type": "s3", "url": "s3://archive/daily/"},
}
STATUS: Final[Example] = {
    "id": "sync_abc123xyz789",
    "status": "running",
    "progress": 40,
    "updatedAt": "2026-02-21T10:31:06.000Z",
    "lastSyncAt": None,
    "estimatedDuration": "2m45s",
    "tables": [{"name": "public.users", "state": "Ready"}, {"name": "public.transactions", "state": "Copying"}],
    "error": None,
}
SYNC: Final[Example] = {
    "id": "sync_abc123xyz789",
    "status": "running",
    "progress": 0,
    "createdAt": "2026-02-21T10:30:00Z",
    "updatedAt": "2026-02-21T10:30:00.000Z",
    "lastSyncAt": None,
    "source": CREATE_TABLES["source"],
    "destination": CREATE_TABLES["destination"],
    "tables": ["users", "transactions"],
    "syncInterval": "30s",
    "paused": False,
    "webhook": None,
    "estimatedDuration": "2m45s",
    "error": None,
}
LIST: Final[Example] = {"items": [SYNC], "nextCursor": None}
EVENT: Final = 'id: 1042-0-0\nevent: status\ndata: {"id":"sync_abc123xyz789","status":"running","progress":40}\n\n'
RUNS: Final[Example] = {
    "items": [
        {
            "id": "sync-abc123xyz789-1",
            "status": "completed",
            "startedAt": "2026-02-21T10:30:01Z",
            "endedAt": "2026-02-21T10:32:46Z",
            "progress": 100,
            "filesTransferred": 2372,
            "bytesTransferred": 41537519,
            "error": None,
            "deliveries": [
                {
                    "id": "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W",
                    "event": "sync.completed",
                    "state": "delivered",
                    "attempts": 1,
                    "message": None,
                }
            ],
        }
    ],
    "nextCursor": None,
}

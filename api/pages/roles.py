"""Where each role begins its day, and what it is called."""

from __future__ import annotations

ROLE_WORDS = {
    "elder": "老人本人",
    "family": "家属",
    "carer": "护理员",
    "volunteer": "志愿者",
    "dispatcher": "机构调度员",
    "officer": "街道民政干部",
    "advisor": "养老顾问",
    "auditor": "审计员",
    "operator": "热线接线员",
    "administrator": "系统管理员",
    "registered": "已登记",
}
ROLE_HOMES = {
    "elder": "/elder",
    "family": "/family",
    "carer": "/carer",
    "volunteer": "/volunteer",
    "dispatcher": "/provider",
    "officer": "/officer",
    "advisor": "/officer",
    "auditor": "/officer",
    "operator": "/desk",
    "administrator": "/me",
    "registered": "/me",
}

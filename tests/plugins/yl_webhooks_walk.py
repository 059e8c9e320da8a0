"""The part of the walk about platforms that are told: the administrator alone, a body for each call, one subscription."""

from __future__ import annotations

from typing import Any

ADMINISTRATOR = frozenset({"administrator"})
ONE = "/api/v1/webhooks/{webhook_id}"
MAY_OF_WEBHOOKS: dict[str, frozenset[str]] = {
    "GET /api/v1/webhooks": ADMINISTRATOR,
    "POST /api/v1/webhooks": ADMINISTRATOR,
    f"GET {ONE}/tries": ADMINISTRATOR,
    **{f"POST {ONE}/{verb}": ADMINISTRATOR for verb in ("pause", "resumption", "ending", "secret", "test", "replay")},
}


def bodies_of_webhooks(world: Any) -> dict[str, dict[str, Any]]:
    """Give the bodies of calls about subscriptions."""
    return {
        "POST /api/v1/webhooks": {
            "platform": "市平台", "url": "https://city.example.cn/in", "kinds": ["beds"], "area_code": 320102000000000,
        },
        f"POST {ONE}/replay": {"after": "0.0"},
    }  # fmt: skip


def webhooks(world: Any) -> None:
    """One platform that is told, with a try that failed."""
    from services.oversight.webhook_calling import Answer
    from services.oversight.webhook_sending import hear_answer, probe_message
    from services.oversight.webhooks import NewWebhook, make_webhook

    with world.cast.work("administrator") as work:
        new = NewWebhook("省养老服务平台", "https://platform.example.cn/in", ("beds", "facility"), 320100000000000)
        world.ids["webhook"], _ = make_webhook(work.session, work.now, work.actor, new)
    with world.cast.work("house") as work:
        sent = probe_message(work.session, work.now, world.ids["webhook"], 1)
        assert sent is not None
        hear_answer(work.session, work.now, sent, Answer(503))


def names_of_webhooks(world: Any) -> dict[str, Any]:
    """Give what stands in the addresses of these calls and pages."""
    return {"webhook_id": world.ids["webhook"]}

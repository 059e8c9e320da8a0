"""Schemathesis over the OpenAPI document: whatever a signed-in person sends, no answer is a 5xx.

Operations are walked in a loop of our own: schemathesis 4.32's pytest fixture does not run under pytest 9.2.
"""

from __future__ import annotations

from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from yl_walk import World

NOT_STRIPE = "/api/v1/payments/stripe/webhook"
"""Answers 503 on a machine whose gateway is not Stripe: a documented refusal, not a fault."""
AS_OFFICE = (
    "/desk",
    "/beds",
    "/bed-stays",
    "/visit-dut",
    "/escalations",
    "/messages",
    "/tiles",
    "/elders",
    "/volunteers",
    "/imports",
    "/import-rows",
    "/gaps",
    "/siting-runs",
    "/scenarios",
)
EXAMPLES_PER_OPERATION = 5


def as_whom(path: str) -> str:
    """Give who is likeliest to be served there, so that wishes reach the rooms behind."""
    return "officer" if any(part in path for part in AS_OFFICE) else "daughter"


def test_no_wish_breaks_the_house(world: World) -> None:
    from api.app import create_app

    app = create_app()
    app.openapi()  # written once, here: on a busy machine it takes longer than the reader waits for an answer
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", app)
    broken: list[str] = []
    walked = 0
    for found in schema.get_all_operations():
        operation = found.ok()

        @settings(
            max_examples=EXAMPLES_PER_OPERATION,
            deadline=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
            derandomize=True,
            database=None,
        )
        @given(case=operation.as_strategy())
        def wish(case: Any) -> None:
            who = as_whom(case.path)
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {world.tokens[who]}"}
            answer = case.call()
            if answer.status_code >= 500 and case.path != NOT_STRIPE:
                broken.append(
                    f"{case.method} {case.path} by {who}: {answer.status_code} {case.body!r} {case.query}"[:400]
                )

        wish()
        walked += 1
    assert walked > 80 and not broken, "\n".join(broken)

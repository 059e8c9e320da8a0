"""Is the house up, and can it serve?"""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic import BaseModel
from redis import Redis
from sqlalchemy import text

from services.settings import settings
from services.unit_of_work import engine

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """`ok`, and which parts answered."""

    ok: bool
    database: bool | None = None
    redis: bool | None = None


@router.get("/healthz", summary="The process is alive")
def healthz() -> Health:
    """Answer as long as the process lives."""
    return Health(ok=True)


@router.get("/readyz", summary="Database and Redis answer")
def readyz(response: Response) -> Health:
    """Answer 200 when requests can be served, else 503 with the part that is away."""
    try:
        with engine("app").connect() as connection:
            database = connection.execute(text("SELECT 1")).scalar_one() == 1
    except Exception:
        database = False
    try:
        redis = bool(Redis.from_url(settings().redis_url, socket_timeout=2, socket_connect_timeout=2).ping())
    except Exception:
        redis = False
    response.status_code = 200 if database and redis else 503
    return Health(ok=database and redis, database=database, redis=redis)

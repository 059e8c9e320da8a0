"""A tiny application for the browser tests: static files, the switches, the gallery and the headers."""

from fastapi import FastAPI
from fastapi.responses import Response

from api.pages.development import gallery
from api.pages.kit import SecurityHeaders, static_files, switches

app = FastAPI(docs_url=None, redoc_url=None)
app.add_middleware(SecurityHeaders)
app.mount("/static", static_files())
app.include_router(switches)
app.include_router(gallery)


@app.get("/tiles/{layer}/{z}/{x}/{y}.mvt")
def empty_tile(layer: str, z: int, x: int, y: int) -> Response:
    """An empty tile: a place without streets, which the map must bear."""
    return Response(b"", media_type="application/vnd.mapbox-vector-tile")

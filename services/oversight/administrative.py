"""Administrative coverage as the officer's desk asks for it; counted in services.circles.administrative."""

from __future__ import annotations

from services.circles.administrative import AdministrativeCoverage, AreaOwns, administrative_coverage

__all__ = ["AdministrativeCoverage", "AreaOwns", "administrative_coverage"]

"""What a visitor may measure, if the elder likes: blood pressure, pulse, temperature, blood sugar. Health, so sealed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields

from services.people.privacy import seal, unseal
from services.visits.errors import BadVitals

PURPOSE = "visit-vitals"
LIMITS: dict[str, tuple[float, float]] = {
    "systolic_mmhg": (50, 280),
    "diastolic_mmhg": (30, 180),
    "pulse_per_minute": (25, 230),
    "temperature_c": (32, 43),
    "glucose_mmol": (1, 40),
}
"""What a body can have; a slip of the finger is refused, an alarming value is not."""


@dataclass(frozen=True)
class Vitals:
    """Measured at a visit, each optional: mmHg, beats a minute, degrees Celsius, mmol/L."""

    systolic_mmhg: int | None = None
    diastolic_mmhg: int | None = None
    pulse_per_minute: int | None = None
    temperature_c: float | None = None
    glucose_mmol: float | None = None


def sealed_vitals(vitals: Vitals | None) -> str | None:
    """Give what was measured, sealed; None when nothing was. Raises BadVitals(field)."""
    measured = {} if vitals is None else {name: value for name, value in asdict(vitals).items() if value is not None}
    for name, value in measured.items():
        lowest, highest = LIMITS[name]
        if not lowest <= value <= highest:
            raise BadVitals(field=name, lowest=lowest, highest=highest)
    upper, lower = measured.get("systolic_mmhg"), measured.get("diastolic_mmhg")
    if upper is not None and lower is not None and lower >= upper:
        raise BadVitals(field="diastolic_mmhg")
    return seal(PURPOSE, json.dumps(measured, sort_keys=True)) if measured else None


def opened_vitals(sealed: str | None) -> Vitals | None:
    """Give what was measured in clear; None when nothing was."""
    if sealed is None:
        return None
    known = {one.name for one in fields(Vitals)}
    return Vitals(**{name: value for name, value in json.loads(unseal(PURPOSE, sealed)).items() if name in known})

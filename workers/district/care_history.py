"""Fourteen months of orders: placed, offered, assigned, served, rated, paid, each part of the price in its place."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from services.people.demonstration import sample
from workers.district.care_rows import ServedOrder, write_order
from workers.district.people import write_relative
from workers.district.world import InventedCarer, InventedElder, InventedProvider, World, at

CLIENTS_OF_6000 = 230


class Want(NamedTuple):
    """How often a service is wanted: weights for an able and for a frail elder, and days between two orders."""

    service: str
    able: int
    frail: int
    every_days: tuple[int, ...]


WANTS = (
    Want("home_cleaning", 40, 14, (7, 14, 14)),
    Want("home_bath", 6, 26, (7, 14, 14)),
    Want("meal_delivery", 22, 12, (7, 7, 14)),
    Want("home_care", 0, 26, (7, 7, 7)),
    Want("escort_hospital", 14, 10, (30, 30, 60)),
    Want("escort_outing", 12, 4, (14, 30, 30)),
    Want("home_nursing", 2, 6, (14, 30, 30)),
    Want("home_rehab", 1, 2, (7, 14, 14)),
    Want("urgent_help", 3, 0, (120, 150, 200)),
)
HOURS = (8.5, 10.5, 13.5, 15.5)
"""A carer's four starts a day, two hours apart."""
STORYS_CARER = sample("chen_fang").full_name
DAYS_AHEAD = 6
RELATIVES_SHARE = 0.4
"""How many of the regular clients have a child who orders for them."""


@dataclass
class Client:
    """An elder who orders one service again and again, at her own hour."""

    elder: InventedElder
    service: str
    provider: InventedProvider
    every_days: int
    next_day: date
    hour: float


@dataclass
class CareBook:
    """Which carer is busy at which hour, and how much of each subsidy a month has used (fen)."""

    busy: set[tuple[int, date, float]] = field(default_factory=set)
    used_fen: dict[tuple[int, date], int] = field(default_factory=dict)


def write_care_history(world: World) -> None:
    """Write the orders of the regular clients from the first day to a few days ahead of today."""
    dice, book = world.dice("care"), CareBook()
    clients = _clients(world, dice)
    last_day = world.today + timedelta(days=DAYS_AHEAD)
    day = world.first_day
    while day <= last_day:
        for client in clients:
            if client.next_day <= day and (day.isoweekday() != 7 or client.service == "urgent_help"):
                _serve(world, dice, book, client, day)
                client.next_day = day + timedelta(days=client.every_days)
        day += timedelta(days=1)


def _clients(world: World, dice: random.Random) -> list[Client]:
    of_the_story = set(world.cast.values())
    at_home = [e for e in world.elders if e.living != "institution" and e.id not in of_the_story]
    frail = [e for e in at_home if e.care_level >= 1]
    lonely = [e for e in at_home if e.care_level == 0 and e.groups]
    wanted = max(12, round(CLIENTS_OF_6000 * world.share))
    chosen = dice.sample(frail, min(len(frail), wanted * 6 // 10)) + dice.sample(
        lonely, min(len(lonely), wanted * 4 // 10)
    )
    span = (world.today - world.first_day).days
    clients = []
    for elder in chosen:
        want = dice.choices(WANTS, [each.frail if elder.care_level else each.able for each in WANTS])[0]
        start = world.first_day + timedelta(days=int(span * 0.75 * dice.random() ** 1.4))
        provider = _provider_for(world, dice, elder, want.service)
        if dice.random() < RELATIVES_SHARE:
            write_relative(world, elder, dice)
        clients.append(Client(elder, want.service, provider, dice.choice(want.every_days), start, dice.choice(HOURS)))
    return clients


def _provider_for(world: World, dice: random.Random, elder: InventedElder, service: str) -> InventedProvider:
    street = elder.quarter_code // 10**6 * 10**6
    offering = [p for p in world.providers.values() if service in p.services and _able(world, p, service)]
    near = [provider for provider in offering if provider.street_code == street]
    return dice.choice(near or offering)


def _able(world: World, provider: InventedProvider, service: str) -> bool:
    return any(skills_for(world, service) <= carer.skills for carer in world.carers[provider.id])


def skills_for(world: World, service: str) -> frozenset[str]:
    """Give the skills a carer must hold for a service of the menu."""
    required = world.menu[service]["required_skills"]
    assert isinstance(required, list)
    return frozenset(required)


def _serve(world: World, dice: random.Random, book: CareBook, client: Client, day: date) -> None:
    silent: InventedProvider | None = None
    provider = client.provider
    urgent = client.service == "urgent_help"
    if dice.random() < 0.09 and not urgent:
        others = [p for p in world.providers.values() if client.service in p.services and p.id != provider.id]
        others = [other for other in others if _able(world, other, client.service)]
        if others:
            silent, provider = provider, dice.choice(others)
    found = free_carer(world, dice, book, provider, client, day)
    if found is None:
        return
    carer, hour = found
    service = world.menu[client.service]
    minutes = int(str(service["minutes"]))
    price = world.prices[(provider.id, client.service)]
    starts_at = at(day, hour)
    order = ServedOrder(
        elder=client.elder, service=client.service, day=day, starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=minutes), provider=provider, carer=carer, silent_provider=silent,
        price_fen=price, cancelled=dice.random() < 0.035 and not urgent,
    )  # fmt: skip
    order.government_fen, order.right_id = _share(world, book, order)
    write_order(world, dice, order)


def free_carer(
    world: World, dice: random.Random, book: CareBook, provider: InventedProvider, client: Client, day: date
) -> tuple[InventedCarer, float] | None:
    """Give a carer with the skills who is free that day, and the hour: the client's own if possible, else None."""
    needed = skills_for(world, client.service)
    long = int(str(world.menu[client.service]["minutes"])) > 120
    team = [carer for carer in world.carers[provider.id] if needed <= carer.skills and not _plays(world, carer, day)]
    for hour in (client.hour, *HOURS):
        after = [later for later in HOURS if later > hour][:1] if long else []
        free = [c for c in team if all((c.id, day, each) not in book.busy for each in (hour, *after))]
        if free:
            carer = dice.choice(free)
            book.busy.update((carer.id, day, each) for each in (hour, *after))
            return carer, hour
    return None


def _plays(world: World, carer: InventedCarer, day: date) -> bool:
    """Tell whether a carer is kept free that day because the story's orders will go to her."""
    return day > world.today and carer.name == STORYS_CARER


def _share(world: World, book: CareBook, order: ServedOrder) -> tuple[int, int | None]:
    """Give government's fen and the right they come from: the best of the elder's rights, capped by the month."""
    best: tuple[int, int | None] = (0, None)
    month = order.day.replace(day=1)
    for right in world.entitlements.get(order.elder.id, []):
        if order.service in right.service_codes:
            left = right.monthly_cap_fen - book.used_fen.get((right.id, month), 0)
            share = min(order.price_fen * right.percent // 100, max(0, left))
            if share > best[0]:
                best = (share, right.id)
    if best[1] is not None and not order.cancelled:
        book.used_fen[(best[1], month)] = book.used_fen.get((best[1], month), 0) + best[0]
    return best

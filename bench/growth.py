"""The growth of a letter as a table and a picture."""

from __future__ import annotations

import math
from pathlib import Path

from outcome import Outcome

COLUMNS = (
    ("size", "signatories"),
    ("make_s", "making them, s"),
    ("append_s", "appending, s"),
    ("start_s", "clerk starts, s"),
    ("start_mb_of_memory", "MB"),
    ("bundle_s", "bundle made, s"),
    ("bundle_mb", "MB packed"),
    ("bundle_mb_of_memory", "MB"),
    ("verify_s", "verified, s"),
    ("verify_mb_of_memory", "MB"),
    ("names_s", "pages of names, s"),
    ("names_mb", "MB of files"),
    ("names_mb_of_memory", "MB"),
    ("sign_per_s", "signatures/s"),
    ("sign_p99_ms", "p99, ms"),
)
CURVES = (
    ("append_s", "appending to the log", "#1b4965"),
    ("start_s", "a clerk's start", "#8d3b72"),
    ("bundle_s", "making the bundle", "#c06014"),
    ("verify_s", "verifying it", "#2f6f3e"),
    ("sign", "one signature over HTTP", "#222222"),
)
WIDTH, HEIGHT, LEFT, TOP = 760, 420, 70, 40


def write(rows: list[dict[str, float]], out: Path) -> None:
    """``out``.md and ``out``.svg."""
    out.parent.mkdir(parents=True, exist_ok=True)
    out.with_suffix(".md").write_text(table(rows, out.name))
    out.with_suffix(".svg").write_text(picture(rows))
    print(table(rows, out.name))
    first, last = rows[0], rows[-1]
    Outcome(
        f"a signature among {last['size']:,.0f}",
        f"{last['sign_per_s']:,.0f}/s",
        f"among {first['size']:,.0f}: {first['sign_per_s']:,.0f}/s",
        last["sign_times"],
        1.3,
        "x the time",
        at_most=True,
    ).say()


def table(rows: list[dict[str, float]], name: str) -> str:
    """Markdown."""
    head = "| " + " | ".join(title for _, title in COLUMNS) + " |\n|" + "---:|" * len(COLUMNS) + "\n"
    lines = ["| " + " | ".join(_figure(row[key]) if key in row else "–" for key, _ in COLUMNS) + " |" for row in rows]
    first, last = rows[0], rows[-1]
    return (
        "# A letter grows\n\nMade by `python bench/million.py`. The columns MB are the memory of the process before "
        "them, at its largest.\n\n" + head + "\n".join(lines) + f"\n\nOne signature costs "
        f"{last['sign_times']:.2f} times as much at {last['size']:,.0f} signatories as at {first['size']:,.0f} "
        f"(bar: 1.3).\n\n![Growth]({name}.svg)\n"
    )


def _figure(value: float) -> str:
    """Without a point where there is nothing behind it."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,}"


def _has(row: dict[str, float], name: str) -> bool:
    return ("sign_per_s" if name == "sign" else name) in row


def _cost(row: dict[str, float], name: str) -> float:
    """Microseconds for one signatory."""
    return 1e6 / row["sign_per_s"] if name == "sign" else 1e6 * row[name] / row["size"]


def picture(rows: list[dict[str, float]]) -> str:
    """An SVG: microseconds a signatory over the number of signatories, both logarithmic."""
    costs = [max(_cost(row, name), 1) for row in rows for name, _, _ in CURVES if _has(row, name)]
    low, high = math.floor(math.log10(min(costs))), math.ceil(math.log10(max(costs)))
    first, last = math.log10(rows[0]["size"]), math.log10(rows[-1]["size"])

    def x(size: float) -> float:
        return LEFT + (math.log10(size) - first) / max(last - first, 1) * (WIDTH - LEFT - 210)

    def y(cost: float) -> float:
        return TOP + (high - math.log10(max(cost, 1))) / (high - low) * (HEIGHT - TOP - 50)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="20">Microseconds a signatory. A level line: twice as many take twice as long</text>',
    ]
    for power in range(low, high + 1):
        parts.append(f'<path d="M{LEFT} {y(10**power):.0f}H{WIDTH - 210}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y(10**power) + 4:.0f}" text-anchor="end">{10**power:,}</text>')
    for row in rows:
        parts.append(f'<text x="{x(row["size"]):.0f}" y="{HEIGHT - 22}" text-anchor="middle">{row["size"]:,.0f}</text>')
    ends = sorted((y(_cost(rows[-1], name)), name) for name, _, _ in CURVES)
    places: dict[str, float] = {}
    for place, name in ends:
        places[name] = max(place, max(places.values(), default=0) + 17)
    for name, title, colour in CURVES:
        points = " ".join(f"{x(row['size']):.1f},{y(_cost(row, name)):.1f}" for row in rows if _has(row, name))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [
            f'<circle cx="{p.split(",")[0]}" cy="{p.split(",")[1]}" r="3" fill="{colour}"/>' for p in points.split()
        ]
        parts.append(f'<text x="{WIDTH - 200}" y="{places[name] + 4:.0f}" fill="{colour}">{title}</text>')
    return "\n".join(parts) + "\n</svg>\n"

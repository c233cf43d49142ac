"""Does response time reveal the state of an email address (bar V1)?

    python bench/answers.py [--rounds 200]

Requests a code from a real site with a real mail server, for an address that is new, has its code, has signed, has
withdrawn, is blocked, waits for its mail, had three mails today, or has a domain that may not sign. States alternate in
a random order in each round. The result is the largest difference between the states' medians: less than 1 ms.

The control in the same run is a site that looks up an issued code first and queues only if there is none.
"""

from __future__ import annotations

import argparse
import http.client
import os
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
sys.path.insert(0, str(Path(__file__).parent))

import people
from outcome import Outcome

DAY = 86_400
BAR = 1.0
"""Milliseconds."""


def prepare(data: Path, port: int, smtp: int) -> None:
    """Creates the data directory of a site that sends mail, and sets up this process as one of the site's."""
    from undersigned.web.config.datadir import DataDir
    from undersigned.web.config.first_start import prepare as make

    make(DataDir(data), f"127.0.0.1:{port}")
    settings = data / "settings.toml"
    settings.write_text(
        settings.read_text() + '\n[mail]\nhost = "127.0.0.1"\nsecurity = "none"\nsender = "letters@example.org"\n'
        f"port = {smtp}\nper_minute = 6000\n"
    )
    os.environ["UNDERSIGNED_DATA"] = str(data)
    os.environ["DJANGO_SETTINGS_MODULE"] = "undersigned.web.settings"
    import django

    django.setup(set_prefix=False)


class Caller:
    """One kept-alive connection, so that only the answer is measured, not connecting."""

    def __init__(self, port: int) -> None:
        self._port, self.seconds = port, 0.0
        self.again()

    def again(self) -> None:
        """Reconnects."""
        self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)

    def __call__(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None):  # type: ignore[no-untyped-def]
        from web.people import Answer

        began = time.perf_counter()
        self._connection.request(method, path, body or None, headers or {})
        answer = self._connection.getresponse()
        data = answer.read()
        self.seconds = time.perf_counter() - began
        return Answer(answer.status, {key.lower(): value for key, value in answer.getheaders()}, data)


def states(letter, call: Caller, sink) -> dict[str, str]:  # type: ignore[no-untyped-def]
    """Creates an address in each state, by the actions that people and mail would take."""
    from undersigned.web import wiring
    from undersigned.web.mail.addresses import Digests, parse_address
    from undersigned.web.records.models import Code, MailTally
    from web.server import until

    mailed = ["has its code", "has signed", "has withdrawn"]
    found = {state: f"{state.replace(' ', '-')}@example.org" for state in mailed}
    for state in mailed:
        ask(letter, call, found[state])
    until(lambda: len(sink.to) == len(mailed), seconds=60)
    # A used code stays used, whether or not its signature was withdrawn.
    for pk in Code.objects.order_by("pk").values_list("pk", flat=True)[1:3]:
        Code.objects.filter(pk=pk).update(used=True)
    digests = Digests(wiring.world().keys.mail_secret())
    found["is blocked"] = "blocked@example.org"
    call("POST", f"/stop/{digests.stop_token(parse_address(found['is blocked']))}")
    # From here on the mail server accepts nothing: requests stay queued.
    sink.answer = "451 later"
    found["waits for its mail"] = "waits@example.org"
    ask(letter, call, found["waits for its mail"])
    found["had three mails"] = "three@example.org"
    address = parse_address(found["had three mails"])
    today = int(time.time()) // DAY
    MailTally.objects.create(digest=digests.of_day(today, address), day=today, number=3)
    return found | {"is of a wrong domain": "new@example.com"}


def ask(letter, call: Caller, address: str) -> float:  # type: ignore[no-untyped-def]
    """Requests a code; returns the seconds until the answer."""
    from web.mailing import Browser

    browser = Browser(call, f"http://{letter.manifest.origin.partition('/')[0]}")
    browser.open(f"/{letter.slug}/form/en/code")
    answer = browser.send(address=address)
    assert answer.status == 200, answer.body
    return call.seconds


def measure(letter, call: Caller, addresses: dict[str, str], rounds: int, mark: str) -> dict[str, float]:  # type: ignore[no-untyped-def]
    """Returns the median response time of each state, in milliseconds."""
    spent: dict[str, list[float]] = {state: [] for state in ["is new", *addresses]}
    for number in range(rounds):
        for state in random.sample(list(spent), len(spent)):
            address = addresses.get(state, f"new-{mark}-{number}@example.org")
            spent[state].append(1000 * ask(letter, call, address))
    return {state: statistics.median(found) for state, found in spent.items()}


def run(data: Path, port: int, smtp: int, rounds: int) -> tuple[dict[str, float], dict[str, float]]:
    """Measures the site and the control, on the same letter and the same addresses."""
    from undersigned.web.serve import web_command
    from web import people as letters
    from web.mailing import Sink
    from web.server import Server, until

    sink, honest = Sink(smtp), Server(data, port)
    sink.start()
    honest.start()
    call = Caller(port)
    letter = letters.start(
        call, honest.token, honest.authority, "answers", public=True, check="mail", size=0, domains=["example.org"]
    )
    until(lambda: letter.status()["state"] == "open", seconds=60)
    addresses = states(letter, call, sink)
    found = measure(letter, call, addresses, rounds, "a")
    assert honest.stop() == 0
    telling = Server(data, port, web_command("127.0.0.1", port, 1, "web.leaky_mail:application"))
    telling.start()
    call.again()
    control = measure(letter, call, addresses, rounds, "b")
    telling.kill()
    sink.stop()
    return found, control


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=200)
    asked = parser.parse_args()
    port, smtp = people.free_port(), people.free_port()
    with tempfile.TemporaryDirectory(prefix="undersigned-answers-") as name:
        prepare(Path(name) / "data", port, smtp)
        found, control = run(Path(name) / "data", port, smtp, asked.rounds)
    print("| an address that | ms, median | control: a site that looks it up first |\n|---|---:|---:|")
    for state, median in found.items():
        print(f"| {state} | {median:.2f} | {control[state]:.2f} |")
    apart, told = (max(each.values()) - min(each.values()) for each in (found, control))
    Outcome(
        "answers to addresses in any state, largest difference",
        f"{apart:.2f} ms",
        f"a site that looks it up first {told:.2f} ms",
        apart,
        BAR,
        "ms",
        at_most=True,
    ).say()


if __name__ == "__main__":
    main()

"""Data classification of the files in the data directory, by path.

A pattern is a path below the data directory, in the syntax of ``fnmatch``. The first one that matches a file applies.
"""

from __future__ import annotations

from typing import Final

from .classification import LETTER_LIFE, SITE_LIFE, UNTIL_WITHDRAWN, Field, Kind, Stored, Until, Whom

UNTIL_PAGE_ERASED: Final = Until(
    "Until a person in its edition withdraws, or the booking is changed or cancelled.",
    "web/bookings/actions/erase.py::erase_pages",
    "tests/web/test_bookings.py::test_a_page_is_erased_when_a_person_it_names_withdraws",
)
UNTIL_TAKEN_AGAIN: Final = Until(
    "Until the letter's log goes on; each is then posted again and the file deleted.",
    "web/signing/kept_withdrawals.py::give_back",
    "tests/web/test_guard.py::test_a_withdrawal_that_is_kept_twice_is_taken_once",
)
UNTIL_UNLISTED: Final = Until(
    "Until the signatory withdraws, and that is in the log.",
    "web/publication/live_names.py::place_names",
    "tests/web/test_public.py::test_a_withdrawal_erases_the_record",
)
NEWEST_FILE: Final = Until("Overwritten by each newer one.")

FILES: Final = Stored(
    "Files in the data directory",
    "What a site keeps outside its database. The directory can be read by the site's own user only.",
    SITE_LIFE,
    {
        "settings.toml": Field(
            Kind.PUBLIC, Whom.OPERATOR, "The settings: the site's address, and perhaps a contact for the press."
        ),
        "*.sqlite3*": Field(Kind.SECRET, Whom.SIGNATORY, "The tables above, with SQLite's write-ahead log."),
        "keys/organiser-token": Field(Kind.KEY, Whom.ORGANISER, "The organiser's password for the site."),
        "keys/mail": Field(
            Kind.KEY,
            Whom.SIGNATORY,
            "The key that email addresses are hashed and encrypted with. Who has it and the database can test whether "
            "an address got a code.",
        ),
        "keys/*.log": Field(Kind.KEY, Whom.NONE, "A letter's private key that the log is signed with."),
        "keys/*.registrar": Field(Kind.KEY, Whom.NONE, "A letter's private key that credentials are issued with."),
        "keys/*": Field(
            Kind.KEY, Whom.OPERATOR, "Passwords of database, email server and bucket, and the key of web forms."
        ),
        "public/*/press/*": Field(
            Kind.PUBLIC, Whom.SIGNATORY, "A published edition as a PDF, with its names.", UNTIL_WITHDRAWN
        ),
        "public/*/editions/*": Field(
            Kind.PUBLIC, Whom.SIGNATORY, "A published edition, with its names.", UNTIL_WITHDRAWN
        ),
        "public/*/openings/*": Field(
            Kind.PUBLIC, Whom.SIGNATORY, "An edition's sealed names with the shares that open them.", UNTIL_WITHDRAWN
        ),
        "public/*/names/*": Field(
            Kind.PUBLIC, Whom.SIGNATORY, "A public letter's names, and the files for searching them.", UNTIL_UNLISTED
        ),
        "public/*/objects.jsonl*": Field(Kind.PUBLIC, Whom.SIGNATORY, "The same, to be verified.", UNTIL_UNLISTED),
        "public/*/bundle.zip*": Field(
            Kind.PUBLIC, Whom.SIGNATORY, "Everything to verify a letter, with published names.", UNTIL_WITHDRAWN
        ),
        "public/*": Field(Kind.PUBLIC, Whom.NONE, "What the site serves: pages, texts, the log, counts.", LETTER_LIFE),
        "pages/*": Field(
            Kind.PERSONAL, Whom.SIGNATORY, "Newspaper pages with names, and their reports.", UNTIL_PAGE_ERASED
        ),
        "withdrawn/*": Field(
            Kind.PUBLIC,
            Whom.SIGNATORY,
            "Withdrawals that were taken while the log was halted, without names and times.",
            UNTIL_TAKEN_AGAIN,
        ),
        "signed/*": Field(Kind.PUBLIC, Whom.NONE, "The newest signed state of each log.", NEWEST_FILE),
        "reserve": Field(Kind.TECHNICAL, Whom.NONE, "Zeros: room on the disk that is kept for withdrawals."),
        "*.lock": Field(Kind.TECHNICAL, Whom.NONE, "Empty: which process is at work."),
    },
)

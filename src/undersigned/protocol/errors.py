"""The protocol's exceptions: every reason to refuse data, as a tree of classes with stable error codes.

::

    ProtocolError
    ├── MalformedError          the bytes are not of the form: nothing can be said about their meaning
    ├── InvalidError            well formed, and a rule refuses it
    │   ├── SignatureError          a signature does not verify
    │   ├── CredentialError         a credential was not issued by this letter's registrar for this key
    │   ├── LetterError             it belongs to another letter
    │   ├── ObjectError             a sealed object is not the one its entry names
    │   ├── KeyWithdrawnError       the key has withdrawn, and that is final
    │   ├── DuplicateError          the same act again
    │   ├── SequenceError           an act out of its order
    │   ├── ClosedError             the letter does not take this act now
    │   ├── ConditionError          a condition of the manifest is not met yet
    │   ├── OpeningError            a share or an opened payload is not what was committed to
    │   └── LogError                a tree, proof, tile or checkpoint contradicts another
    └── UndeterminedError       the evidence is incomplete: it may be true, it cannot be shown
        └── MissingError            a file that everything after it needs is not there

``MalformedError`` and ``InvalidError`` blame the data, ``UndeterminedError`` blames no one; a mistake of the caller in
this program is ``ValueError`` or ``TypeError`` and is never caught.

``code`` is the stable last word of the problem type an HTTP answer carries (protocol.md section 8).
"""

from __future__ import annotations

from typing import ClassVar

from . import findings
from .finding import Finding
from .spec import Code


class ProtocolError(Exception):
    """Bad data from outside. The message is one sentence for people, without secrets and without names.

    ``said``: a finding wherever a verification can meet the error, else a sentence. ``hint``: more for the developer
    who reads the message, in this implementation's own words; it is no part of the finding.
    """

    code: ClassVar[Code] = "invalid"

    def __init__(self, said: Finding | str, hint: str = "") -> None:
        # Both are kept as they came: an error goes from one process to another by them.
        super().__init__(said, hint)
        self.finding = said if isinstance(said, Finding) else findings.other(text=said)
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.finding.sentence}: {self.hint}" if self.hint else self.finding.sentence


class MalformedError(ProtocolError):
    """The bytes are not of the form their place calls for."""

    code = "malformed"


class InvalidError(ProtocolError):
    """Well formed, and refused by a rule."""

    code: ClassVar[Code] = "invalid"


class SignatureError(InvalidError):
    """An Ed25519 signature does not verify by libsodium's rule (protocol.md section 1)."""

    code = "signature-invalid"


class CredentialError(InvalidError):
    """A credential does not verify under the registrar's key (protocol.md section 4)."""

    code = "credential-invalid"


class LetterError(InvalidError):
    """The bytes name another letter."""

    code = "letter-unknown"


class ObjectError(InvalidError):
    """An object is not the one its entry names, or is named twice."""

    code = "object-mismatch"


class KeyWithdrawnError(InvalidError):
    """The key has withdrawn; withdrawal is final."""

    code = "key-withdrawn"


class DuplicateError(InvalidError):
    """The same act again, where once is all there is."""

    code = "duplicate"


class SequenceError(InvalidError):
    """An act out of its order: a wrong ``seq``, a withdrawal of a key that never signed, a cut without a notice."""

    code = "sequence"


class ClosedError(InvalidError):
    """The letter does not take this act now."""

    code = "letter-closed"


class ConditionError(InvalidError):
    """A condition the manifest sets is not met."""

    code = "condition-unmet"


class OpeningError(InvalidError):
    """A share misses its commitment, or an opening does not belong to the open set."""

    code = "share-mismatch"


class LogError(InvalidError):
    """Tree, proof, tile and checkpoint do not agree."""

    code = "log-inconsistent"


class UndeterminedError(ProtocolError):
    """It may be true; what is here does not show it."""

    code = "undetermined"


class MissingError(UndeterminedError):
    """A file that belongs to a bundle is not in it. A copy broken off half-way contradicts nothing."""

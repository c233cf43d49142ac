"""Notes, checkpoints, cosignatures: C2SP's formats (section 6)."""

from __future__ import annotations

import base64

import pytest

from undersigned.protocol import checkpoint, keys, note
from undersigned.protocol.errors import LogError, MalformedError, SignatureError

ORIGIN = "letters.example.org/valley"
LOG, ONE, TWO = (bytes([i]) * 32 for i in (1, 2, 3))
TRUSTEES = [keys.public_key(ONE), keys.public_key(TWO)]
LOG_KEY = keys.public_key(LOG)
STATE = checkpoint.Checkpoint(ORIGIN, 17, bytes(range(32)))
SIGNED = checkpoint.sign(STATE, LOG)


def with_lines(*lines: note.SignatureLine) -> note.Note:
    return note.Note(SIGNED.text, (*SIGNED.signatures, *lines))


def test_a_checkpoint_is_three_lines_signed_by_the_log() -> None:
    """Written, parsed and verified again; the note's bytes are the parsed note's bytes."""
    data = SIGNED.encode()
    state, parsed = checkpoint.verify(data, ORIGIN, LOG_KEY)
    assert state == STATE
    assert parsed.encode() == data
    assert SIGNED.text == f"{ORIGIN}\n17\n{base64.b64encode(bytes(range(32))).decode()}\n"
    assert checkpoint.verify(parsed, ORIGIN, LOG_KEY)[0] == STATE


QUASIMODO = (
    "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n"
    "— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3Ze"
    "kRwNtIc=\n"
)
NEUMANN = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_c2sps_own_example_of_a_signed_note() -> None:
    """The note at the top of c2sp.org/signed-note: its text holds an empty line, the last one ends it."""
    made = note.parse(QUASIMODO.encode())
    assert made.text.endswith("sole:\n\ned è subito sera.\n")
    assert made.encode() == QUASIMODO.encode()
    (line,) = made.signatures
    assert (line.name, line.key_id.hex(), len(line.signature)) == ("quasimodo.example/salvatore", "367ba04b", 64)
    assert made.by(line.name, line.key_id) == line
    assert made.by(line.name, bytes(4)) is None


def test_the_example_of_gos_note_package() -> None:
    """golang.org/x/mod/sumdb/note: key id and signature are those of the printed verifier and signer keys."""
    public = base64.b64decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")[1:]
    seed = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
    made = note.parse(NEUMANN.encode())
    assert keys.public_key(seed) == public
    assert made.signatures[0].key_id == note.key_id("PeterNeumann", note.ED25519, public) == bytes.fromhex("c74f20a3")
    keys.verify_raw(public, made.signatures[0].signature, made.text.encode())
    assert keys.sign_raw(seed, made.text.encode()) == made.signatures[0].signature


def test_another_log_key_or_origin_is_refused() -> None:
    """A checkpoint from another letter, or signed with another key."""
    with pytest.raises(LogError, match="another log"):
        checkpoint.verify(SIGNED.encode(), "letters.example.org/other", LOG_KEY)
    with pytest.raises(SignatureError, match="not signed"):
        checkpoint.verify(SIGNED.encode(), ORIGIN, keys.public_key(ONE))
    forged = note.Note(SIGNED.text.replace("17", "18"), SIGNED.signatures)
    with pytest.raises(SignatureError):
        checkpoint.verify(forged, ORIGIN, LOG_KEY)


def test_cosignatures_name_who_saw_it_and_when() -> None:
    """In trustees' order, one each; lines by others are tolerated and prove nothing."""
    witness = note.SignatureLine("witness.example/w", b"\0\0\0\1", bytes(72))
    both = with_lines(checkpoint.cosign(STATE, 2, TWO, 20), witness, checkpoint.cosign(STATE, 1, ONE, 10))
    assert checkpoint.cosignatures(both, TRUSTEES) == [checkpoint.Cosignature(1, 10), checkpoint.Cosignature(2, 20)]
    twice = with_lines(checkpoint.cosign(STATE, 1, ONE, 10), checkpoint.cosign(STATE, 1, ONE, 11))
    assert len(checkpoint.cosignatures(twice, TRUSTEES)) == 1
    assert checkpoint.verify(both, ORIGIN, LOG_KEY)[0] == STATE


def test_a_cosignature_that_does_not_verify_is_refused() -> None:
    """Another time, another checkpoint, a short one; another trustee's key is a stranger."""
    line = checkpoint.cosign(STATE, 1, ONE, 10)
    later = note.SignatureLine(line.name, line.key_id, (11).to_bytes(8, "big") + line.signature[8:])
    other = checkpoint.cosign(checkpoint.Checkpoint(ORIGIN, 16, bytes(32)), 1, ONE, 10)
    short = note.SignatureLine(line.name, line.key_id, line.signature[:-1])
    for wrong in (later, other, short):
        with pytest.raises(SignatureError):
            checkpoint.verify_cosignature(SIGNED.text, wrong, TRUSTEES)
    stranger = checkpoint.cosign(STATE, 1, TWO, 10)
    assert checkpoint.verify_cosignature(SIGNED.text, stranger, TRUSTEES) is None


ROOT = base64.b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a\n1\n",
        f"a\n1\n{ROOT}",
        f"\n1\n{ROOT}\n",
        f"a\n01\n{ROOT}\n",
        f"a\n-1\n{ROOT}\n",
        f"a\n1e3\n{ROOT}\n",
        f"a\n\u0661\n{ROOT}\n",
        f"a\n{10**20}\n{ROOT}\n",
        f"a\n1\n{ROOT}\nextension\n",
        "a\n1\n*\n",
        "a\n1\né\n",
        "a\n1\nAAAA\n",
        f"a\n1\n{ROOT[:-2]}B=\n",
    ],
)
def test_what_is_no_checkpoint(text: str) -> None:
    """Other numbers of lines, numbers and hashes spelt in another way, extensions."""
    with pytest.raises(MalformedError):
        checkpoint.parse_text(text)


LINE = SIGNED.signatures[0].encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text\n",
        b"text\n\n",
        b"text\n\n" + LINE[:-1].encode(),
        b"te\txt\n\n" + LINE.encode(),
        b"\xff\n\n" + LINE.encode(),
        b"text\n\n" + b"- a AAAAAAAA\n",
        b"text\n\n" + LINE.replace(" ", "  ").encode(),
        "text\n\n\u2014 a AAAA\n".encode(),
        "text\n\n\u2014 a AAAAAAB=\n".encode(),
        "text\n\n\u2014 a AAAAAAAAA\n".encode(),
        "text\n\n\u2014 a+b AAAAAAAA\n".encode(),
        b"text\n\n" + LINE.encode() * 101,
        b"a" * 1_000_001,
    ],
)
def test_what_is_no_note(data: bytes) -> None:
    """No signatures, a line that does not end, control characters, other dashes, spaces and base64, too much."""
    with pytest.raises(MalformedError):
        note.parse(data)

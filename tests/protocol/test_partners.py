"""Other people's implementations, live: what they make we read, what we make they read.

Node with the packages of ``tests/partners``, and Go's own transparency log code. Each is started once a module.
"""

from __future__ import annotations

import base64
import json
import os
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from letterworld import VECTORS, LetterWorld, registrar
from undersigned.protocol import base64url, canonical, checkpoint, credential, merkle, note, seal, shamir
from undersigned.protocol.errors import CredentialError, OpeningError

PARTNERS = Path(__file__).parents[1] / "partners"
GOPATH = "/usr/share/gocode"
DICE = random.Random(12)
Ask = Callable[..., Any]


@contextmanager
def talk(command: list[str], **settings: Any) -> Iterator[Callable[[Any], Any]]:
    """A partner that answers a line of JSON with a line of JSON, until its input ends."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **settings)

    def ask(question: Any) -> Any:
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps(question) + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    yield ask
    assert process.stdin
    process.stdin.close()
    process.wait(10)


@pytest.fixture(scope="module")
def node() -> Iterator[Ask]:
    if not shutil.which("node") or not (PARTNERS / "node_modules").exists():
        pytest.skip("NODE PARTNERS MISSING: run npm ci in tests/partners")
    with talk(["node", "partner.mjs"], cwd=PARTNERS) as ask:

        def question(name: str, **fields: Any) -> Any:
            said = ask({"ask": name, **fields})
            if "error" in said:
                raise ValueError(said["error"])
            return said["answer"]

        yield question


@pytest.fixture(scope="module")
def go(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    if not shutil.which("go") or not Path(GOPATH, "src/golang.org/x/mod/sumdb/tlog").exists():
        pytest.skip("GO PARTNER MISSING: apt-get install golang-go golang-golang-x-mod-dev")
    place = tmp_path_factory.mktemp("go")
    world = {**os.environ, "GO111MODULE": "off", "GOPATH": GOPATH, "GOFLAGS": "", "GOCACHE": str(place / "cache")}
    subprocess.run(["go", "build", "-o", place / "sumdb", "main.go"], cwd=PARTNERS / "sumdb", env=world, check=True)
    with talk([str(place / "sumdb")]) as ask:
        yield lambda name, **fields: ask({"Ask": name, **fields})


SPKI, PRIVATE = registrar()
PKCS8 = base64url.decode(json.loads((VECTORS / "keys.json").read_text())["registrars"][0]["pkcs8"])


@pytest.mark.node
@pytest.mark.parametrize(("k", "n"), [(2, 2), (2, 3), (3, 5), (5, 9)])
def test_shamir_with_shamir_secret_sharing(node: Ask, k: int, n: int) -> None:
    """Shares made here are combined there, and the other way round."""
    secret = DICE.randbytes(32)
    ours = shamir.split(secret, DICE.sample(range(1, 256), n), k, DICE.randbytes(32 * (k - 1)))
    assert node("combine", shares=[share.hex() for share in DICE.sample(ours, k)]) == secret.hex()
    theirs = [bytes.fromhex(share) for share in node("split", secret=secret.hex(), shares=n, threshold=k)]
    assert shamir.combine(DICE.sample(theirs, k)) == secret
    assert all(shamir.value_at(theirs[:k], share[-1]) == share[:-1] for share in theirs)


@pytest.mark.node
def test_blind_rsa_with_blindrsa_ts(node: Ask) -> None:
    """Their client with our registrar, our client with theirs, and each verifies the other's credential."""
    public = credential.load_public(SPKI)
    message = credential.credential_message(bytes(32), DICE.randbytes(32))
    question = node("blind", spki=SPKI.hex(), message=message.hex())
    said = credential.blind_sign(PRIVATE, bytes.fromhex(question["blinded"]), factor=DICE.randrange(1, PRIVATE.n))
    signature = bytes.fromhex(node("finalise", spki=SPKI.hex(), signature=said.hex()))
    prepared = bytes.fromhex(question["prepared"])
    assert prepared[credential.PREFIX_LENGTH :] == message
    credential.verify_prepared(public, signature, prepared)
    mine = credential.prepare(message, DICE.randbytes(32))
    blinding = credential.blind(public, mine, salt=DICE.randbytes(48), factor=DICE.randrange(1, PRIVATE.n))
    theirs = bytes.fromhex(node("blindSign", pkcs8=PKCS8.hex(), blinded=blinding.blinded.hex()))
    ours = credential.finalise(public, blinding, theirs)
    for known, over in ((ours, mine), (signature, prepared)):
        assert node("verify", spki=SPKI.hex(), signature=known.hex(), prepared=over.hex()) is True
    with pytest.raises(CredentialError):
        credential.verify_prepared(public, signature, mine)


@pytest.mark.node
def test_x_wing_with_hpke_js(node: Ask) -> None:
    """A share sealed there opens here and the other way round; under another info it opens nowhere."""
    world = LetterWorld(2)
    person = world.people[0]
    value = world.make_object(person, world.payload(person))
    assert isinstance(value, seal.Seal)
    for trustee, (seed, _) in enumerate(world.trustees, start=1):
        info = seal.share_info(world.letter, person.key_bytes, trustee)
        part = value.shares[trustee - 1]
        ours = base64url.decode(part.sealed)
        share = bytes.fromhex(node("open", seed=seed.hex(), info=info.hex(), sealed=ours.hex()))
        assert share == seal.open_share(value, trustee, seal.seal_key(seed))
        public = base64url.decode(world.manifest.trustees[trustee - 1].seal)
        theirs = bytes.fromhex(node("seal", key=public.hex(), info=info.hex(), text=share.hex()))
        part = seal.SealedShare(t=part.t, x=part.x, commit=part.commit, sealed=base64url.encode(theirs))
        shares = [*value.shares[: trustee - 1], part, *value.shares[trustee:]]
        again = seal.Seal(v=1, letter=value.letter, key=value.key, body=value.body, shares=shares)
        assert seal.open_share(again, trustee, seal.seal_key(seed)) == share
        with pytest.raises(ValueError, match="OpenError"):
            node("open", seed=seed.hex(), info=b"other".hex(), sealed=ours.hex())
        other = bytes.fromhex(node("seal", key=public.hex(), info=b"other".hex(), text=share.hex()))
        shares[trustee - 1] = seal.SealedShare(t=part.t, x=part.x, commit=part.commit, sealed=base64url.encode(other))
        with pytest.raises(OpeningError):
            seal.open_share(again, trustee, seal.seal_key(seed))


@pytest.mark.node
def test_canonical_json_with_canonicalize(node: Ask) -> None:
    """RFC 8785 by its authors' JavaScript package: the same bytes."""
    known = json.loads((VECTORS / "valid/canonical.json").read_text())["cases"]
    for value in [case["value"] for case in known] + [canonical.decode(LetterWorld(2).source)]:
        assert bytes.fromhex(node("canonicalize", value=value)) == canonical.encode(value)


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_checkpoints_with_gos_note(go: Ask) -> None:
    """Go opens our checkpoint with the log's key, and lets the trustees' cosignature lines pass as unknown."""
    world = LetterWorld(3)
    world.sign(world.people[0])
    data = world.log_files((1, 2, 3))["log/checkpoint"]
    origin = world.manifest.origin
    key = base64url.decode(world.manifest.log)
    verifier = f"{origin}+{note.key_id(origin, note.ED25519, key).hex()}+{b64(bytes([note.ED25519]) + key)}"
    said = go("open", Note=b64(data), Verifier=verifier)
    assert (said.get("Error"), said["Verified"], said["Unknown"]) == (None, 1, 3)
    assert said["Text"] == note.parse(data).text
    forged = data.replace(b"\n5\n", b"\n6\n")
    assert forged != data
    assert go("open", Note=b64(forged), Verifier=verifier)["Error"]
    state, _ = checkpoint.verify(data, origin, key)
    assert state.size == len(world.log) == 5


def test_trees_and_proofs_with_gos_tlog(go: Ask) -> None:
    """The same roots at every size; each checks the other's proofs of inclusion and consistency."""
    data = [b"entry %d" % i for i in range(70)]
    leaves = [merkle.leaf_hash(entry) for entry in data]
    roots = [base64.b64decode(root) for root in go("grow", Entries=[b64(entry) for entry in data])["Roots"]]
    assert roots == [merkle.root(leaves[: size + 1]) for size in range(70)]
    for size in (1, 2, 3, 8, 33, 64, 70):
        for index in {0, 1 % size, size // 2, size - 1}:
            theirs = [base64.b64decode(h) for h in go("prove", Size=size, Index=index).get("Path", [])]
            ours = merkle.inclusion_proof(leaves[:size], index)
            assert ours == theirs
            merkle.verify_inclusion(leaves[index], index, size, theirs, roots[size - 1])
            checked = {"Size": size, "Index": index, "Leaf": b64(leaves[index]), "Path": [b64(h) for h in ours]}
            assert "Error" not in go("check", Root=b64(roots[size - 1]), **checked)
            assert go("check", Root=b64(bytes(32)), **checked)["Error"]
        for old in {1, size // 2 or 1, size}:
            theirs = [base64.b64decode(h) for h in go("proveTree", Size=size, Old=old).get("Path", [])]
            assert merkle.consistency_proof(leaves[:size], old) == theirs
            merkle.verify_consistency(old, roots[old - 1], size, roots[size - 1], theirs)

"""Key texts: readable or refused, and never repeated in a message."""

from __future__ import annotations

import base64

import pytest

from bascule.errors import UsageError
from bascule.window import keys
from bascule.window.keys import Role


@pytest.mark.parametrize("role", list(Role))
def test_a_key_survives_its_text(role: Role) -> None:
    key = keys.generate(role)
    again = keys.parse_private(key.to_text())
    assert (again.role, again.id) == (role, key.id)
    (public,) = keys.parse_public(key.public.to_text()).values()
    assert public == key.public
    assert public.verify(b"text", again.sign(b"text"))
    assert not public.verify(b"other", again.sign(b"text"))


def test_a_signature_of_another_key_or_no_base64_is_refused() -> None:
    public = keys.generate(Role.WINDOW).public
    assert not public.verify(b"text", keys.generate(Role.WINDOW).sign(b"text"))
    assert not public.verify(b"text", "%%%")
    assert not public.verify(b"text", "")


def test_several_public_keys() -> None:
    one, two = keys.generate(Role.WINDOW).public, keys.generate(Role.OUTCOME).public
    assert set(keys.parse_public(f"{one.to_text()}\n {two.to_text()},")) == {one.id, two.id}


def wrong_texts() -> dict[str, str]:
    key = keys.generate(Role.WINDOW)
    role, name, secret = key.to_text().split(":")
    other = keys.generate(Role.WINDOW).to_text().split(":")[2]
    return {
        "empty part": f"{role}:{name}",
        "one word": secret,
        "role": f"keeper:{name}:{secret}",
        "base64": f"{role}:{name}:{secret[:-3]}!!!",
        "length": f"{role}:{name}:{base64.b64encode(b'short').decode()}",
        "id": f"{role}:{'0' * 16}:{secret}",
        "another key": f"{role}:{name}:{other}",
        "public for private": key.public.to_text(),
    }


@pytest.mark.parametrize("case", wrong_texts())
def test_a_wrong_key_says_what_is_wrong_and_not_what_it_read(case: str) -> None:
    text = wrong_texts()[case]
    with pytest.raises(UsageError) as caught:
        keys.parse_private(text)
    assert caught.value.hint
    for part in text.split(":"):
        if len(part) > 10:
            assert part not in str(caught.value)
            assert part not in repr(caught.value.__cause__)
    assert caught.value.__cause__ is None


def test_a_private_key_is_not_a_public_one() -> None:
    with pytest.raises(UsageError):
        keys.parse_public(keys.generate(Role.WINDOW).to_text())


def test_one_key_has_one_role() -> None:
    key = keys.generate(Role.WINDOW)
    demoted = key.public.to_text().replace("window:", "outcome:")
    with pytest.raises(UsageError):
        keys.parse_public(f"{key.public.to_text()} {demoted}")
    with pytest.raises(UsageError):
        keys.from_environment({"BASCULE_JOURNAL_KEY": key.to_text(), "BASCULE_JOURNAL_PUBKEY": demoted})


def test_keys_of_the_environment() -> None:
    key, other = keys.generate(Role.OUTCOME), keys.generate(Role.WINDOW)
    found = keys.from_environment(
        {"BASCULE_JOURNAL_KEY": key.to_text(), "BASCULE_JOURNAL_PUBKEY": other.public.to_text()}
    )
    assert set(found.ring) == {key.id, other.id}
    assert found.may_sign(Role.OUTCOME)
    assert not found.may_sign(Role.WINDOW)
    assert keys.from_environment({}).ring == {}
    assert not keys.from_environment({}).may_sign(Role.OUTCOME)
    # The driver takes the private key out of the environment: then it comes by itself.
    assert keys.from_environment({}, private=key.to_text()).signer == key


def test_no_repr_shows_a_key() -> None:
    key = keys.generate(Role.WINDOW)
    assert key.to_text().split(":")[2] not in repr(key)
    assert key.to_text().split(":")[2] not in repr(keys.Keys(ring={key.id: key.public}, signer=key))

"""Signed tokens: what holds without asking the original."""

from __future__ import annotations

import copy
import gc
import hashlib
import hmac
import json
import pickle
import zlib
from collections.abc import Callable
from datetime import datetime, timezone
from threading import Barrier, Thread
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest

from miniflask import signing
from miniflask.signing import (
    BadData,
    BadPayload,
    BadSignature,
    BadTimeSignature,
    HMACAlgorithm,
    NoneAlgorithm,
    Serializer,
    SignatureExpired,
    Signer,
    TimedSerializer,
    TimestampSigner,
    URLSafeSerializer,
    URLSafeTimedSerializer,
    base64_decode,
    base64_encode,
    bytes_to_int,
    int_to_bytes,
    want_bytes,
)


class Clock(SimpleNamespace):
    """Stands still until told otherwise."""

    now = 1_700_000_000.9

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The only clock the module under test can see."""
    stopped = Clock()
    monkeypatch.setattr(signing, "time", stopped)
    return stopped


def session_serializer(*keys: str) -> URLSafeTimedSerializer:
    """Make a serializer as sessions use it."""
    kwargs = {"key_derivation": "hmac", "digest_method": hashlib.sha1}
    return URLSafeTimedSerializer(keys, salt="cookie-session", signer_kwargs=kwargs)


def test_a_token_is_payload_time_and_signature(clock: Clock) -> None:
    """A token can be made by hand, with nothing but HMAC-SHA1 and base64."""
    key = hmac.digest(b"secret", b"cookie-session", "sha1")
    signed = base64_encode(b'{"a":1}') + b"." + base64_encode((1_700_000_000).to_bytes(4, "big"))
    token = signed + b"." + base64_encode(hmac.digest(key, signed, "sha1"))

    assert session_serializer("secret").dumps({"a": 1}) == token.decode()
    assert session_serializer("secret").loads(token) == {"a": 1}


@pytest.mark.parametrize("length", [0, 1, 63, 64, 65, 200])
@pytest.mark.parametrize("name", ["sha1", "sha256", "sha384", "sha512", "blake2b"])
def test_hmac_is_that_of_the_standard_library(name: str, length: int) -> None:
    """Signatures are the HMAC of RFC 2104, for keys shorter and longer than a block."""
    key = b"k" * length
    algorithm = HMACAlgorithm(getattr(hashlib, name))

    for message in (b"", b"message", b"long" * 100):
        assert algorithm.get_signature(key, message) == hmac.digest(key, message, name)


@pytest.mark.parametrize(
    ("derivation", "key"),
    [
        ("concat", hashlib.sha1(b"salt" + b"secret").digest()),
        ("django-concat", hashlib.sha1(b"salt" + b"signer" + b"secret").digest()),
        ("hmac", hmac.digest(b"secret", b"salt", "sha1")),
        ("none", b"secret"),
    ],
)
def test_keys_are_derived_in_four_ways(derivation: str, key: bytes) -> None:
    """Secret and salt are concatenated and hashed, hashed with a key, or not mixed at all."""
    assert Signer("secret", salt="salt", key_derivation=derivation).derive_key() == key


def test_an_unknown_key_derivation_is_refused() -> None:
    """A key derivation with no meaning raises TypeError, once, when a key is needed."""
    with pytest.raises(TypeError, match="^Unknown key derivation method$") as caught:
        Signer("secret", key_derivation="rot13").sign("value")
    assert caught.value.__context__ is None


def test_a_key_is_derived_once() -> None:
    """The same secret and salt cost one derivation, however many signers and tokens there are."""
    calls = []

    def counting(string: bytes = b"") -> Any:
        calls.append(string)
        return hashlib.sha1(string)

    def use() -> None:
        signer = Signer("counted", digest_method=counting)
        assert signer.unsign(signer.sign("value")) == b"value"

    use()
    first = len(calls)
    for _ in range(10):
        use()

    assert first == 3  # the derived key, the inner hash and the outer hash
    assert len(calls) == first


def test_what_is_remembered_is_bounded() -> None:
    """Neither many keys nor many times of strangers fill the memory."""
    for number in range(1000):
        TimestampSigner(str(number)).unsign(TimestampSigner(str(number)).sign("value"))
        with pytest.raises(BadTimeSignature):
            TimestampSigner("key").unsign(b"value." + base64_encode(int_to_bytes(number)) + b".sig")

    for remembered in (
        signing._derive_key,
        signing._keyed_hashes,
        signing._read_timestamp,
        signing._write_timestamp,
    ):
        assert remembered.cache_info().currsize <= 256


def test_sha1_is_looked_up_when_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without SHA-1, as in FIPS builds, another hash works, and SHA-1 fails only when used."""
    monkeypatch.delattr(hashlib, "sha1")

    signer = Signer("no sha1", digest_method=hashlib.sha256)
    assert signer.unsign(signer.sign("value")) == b"value"
    with pytest.raises(AttributeError, match="sha1"):
        Signer("no sha1").sign("value")


def test_a_bytearray_as_key_is_read_each_time() -> None:
    """A secret that can change in place is not remembered."""
    secret: Any = bytearray(b"one")
    signer, serializer = Signer([secret]), URLSafeTimedSerializer([secret])
    before = signer.sign("value"), serializer.dumps(1)
    secret[:] = b"two"

    assert not signer.validate(before[0])
    with pytest.raises(BadTimeSignature):
        serializer.loads(before[1])
    assert signer.sign("value") == Signer("two").sign("value")


def test_signatures_are_compared_in_constant_time(clock: Clock) -> None:
    """Every signature, good or bad, goes through ``hmac.compare_digest``."""
    serializer = session_serializer("old", "new")
    token = serializer.dumps([1])
    programs: list[Callable[[], Any]] = [
        lambda: Signer("key").validate(Signer("key").sign("value")),
        lambda: Signer("key").validate("value.nonsense"),
        lambda: serializer.loads(token),
        lambda: serializer.loads_unsafe(token[:-4] + "AAAA"),
    ]
    for program in programs:
        with mock.patch.object(
            signing, "compare_digest", side_effect=hmac.compare_digest
        ) as compare:
            program()
        assert compare.called


@pytest.mark.parametrize("sep", ["a", "-", "=", "_", "9", "", "ab"])
def test_a_separator_must_not_be_base64(sep: str) -> None:
    """A separator that could be part of a signature is refused."""
    with pytest.raises(ValueError, match="^The given separator cannot be used"):
        Signer("key", sep=sep)


def test_an_altered_value_is_refused() -> None:
    """Each single changed byte is noticed, and the error carries the untrusted payload."""
    signed = Signer("key").sign("value")
    for position in range(len("value")):
        altered = bytearray(signed)
        altered[position] ^= 1
        with pytest.raises(BadSignature, match="does not match$") as caught:
            Signer("key").unsign(bytes(altered))
        assert caught.value.payload == altered[:5]


def test_a_value_without_separator_is_refused() -> None:
    """Text that cannot be signed is refused, and there is no payload to show."""
    with pytest.raises(BadSignature, match=r"^No b'\.' found in value$") as caught:
        Signer("key").unsign("value")
    assert caught.value.payload is None


def test_salts_separate_purposes() -> None:
    """A token for one purpose is refused by another with the same key."""
    token = URLSafeSerializer("key", salt="activate").dumps("alice")
    with pytest.raises(BadSignature):
        URLSafeSerializer("key", salt="reset").loads(token)
    assert URLSafeSerializer("key", salt="reset").loads(token, salt="activate") == "alice"


def test_keys_are_rotated() -> None:
    """The newest key signs, all listed keys verify, and a key that is dropped no longer does."""
    old, both, new = (session_serializer(*keys) for keys in (("a",), ("a", "b"), ("b",)))

    assert both.loads(old.dumps([1])) == [1]
    assert new.loads(both.dumps([1])) == [1]
    with pytest.raises(BadTimeSignature):
        old.loads(both.dumps([1]))
    with pytest.raises(BadTimeSignature):
        new.loads(old.dumps([1]))


def test_age_is_limited(clock: Clock) -> None:
    """A token is good up to and including its maximum age, and says when it was signed."""
    serializer = session_serializer("key")
    token = serializer.dumps("value")
    signed = datetime.fromtimestamp(1_700_000_000, timezone.utc)

    clock.now += 60
    assert serializer.loads(token, max_age=60) == "value"
    assert serializer.loads(token, max_age=60, return_timestamp=True) == ("value", signed)
    clock.now += 1
    with pytest.raises(SignatureExpired, match="^Signature age 61 > 60 seconds$") as caught:
        serializer.loads(token, max_age=60)
    assert caught.value.date_signed == signed
    assert caught.value.payload == base64_encode(b'"value"')
    assert serializer.loads(token) == "value"


def test_the_future_is_refused_only_with_an_age(clock: Clock) -> None:
    """A token from the future is refused when its age matters, and good otherwise."""
    serializer = session_serializer("key")
    token = serializer.dumps("value")

    clock.now -= 5
    with pytest.raises(SignatureExpired, match="^Signature age -5 < 0 seconds$"):
        serializer.loads(token, max_age=60)
    assert serializer.loads(token) == "value"


def test_the_next_second_has_its_own_time(clock: Clock) -> None:
    """The time in a token is that of its signing, however quickly tokens follow each other."""
    signer = TimestampSigner("key")
    for _ in range(3):
        for _ in range(2):
            _, signed = signer.unsign(signer.sign("value"), return_timestamp=True)
            assert signed == datetime.fromtimestamp(int(clock.now), timezone.utc)
        clock.now += 1


def test_a_signature_without_time_is_refused() -> None:
    """What was signed without a time has no age."""
    for text, message in (("value", "timestamp missing"), ("value.A", "Malformed timestamp")):
        with pytest.raises(BadTimeSignature, match=message):
            TimestampSigner("key").unsign(Signer("key").sign(text))
    assert not TimestampSigner("key").validate(Signer("key").sign("value"))


def test_a_payload_is_not_taken_for_a_time(clock: Clock) -> None:
    """A signed payload that could be read as a time is still a payload without one."""
    serializer = session_serializer("key")
    signer = Signer("key", "cookie-session", key_derivation="hmac")
    for max_age in (None, 60):
        with pytest.raises(BadTimeSignature, match="^timestamp missing$"):
            serializer.loads(signer.sign(base64_encode(int_to_bytes(int(clock.now)))), max_age)


def test_validate_says_yes_or_no(clock: Clock) -> None:
    """Validation tells whether unsigning would succeed, and raises nothing."""
    signer = TimestampSigner("key")
    token = signer.sign("value")

    assert signer.validate(token, max_age=1)
    clock.now += 2
    assert not signer.validate(token, max_age=1)
    assert not signer.validate("nonsense")


def test_long_payloads_are_compressed_if_that_is_shorter() -> None:
    """A leading dot marks a compressed payload; what does not shrink is left alone."""
    serializer = URLSafeSerializer("key")
    assert serializer.dumps("a" * 100).startswith(".")
    assert serializer.loads(serializer.dumps("a" * 100)) == "a" * 100
    assert not serializer.dumps("abcdefghijklmnopqrstuvwxyz").startswith(".")


def test_compression_is_tried_wherever_it_could_win() -> None:
    """From the empty payload on, a payload is compressed exactly where that saves two bytes."""

    class Spaces:
        dumps = staticmethod(lambda length: b" " * length if length else b"")

    serializer: Serializer[Any] = URLSafeSerializer("key", serializer=Spaces)
    won = [size for size in range(40) if serializer.dump_payload(size).startswith(b".")]

    assert won == [size for size in range(40) if len(zlib.compress(b" " * size)) < size - 1]
    assert won[0] >= 12


def test_a_payload_that_cannot_be_read_is_no_matter_of_signatures() -> None:
    """A good signature over nonsense raises BadPayload, with the reason."""
    signer = Signer("key", salt=b"itsdangerous")
    for payload, reason in ((b"Q", BadData), (b".QUJD", zlib.error), (b"QUJD", ValueError)):
        with pytest.raises(BadPayload) as caught:
            URLSafeSerializer("key").loads(signer.sign(payload))
        assert isinstance(caught.value.original_error, reason)
        assert caught.value.__cause__ is caught.value.original_error
        assert not isinstance(caught.value, BadSignature)


def test_unsafe_loading_shows_what_was_signed(clock: Clock) -> None:
    """Without a good signature the value is still shown, and marked as not trusted."""
    serializer = session_serializer("key")
    token = serializer.dumps([1])

    assert serializer.loads_unsafe(token) == (True, [1])
    assert serializer.loads_unsafe(token[:-4] + "AAAA") == (False, [1])
    assert serializer.loads_unsafe("nonsense") == (False, None)
    assert serializer.loads_unsafe("Q.Q.Q") == (False, None)
    clock.now += 10
    assert serializer.loads_unsafe(token, max_age=5) == (False, [1])


def test_fallback_signers_are_tried_after_the_usual_one() -> None:
    """Tokens of an older configuration are read, and new ones are signed the new way."""
    kwargs = {"digest_method": hashlib.sha512}
    old = URLSafeSerializer("key", signer_kwargs=kwargs)
    for fallback in (kwargs, (Signer, kwargs)):
        new = URLSafeSerializer("key", fallback_signers=[fallback])
        assert new.loads(old.dumps([1])) == [1]
        assert new.dumps([1]) == URLSafeSerializer("key").dumps([1])
    assert [type(signer) for signer in new.iter_unsigners()] == [Signer, Signer]


def test_an_expired_token_ends_the_search() -> None:
    """A token whose signature fits is not offered to the fallback signers."""

    class Expiring(TimestampSigner):
        def unsign(self, *args: Any, **kwargs: Any) -> Any:
            raise SignatureExpired("too old")

    class Never(TimestampSigner):
        def unsign(self, *args: Any, **kwargs: Any) -> Any:
            raise AssertionError("asked")

    with pytest.raises(SignatureExpired, match="^too old$"):
        TimedSerializer("key", signer=Expiring, fallback_signers=[Never]).loads("a.b.c")


def test_the_inner_serializer_decides_between_text_and_bytes() -> None:
    """Tokens are text around text and bytes around bytes; values survive both."""
    text: Serializer[str] = Serializer("key", serializer=json)
    binary: Serializer[bytes] = Serializer("key", serializer=pickle)

    assert isinstance(text.dumps([1]), str)
    assert isinstance(binary.dumps([1]), bytes)
    assert text.loads(text.dumps([1])) == binary.loads(binary.dumps([1])) == [1]
    assert signing.is_text_serializer(json)
    assert not signing.is_text_serializer(pickle)


def test_the_inner_serializer_gets_its_arguments() -> None:
    """The serializer's keyword arguments reach ``dumps``."""
    serializer = Serializer("key", serializer_kwargs={"sort_keys": True})
    assert serializer.dumps({"b": 1, "a": 2}).startswith('{"a": 2, "b": 1}.')


def test_nothing_is_signed_with_the_empty_algorithm() -> None:
    """The algorithm without signatures leaves them empty, and accepts only that."""
    signer = Signer("key", algorithm=NoneAlgorithm())
    assert signer.sign("value") == b"value."
    assert signer.validate("value.")
    assert not signer.validate("value.QUJD")


def test_signers_of_a_serializer_are_the_caller_s_own() -> None:
    """Each signer handed out is new, and changing it does not change the serializer."""
    serializer = session_serializer("key")
    token = serializer.dumps([1])
    mine = serializer.make_signer()
    mine.secret_keys[:] = [b"another"]
    next(serializer.iter_unsigners()).salt = b"another"

    assert serializer.make_signer() is not mine
    assert serializer.dumps([1]).rsplit(".", 2)[0] == token.rsplit(".", 2)[0]
    assert serializer.loads(token) == [1]


def test_a_session_s_signer_is_kept(clock: Clock) -> None:
    """Tokens in a row derive no key and make no signer again."""
    serializer = session_serializer("old", "new")
    token, old = serializer.dumps([1]), session_serializer("old").dumps([2])
    with (
        mock.patch.object(Signer, "__init__", side_effect=AssertionError("made a signer")),
        mock.patch.object(signing, "_derive_key", side_effect=AssertionError("derived a key")),
    ):
        assert serializer.loads(token, max_age=1) == [1]
        assert serializer.loads(old, max_age=1) == [2]
        assert serializer.dumps([1]) == token


def test_replaced_methods_are_called() -> None:
    """A method put on a serializer after its first use is called by it."""
    serializer = session_serializer("key")
    serializer.loads(serializer.dumps([1]))
    other = TimestampSigner("other")
    serializer.make_signer = lambda salt=None: other  # type: ignore[method-assign]

    assert other.validate(serializer.dumps([1]))
    assert serializer.loads(other.sign(base64_encode("2"))) == 2
    serializer.iter_unsigners = lambda salt=None: iter([])  # type: ignore[method-assign]
    with pytest.raises(TypeError, match="exceptions must derive"):
        serializer.loads(serializer.dumps([1]))


def test_a_serializer_in_use_can_be_copied() -> None:
    """Copies, deep copies and pickles of a serializer work, and are independent of it."""
    serializer = URLSafeTimedSerializer("key")
    token = serializer.dumps([1])
    for clone in (
        copy.copy(serializer),
        copy.deepcopy(serializer),
        pickle.loads(pickle.dumps(serializer)),
    ):
        assert clone.loads(token) == [1]
        clone.salt = b"another"
        with pytest.raises(BadTimeSignature):
            clone.loads(token)
    assert serializer.loads(token) == [1]


def test_refusing_leaves_no_garbage() -> None:
    """A refused token leaves nothing that only the cycle collector could free."""
    timed, untimed = session_serializer("a", "b"), URLSafeSerializer("key")

    def refuse() -> None:
        for token in ("nonsense", "a.b.c", timed.dumps([1])[:-4] + "AAAA"):
            for serializer in (timed, untimed):
                with pytest.raises(BadSignature):
                    serializer.loads(token)

    refuse()
    gc.collect()
    gc.disable()
    try:
        refuse()
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_threads_may_share_a_serializer() -> None:
    """Threads that sign and verify with one serializer while its keys change are not mixed up."""
    serializer = session_serializer("0")
    start, wrong = Barrier(4), []

    def work() -> None:
        start.wait()
        for number in range(200):
            if serializer.loads(serializer.dumps(number)) != number:
                wrong.append(number)

    def rotate() -> None:
        start.wait()
        for number in range(1, 100):
            serializer.secret_keys.append(str(number).encode())

    threads = [Thread(target=work) for _ in range(3)] + [Thread(target=rotate)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
    assert Signer([b"99"], "cookie-session", key_derivation="hmac").validate(serializer.dumps(1))


@pytest.mark.parametrize("number", [0, 1, 255, 256, 2**32, 2**64 - 1])
def test_ints_survive(number: int) -> None:
    """An int of up to 64 bits becomes as few bytes as it needs, and comes back."""
    assert len(int_to_bytes(number)) == (number.bit_length() + 7) // 8
    assert bytes_to_int(int_to_bytes(number)) == number


def test_base64_needs_no_quoting() -> None:
    """Base64 here has only characters that URLs and cookies leave alone, and comes back."""
    for data in (b"", b"a", b"ab", b"abc", bytes(range(256))):
        assert base64_encode(data).replace(b"-", b"").replace(b"_", b"").isalnum() or not data
        assert base64_decode(base64_encode(data)) == data


def test_want_bytes_encodes_only_text() -> None:
    """Text becomes bytes, and bytes stay the object they are."""
    data = b"data"
    assert want_bytes(data) is data
    assert want_bytes("é") == "é".encode()
    assert want_bytes("é", "ascii", "ignore") == b""


def test_errors_carry_what_is_known() -> None:
    """Each error has its message, and the attributes that its kind promises."""
    now = datetime.now(timezone.utc)
    header = signing.BadHeader("m", b"p", {"alg": "x"}, ValueError("why"))

    assert str(BadData("message")) == BadData("message").message == "message"
    assert BadTimeSignature("m", b"p", now).date_signed == now
    assert (header.payload, header.header, str(header.original_error)) == (
        b"p",
        {"alg": "x"},
        "why",
    )
    assert issubclass(SignatureExpired, BadTimeSignature)
    assert issubclass(BadTimeSignature, BadSignature)
    assert not issubclass(BadPayload, BadSignature)

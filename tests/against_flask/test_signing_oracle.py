"""Signed tokens: the same program on ``miniflask.signing`` and on ItsDangerous, byte for byte."""

from __future__ import annotations

import hashlib
import io
import pickle
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from unittest import mock

import itsdangerous
import itsdangerous.encoding
import itsdangerous.serializer
import itsdangerous.signer
import itsdangerous.timed
import itsdangerous.url_safe
import pytest
from flask.json.tag import TaggedJSONSerializer
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from miniflask import signing

OURS: Any = signing
THEIRS: Any = SimpleNamespace(
    **vars(itsdangerous.encoding)
    | vars(itsdangerous.signer)
    | vars(itsdangerous.serializer)
    | vars(itsdangerous.timed)
    | vars(itsdangerous.url_safe)
    | vars(itsdangerous.exc)
)
NOW = 1_700_000_000


@contextmanager
def clock(now: float) -> Iterator[None]:
    """Stop the clock of both modules."""
    stopped = SimpleNamespace(time=lambda: now)
    with (
        mock.patch.object(signing, "time", stopped),
        mock.patch.object(itsdangerous.timed, "time", stopped),
    ):
        yield


def describe(error: BaseException | None) -> Any:
    """Return all of an error that a program can see."""
    if error is None:
        return None
    seen = {
        name: getattr(error, name)
        for name in ("message", "payload", "date_signed", "header")
        if hasattr(error, name)
    }
    original = getattr(error, "original_error", None)
    parts = (describe(original), describe(error.__cause__))
    return (type(error).__name__, str(error), error.args, seen, *parts)


def outcome(program: Callable[[], Any]) -> Any:
    """Return what a program returns, or all that can be seen of what it raises."""
    try:
        return "returned", program()
    except Exception as error:
        return "raised", describe(error)


def both(program: Callable[[Any], Any]) -> Any:
    """Run a program on both modules and hold the outcomes against each other."""
    ours, theirs = outcome(lambda: program(OURS)), outcome(lambda: program(THEIRS))
    assert ours == theirs
    return ours


def sha256_in_python(string: bytes = b"") -> Any:
    """Be a hash that is a Python function."""
    return hashlib.sha256(string)


class SmallBlocks:
    """A hash that ``hmac`` warns about: its blocks are too small, that is below sixteen bytes."""

    block_size = 8
    digest_size = 20

    def __init__(self, string: bytes = b"") -> None:
        self._hash = hashlib.sha1(string)

    def update(self, string: bytes) -> None:
        self._hash.update(string)

    def digest(self) -> bytes:
        return self._hash.digest()

    def copy(self) -> SmallBlocks:
        clone = type(self)()
        clone._hash = self._hash.copy()
        return clone


class BlocksOf15(SmallBlocks):
    """The largest blocks that are too small."""

    block_size = 15


class BlocksOf16(SmallBlocks):
    """The smallest blocks that are not."""

    block_size = 16


binary = st.binary(max_size=80)
secrets = st.one_of(
    st.text(max_size=100),
    binary,
    st.lists(st.one_of(st.text(max_size=9), binary), min_size=1, max_size=3),
)
salts = st.one_of(st.none(), st.text(max_size=9), binary)
separators = st.sampled_from(
    [".", b".", ":", "|", "~~", "a.", "é", b"\0", "ab", "-", "=", "", "ba"]
)
derivations = st.sampled_from([None, "concat", "django-concat", "hmac", "none", "unknown"])
digests = st.sampled_from(
    [None, hashlib.sha1, hashlib.md5, hashlib.sha512, sha256_in_python, "sha256", "nonsense"]
)
clocks = st.one_of(
    st.integers(NOW - 100, NOW + 100),
    st.floats(0, 2e9),
    st.sampled_from(
        [0, 1, 255, 256, -1, 2**32, 253402300799, 253402300800, 2**56, 2**64 - 1, 2**64]
    ),
)
ages = st.one_of(st.none(), st.integers(-5, 200), st.floats(0, 100))


@st.composite
def signer_options(draw: st.DrawFn) -> dict[str, Any]:
    """Draw arguments for a signer, most of them valid."""
    options: dict[str, Any] = {"secret_key": draw(secrets)}
    for name, values in [
        ("salt", salts),
        ("sep", separators),
        ("key_derivation", derivations),
        ("digest_method", digests),
    ]:
        if draw(st.booleans()):
            options[name] = draw(values)
    return options


@dataclass
class Corruption:
    """A change to a token, the same whatever token it is applied to."""

    kind: str
    seed: int

    def __call__(self, token: bytes, sep: bytes = b".") -> bytes:
        chance = random.Random(self.seed)
        where = chance.randrange(len(token) + 1)
        junk = chance.choice(
            [b"=", b"==", b"\n", b" ", b"+", b"/", b"\xff", b"\xc3\xa9", b"A", b"."]
        )
        parts = token.split(sep)
        if self.kind == "flip" and token:
            where %= len(token)
            flipped = token[where] ^ (1 << chance.randrange(8))
            return token[:where] + bytes([flipped]) + token[where + 1 :]
        if self.kind == "cut":
            return token[:where]
        if self.kind == "behead":
            return token[where:]
        if self.kind == "insert":
            return token[:where] + junk + token[where:]
        if self.kind == "append":
            return token + junk
        if self.kind == "shuffle":
            chance.shuffle(parts)
        elif self.kind == "drop":
            del parts[chance.randrange(len(parts))]
        elif self.kind == "double":
            parts.insert(0, chance.choice(parts))
        elif self.kind == "alphabet":
            return token.translate(bytes.maketrans(b"-_", b"+/"))
        elif self.kind == "last":
            return token[:-1] + bytes([chance.choice(b"ABCDabcd0123-_+/=")])
        elif self.kind == "replace":
            parts[chance.randrange(len(parts))] = chance.choice(
                [b"", b"AA", b"A", b"____________", b"f_______", b"AAAAAAAAAAAA", b"=AA=", b"ZVP_"]
            )
        return sep.join(parts)


corruptions = st.builds(
    Corruption,
    st.sampled_from(
        ["none", "flip", "cut", "behead", "insert", "append", "shuffle", "drop", "double"]
        + ["alphabet", "last", "replace"]
    ),
    st.integers(0, 10_000),
)
as_types: Any = st.sampled_from([bytes, bytearray, lambda token: token.decode("utf-8", "replace")])


@given(st.one_of(binary, st.text(max_size=40)))
def test_encodes_base64_alike(value: Any) -> None:
    """Base64 text of any bytes or text is the original's."""
    both(lambda m: m.base64_encode(value))


@given(
    st.one_of(
        st.text(max_size=40),
        binary,
        st.text("AQgw-_+/=\n é", max_size=12),
        st.text("AQgw-_+/=\n ", max_size=12).map(str.encode),
    )
)
@example("QQ==")
@example("Q=Q=")
@example("QQ=Q")
@example("QQ\n")
@example("QQé")
@example("QQQ=QQQQ")
@example("Q")
def test_decodes_base64_alike(value: Any) -> None:
    """Whatever is decoded, padding, newlines and foreign characters count as in the original."""
    both(lambda m: m.base64_decode(value))


@given(st.integers(-3, 2**70), st.binary(max_size=10))
def test_converts_ints_alike(number: int, data: bytes) -> None:
    """Ints turn into bytes and bytes into ints as in the original, or not at all."""
    both(lambda m: m.int_to_bytes(number))
    both(lambda m: m.bytes_to_int(data))


@given(signer_options(), st.one_of(binary, st.text(max_size=40)), corruptions, as_types)
def test_signs_and_verifies_alike(
    options: dict[str, Any], value: Any, corrupt: Corruption, as_type: Any
) -> None:
    """A signer signs with the same bytes, and judges intact and damaged signatures alike."""
    done, token = both(lambda m: m.Signer(**options).sign(value))
    if done == "returned":
        damaged = corrupt(token, signing.want_bytes(options.get("sep", ".")))
        both(lambda m: m.Signer(**options).unsign(as_type(damaged)))
        both(lambda m: m.Signer(**options).validate(as_type(damaged)))


@given(signer_options(), signer_options(), binary)
def test_refuses_what_another_signer_signed_alike(
    options: dict[str, Any], other: dict[str, Any], value: bytes
) -> None:
    """A signature made with other keys, salts, hashes or separators is judged alike."""
    done, token = both(lambda m: m.Signer(**other).sign(value))
    if done == "returned":
        both(lambda m: m.Signer(**options).unsign(token))


@given(signer_options(), st.data())
def test_derives_keys_alike(options: dict[str, Any], data: st.DataObject) -> None:
    """Every way to derive a key gives the same key, for the newest and for any other secret."""
    other = data.draw(st.one_of(st.none(), st.text(max_size=9), binary))
    both(lambda m: m.Signer(**options).derive_key(other))
    both(lambda m: m.Signer(**options).secret_key)


@given(signer_options(), binary, clocks, clocks, ages, corruptions, as_types)
def test_timestamps_alike(
    options: dict[str, Any],
    value: bytes,
    signed_at: float,
    read_at: float,
    max_age: Any,
    corrupt: Corruption,
    as_type: Any,
) -> None:
    """Times are written, read, and found too old or in the future as in the original."""
    with clock(signed_at):
        done, token = both(lambda m: m.TimestampSigner(**options).sign(value))
    if done != "returned":
        return
    damaged = as_type(corrupt(token, signing.want_bytes(options.get("sep", "."))))
    with clock(read_at):
        for kwargs in ({}, {"max_age": max_age}, {"max_age": max_age, "return_timestamp": True}):
            both(lambda m: m.TimestampSigner(**options).unsign(damaged, **kwargs))
        both(lambda m: m.TimestampSigner(**options).validate(damaged, max_age=max_age))


@given(signer_options(), binary, st.binary(max_size=9), clocks)
def test_reads_any_signed_timestamp_alike(
    options: dict[str, Any], value: bytes, timestamp: bytes, now: float
) -> None:
    """Correctly signed text that is no time, or a monstrous one, is judged alike."""
    sep = signing.want_bytes(options.get("sep", "."))
    for text in (timestamp, signing.base64_encode(timestamp)):
        done, token = both(lambda m: m.Signer(**options).sign(value + sep + text))
        if done == "returned":
            with clock(now):
                for max_age in (None, 10):
                    both(lambda m: m.TimestampSigner(**options).unsign(token, max_age))
                    both(lambda m: m.TimestampSigner(**options).unsign(token, max_age, True))


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text()),
    lambda children: st.one_of(
        st.lists(children, max_size=4), st.dictionaries(st.text(max_size=5), children, max_size=4)
    ),
    max_leaves=8,
)
payload_values = st.one_of(
    json_values,
    st.binary(),
    st.text("ab", min_size=8, max_size=30),
    st.integers(5, 40).map(lambda length: "a" * length),
)


class ReprSerializer:
    """An inner serializer of text that takes arguments and refuses some values."""

    @staticmethod
    def dumps(obj: Any, prefix: str = "") -> str:
        return prefix + repr(obj)

    @staticmethod
    def loads(text: str) -> str:
        if "1" in text:
            raise ValueError("no ones, please")
        return text


@st.composite
def serializer_options(draw: st.DrawFn) -> Callable[[Any], dict[str, Any]]:
    """Draw a function from the module under test to arguments for a serializer."""
    options: dict[str, Any] = {"secret_key": draw(secrets)}
    if draw(st.booleans()):
        options["salt"] = draw(salts)
    if draw(st.booleans()):
        options["serializer"] = draw(st.sampled_from([pickle, ReprSerializer, None]))
    if options.get("serializer") is ReprSerializer and draw(st.booleans()):
        options["serializer_kwargs"] = {"prefix": draw(st.sampled_from(["", "é", "x."]))}
    kwargs = st.fixed_dictionaries(
        {},
        optional={
            "sep": st.sampled_from([".", ":", "~"]),
            "key_derivation": derivations,
            "digest_method": digests,
        },
    )
    if draw(st.booleans()):
        options["signer_kwargs"] = draw(kwargs)
    names = st.sampled_from(["Signer", "TimestampSigner"])
    signer = draw(st.one_of(st.none(), names))
    fallbacks = draw(
        st.one_of(st.none(), st.lists(st.one_of(kwargs, names, st.tuples(names, kwargs))))
    )

    def resolve(m: Any) -> dict[str, Any]:
        chosen = dict(options)
        if signer:
            chosen["signer"] = getattr(m, signer)
        if fallbacks is not None:
            chosen["fallback_signers"] = [_resolve_fallback(m, item) for item in fallbacks]
        return chosen

    return resolve


def _resolve_fallback(m: Any, item: Any) -> Any:
    """Put the module's own signer in place of its name."""
    if isinstance(item, str):
        return getattr(m, item)
    if isinstance(item, tuple):
        return getattr(m, item[0]), item[1]
    return item


@given(
    st.sampled_from(["Serializer", "URLSafeSerializer"]),
    serializer_options(),
    payload_values,
    st.one_of(st.none(), st.text(max_size=5)),
    corruptions,
    as_types,
)
def test_serializes_alike(
    name: str, options: Any, value: Any, salt: Any, corrupt: Corruption, as_type: Any
) -> None:
    """Values become the same tokens, and tokens the same values or the same errors."""

    def make(m: Any) -> Any:
        return getattr(m, name)(**options(m))

    with clock(NOW):
        done, token = both(lambda m: make(m).dumps(value, salt=salt))
        if done == "returned":
            damaged = as_type(corrupt(signing.want_bytes(token)))
            both(lambda m: make(m).loads(damaged, salt=salt))
            both(lambda m: make(m).loads(damaged))
            both(lambda m: make(m).loads_unsafe(damaged, salt))


@given(
    st.sampled_from(["TimedSerializer", "URLSafeTimedSerializer"]),
    serializer_options(),
    payload_values,
    clocks,
    clocks,
    ages,
    corruptions,
    as_types,
)
def test_serializes_with_times_alike(
    name: str,
    options: Any,
    value: Any,
    signed_at: float,
    read_at: float,
    max_age: Any,
    corrupt: Corruption,
    as_type: Any,
) -> None:
    """Values become the same tokens with a time, which age alike."""

    def make(m: Any) -> Any:
        return getattr(m, name)(**options(m))

    with clock(signed_at):
        done, token = both(lambda m: make(m).dumps(value))
    if done == "returned":
        damaged = as_type(corrupt(signing.want_bytes(token)))
        with clock(read_at):
            both(lambda m: make(m).loads(damaged))
            both(lambda m: make(m).loads(damaged, max_age))
            both(lambda m: make(m).loads(damaged, max_age, True))
            both(lambda m: make(m).loads_unsafe(damaged, max_age))


@given(secrets, st.dictionaries(st.text(max_size=5), json_values, max_size=5), clocks)
def test_signs_sessions_alike(secret: Any, session: dict[str, Any], now: float) -> None:
    """A session cookie has the same bytes, and either module reads the other's."""

    def make(m: Any) -> Any:
        kwargs = {"key_derivation": "hmac", "digest_method": hashlib.sha1}
        tagged = TaggedJSONSerializer()
        return m.URLSafeTimedSerializer(secret, "cookie-session", tagged, signer_kwargs=kwargs)

    with clock(now):
        done, cookie = both(lambda m: make(m).dumps(session))
        if done == "returned":
            both(lambda m: make(m).loads(cookie, max_age=60))


@given(st.binary(max_size=60), st.integers(0, 30), st.binary(max_size=60))
def test_compresses_at_the_same_length(head: bytes, length: int, tail: bytes) -> None:
    """Payloads around the length where compression starts to win are written alike."""

    class Raw:
        @staticmethod
        def dumps(obj: Any) -> bytes:
            return obj if isinstance(obj, bytes) else b""

        @staticmethod
        def loads(data: bytes) -> bytes:
            return data

    for value in (b"a" * length, head + b"ab" * length + tail):
        done, token = both(lambda m: m.URLSafeSerializer("key", serializer=Raw).dump_payload(value))
        assert done == "returned"
        both(lambda m: m.URLSafeSerializer("key", serializer=Raw).load_payload(token))


@given(st.one_of(st.binary(max_size=40), st.binary(max_size=40).map(signing.base64_encode)))
def test_reads_any_payload_alike(payload: bytes) -> None:
    """Bytes that are not base64, not compressed data or not JSON give the same error."""
    for body in (payload, b"." + payload):
        both(lambda m: m.URLSafeSerializer("key").load_payload(body))
        both(lambda m: m.URLSafeSerializer("key").load_payload(body, serializer=pickle))
        both(lambda m: m.Serializer("key").load_payload(body))
        both(lambda m: m.Serializer("key").load_payload(body, ReprSerializer))


@pytest.mark.parametrize("value", [None, 5, 1.5, [], {}, object, memoryview(b"a.b"), b"", "", b"."])
@pytest.mark.parametrize("name", ["Signer", "TimestampSigner"])
def test_refuses_other_types_alike(name: str, value: Any) -> None:
    """What is neither text nor bytes gives the same TypeError."""
    both(lambda m: getattr(m, name)("key").unsign(value))
    with clock(NOW):
        both(lambda m: getattr(m, name)("key").sign(value))
    both(lambda m: m.URLSafeTimedSerializer("key").loads(value))
    both(lambda m: m.Serializer("key").loads(value))


@pytest.mark.parametrize("name", ["Signer", "TimestampSigner"])
@pytest.mark.parametrize("kind", [str, str.encode])
def test_signatures_by_themselves_alike(name: str, kind: Any) -> None:
    """Value and signature may each be text, and the answer is True or False and nothing else."""
    sig = signing.Signer("key").get_signature(b"value").decode()
    both(lambda m: getattr(m, name)("key").get_signature(kind("value")))
    answers = [
        both(lambda m: getattr(m, name)("key").verify_signature(kind("value"), kind(text)))
        for text in (sig, sig.swapcase(), sig[:-2], "A", "", "\ud800" if kind is str else "")
    ]
    assert answers == [("returned", True)] + [("returned", False)] * 5


@pytest.mark.parametrize("name", ["Serializer", "TimedSerializer"])
def test_the_newest_key_of_a_serializer_alike(name: str) -> None:
    """A serializer shows the key that signs: the last one."""
    assert both(lambda m: getattr(m, name)(["oldest", "older", "newest"]).secret_key) == (
        "returned",
        b"newest",
    )


@pytest.mark.parametrize("name", ["Serializer", "TimedSerializer"])
def test_what_a_signer_is_given_alike(name: str) -> None:
    """A signer gets bytes, and having none at all is the TypeError of the original."""

    def given_types(m: Any, token: Any) -> Any:
        class Mine(m.TimestampSigner):  # type: ignore[misc]  # of either module
            def unsign(self, signed_value: Any, *args: Any, **kwargs: Any) -> Any:
                raise m.BadSignature(f"{type(signed_value).__name__}")

        return getattr(m, name)("key", signer=Mine).loads(token)

    def no_signers(m: Any) -> Any:
        serializer = getattr(m, name)("key")
        serializer.iter_unsigners = lambda salt=None: iter([])
        return serializer.loads("a.b.c")

    for token in ("a.b.c", b"a.b.c"):
        assert both(lambda m: given_types(m, token))[1][1] == "bytes"
    assert both(no_signers)[1][0] == "TypeError"


def test_a_separator_set_as_text_alike() -> None:
    """A separator assigned as text finds the time, if the class below takes text as well."""

    def unsign(m: Any) -> Any:
        class Lenient(m.Signer):  # type: ignore[misc]  # of either module
            def unsign(self, signed_value: Any, *args: Any, **kwargs: Any) -> Any:
                return signed_value

        class Mine(m.TimestampSigner, Lenient):  # type: ignore[misc]  # of either module
            pass

        signer = Mine("key")
        signer.sep = "."
        return signer.sign(b"value"), signer.unsign(b"value.ZVPxAA", return_timestamp=True)

    with clock(NOW):
        assert both(unsign)[0] == "returned"


@pytest.mark.parametrize("later", [-2, -1, 0, 1, 59, 60, 61])
def test_ages_at_the_limits_alike(later: int) -> None:
    """From no second to *max_age* seconds a token is good; one second before or after it is not."""
    with clock(NOW):
        token = signing.URLSafeTimedSerializer("key").dumps([1])
        stamped = signing.TimestampSigner("key").sign("value")
    with clock(NOW + later):
        uses: list[Callable[[Any], Any]] = [
            lambda m: m.URLSafeTimedSerializer("key").loads(token, 60),
            lambda m: m.URLSafeTimedSerializer("key").loads(token, 60, True),
            lambda m: m.TimestampSigner("key").unsign(stamped, 60),
        ]
        for use in uses:
            assert (both(use)[0] == "returned") == (0 <= later <= 60)


def test_the_default_serializer_alike() -> None:
    """What writes JSON for URLs may be used as a class or through an instance."""
    for through_instance in (False, True):

        def use(m: Any, through_instance: bool = through_instance) -> Any:
            kind = m.URLSafeSerializer.default_serializer
            made = kind() if through_instance else kind
            return made.dumps({"é": [1, 2]}), made.loads('{"a": 1}')

        assert both(use)[0] == "returned"


@pytest.mark.parametrize("key", [b"a", bytearray(b"a"), memoryview(b"a"), 5, None])
@pytest.mark.parametrize("derivation", ["concat", "django-concat", "hmac", "none"])
def test_takes_odd_keys_alike(key: Any, derivation: str) -> None:
    """A key that is a bytearray works and one that is a number does not, as in the original."""
    for m in (OURS, THEIRS):  # first a key of bytes, which may be remembered
        m.Signer([b"a"], key_derivation="concat").sign(b"x")
    if not isinstance(key, memoryview):
        both(lambda m: m.Signer([key], key_derivation=derivation).sign(b"x"))


@pytest.mark.filterwarnings("ignore:block_size:RuntimeWarning")
def test_takes_odd_hashes_alike() -> None:
    """A hash by name, with small blocks, without a fixed length, or no hash at all, as there."""
    odd = (SmallBlocks, BlocksOf15, BlocksOf16)
    for digest in (*odd, hashlib.shake_128, "sha1", "", 5, hashlib, lambda: 1):
        for derivation in ("concat", "hmac", "none"):
            both(
                lambda m: m.Signer("key", key_derivation=derivation, digest_method=digest).sign("x")
            )


def test_refuses_the_same_separators() -> None:
    """Each separator of one or two ASCII characters is accepted or refused as in the original."""
    characters = [chr(code) for code in range(128)]
    for sep in characters + [one + two for one in "a-.=9" for two in characters]:
        both(lambda m: m.Signer("key", sep=sep).sep)


def test_accepts_the_same_spellings_of_a_signature() -> None:
    """The last base64 character carries unused bits, and the same of its spellings are accepted."""
    with clock(NOW):
        token = signing.URLSafeTimedSerializer("key").dumps({"a": 1})
        accepted = 0
        for tail in [chr(code) for code in range(256)] + ["", "=", "A=", "==", "\n"]:
            for spelling in (token[:-1] + tail, token + tail):
                done, _ = both(lambda m: m.URLSafeTimedSerializer("key").loads(spelling, max_age=5))
                accepted += done == "returned"
    assert accepted > 4


@pytest.mark.parametrize("max_age", ["60", True, float("nan"), float("inf"), 0, -0.5, [], 10**400])
def test_compares_ages_of_any_type_alike(max_age: Any) -> None:
    """A maximum age of any type counts, or fails, as in the original: after the signature."""
    with clock(NOW):
        token = signing.URLSafeTimedSerializer("key").dumps([1])
        for text in (token, token[:-2] + "AA"):
            for later in (0, 1, 61):
                with clock(NOW + later):
                    both(lambda m: m.URLSafeTimedSerializer("key").loads(text, max_age))
                    both(lambda m: m.TimestampSigner("key").unsign(text, max_age))


def test_files_alike() -> None:
    """Tokens are written to and read from text and binary files as in the original."""

    def through_file(m: Any, serializer: Any, file: Any) -> Any:
        signed = m.Serializer("key", serializer=serializer)
        signed.dump([1, 2], file)
        file.seek(0)
        loaded = signed.load(file)
        file.seek(0)
        return file.getvalue(), loaded, signed.load_unsafe(file)

    both(lambda m: through_file(m, None, io.StringIO()))
    both(lambda m: through_file(m, pickle, io.BytesIO()))


def test_errors_alike() -> None:
    """Each exception has the original's bases, arguments, attributes and text."""
    names = ["BadData", "BadSignature", "BadTimeSignature", "SignatureExpired"]
    for name in [*names, "BadHeader", "BadPayload"]:
        for arguments in ((), ("m",), ("m", 1), ("m", 1, 2), ("m", 1, 2, 3)):
            both(lambda m: describe(getattr(m, name)(*arguments)))
        both(lambda m: [base.__name__ for base in getattr(m, name).__mro__])


def test_signs_with_any_algorithm_alike() -> None:
    """The empty algorithm, an algorithm of one's own, and the bare base class behave alike."""

    def own(m: Any) -> Any:
        class Reverse(m.SigningAlgorithm):  # type: ignore[misc]  # a class of either module
            def get_signature(self, key: bytes, value: bytes) -> bytes:
                return value[::-1] + key

        return Reverse()

    algorithms: list[Callable[[Any], Any]] = [
        own,
        lambda m: m.NoneAlgorithm(),
        lambda m: m.SigningAlgorithm(),
    ]
    for algorithm in algorithms:
        with clock(NOW):
            for name in ("Signer", "TimestampSigner"):
                both(lambda m: getattr(m, name)("key", algorithm=algorithm(m)).sign("value"))
                both(lambda m: getattr(m, name)("key", algorithm=algorithm(m)).unsign("value."))
            both(
                lambda m: m.URLSafeTimedSerializer(
                    "key", signer_kwargs={"algorithm": algorithm(m)}
                ).dumps({"a": 1})
            )


def _reversed_key(self: Any, secret_key: Any = None) -> bytes:
    key = self.secret_keys[-1] if secret_key is None else secret_key
    return bytes(reversed(key)) + b"!"


OVERRIDES: dict[str, Any] = {
    "derive_key": _reversed_key,
    "get_signature": lambda self, value: b"constant",
    "verify_signature": lambda self, value, sig: len(value) % 2 == 0,
    "get_timestamp": lambda self: 1234,
    "timestamp_to_datetime": lambda self, ts: -ts,
    "default_key_derivation": "hmac",
    "default_digest_method": staticmethod(hashlib.sha512),
}


@pytest.mark.parametrize("name", list(OVERRIDES))
def test_honours_overrides_of_a_signer_alike(name: str) -> None:
    """A method or default that a subclass of a signer overrides is used wherever it was there."""

    def make(m: Any) -> Any:
        mine = type("Mine", (m.TimestampSigner,), {name: OVERRIDES[name]})
        return mine, m.URLSafeTimedSerializer(["old", "new"], signer=mine)

    def judge(m: Any, token: Any, serializer: Any) -> list[Any]:
        return [outcome(lambda: serializer.loads(text, 5)) for text in (token, token + "A")]

    with clock(NOW):
        plain = signing.URLSafeTimedSerializer(["old", "new"]).dumps([1])
        for value in ("x", "xy"):
            done, token = both(lambda m: make(m)[1].dumps(value))
            assert done == "returned"
            both(lambda m: judge(m, token, make(m)[1]))
        both(lambda m: judge(m, plain, make(m)[1]))
        both(lambda m: make(m)[0]("key").unsign(make(m)[0]("key").sign(b"x"), None, True))


@pytest.mark.parametrize("name", [*OVERRIDES, "sign", "unsign"])
def test_honours_patches_of_the_class_alike(name: str) -> None:
    """A method replaced on the signer class is used for as long as it is there."""
    patch = OVERRIDES.get(name, lambda self, value, *args, **kwargs: (b"bm90aGluZw", 7))
    with clock(NOW):
        ours, theirs = OURS.URLSafeTimedSerializer("key"), THEIRS.URLSafeTimedSerializer("key")
        token = ours.dumps([1])
        assert token == theirs.dumps([1])

        def use(serializer: Any) -> list[Any]:
            texts = (token, token + "A", "a.b.c")
            loaded = [outcome(lambda: serializer.loads(text, 5)) for text in texts]
            return [outcome(lambda: serializer.dumps([1])), *loaded]

        before = use(ours)
        assert before == use(theirs)
        with (
            mock.patch.object(signing.TimestampSigner, name, patch),
            mock.patch.object(itsdangerous.TimestampSigner, name, patch),
        ):
            assert use(ours) == use(theirs)
        assert use(ours) == use(theirs) == before


def test_honours_overrides_of_a_serializer_alike() -> None:
    """Payload methods that a subclass overrides are used, and may refuse as signers do."""

    def make(m: Any) -> Any:
        class Checking(m.URLSafeTimedSerializer):  # type: ignore[misc]  # of either module
            def load_payload(self, payload: bytes, *args: Any, **kwargs: Any) -> Any:
                value = super().load_payload(payload, *args, **kwargs)
                if value == "revoked":
                    raise m.BadSignature("revoked", payload)
                return value

            def dump_payload(self, obj: Any) -> Any:
                return super().dump_payload(obj).decode()

        return Checking

    with clock(NOW):
        for fallbacks in ([], [{"sep": ":"}]):
            for value in ("fine", "revoked"):
                _, token = both(lambda m: make(m)("key").dumps(value))
                both(lambda m: make(m)("key", fallback_signers=fallbacks).loads(token))


class Mutations(RuleBasedStateMachine):
    """Signers and serializers in use whose attributes a program changes."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Any] = ["a.b.c", ""]

    @initialize(secret=secrets, salt=salts)
    def start(self, secret: Any, salt: Any) -> None:
        """Make one of each, on both sides."""
        self.signers = [m.TimestampSigner(secret, salt=salt) for m in (OURS, THEIRS)]
        self.serializers = [m.URLSafeTimedSerializer(secret, salt) for m in (OURS, THEIRS)]
        self.modules = (OURS, THEIRS)

    @rule(name=st.sampled_from(["secret_keys", "salt"]), value=secrets)
    def assign(self, name: str, value: Any) -> None:
        """Assign new keys or a new salt."""
        keys = signing.Signer(value).secret_keys
        for thing in (*self.signers, *self.serializers):
            setattr(thing, name, [*keys] if name == "secret_keys" else keys[0])

    @rule(key=binary)
    def rotate(self, key: bytes) -> None:
        """Append a key in place."""
        for thing in (*self.signers, *self.serializers):
            thing.secret_keys.append(key)

    @rule()
    def retire(self) -> None:
        """Drop the oldest key in place."""
        for thing in (*self.signers, *self.serializers):
            del thing.secret_keys[:-1]

    @rule(derivation=derivations.filter(bool))
    def derive_otherwise(self, derivation: str) -> None:
        """Change the key derivation."""
        for signer, serializer in zip(self.signers, self.serializers):
            signer.key_derivation = derivation
            serializer.signer_kwargs["key_derivation"] = derivation

    @rule(digest=digests.filter(bool))
    def hash_otherwise(self, digest: Any) -> None:
        """Change the hash, which for a signer is that of the derivation only."""
        for signer, serializer in zip(self.signers, self.serializers):
            signer.digest_method = digest
            serializer.signer_kwargs["digest_method"] = digest

    @rule(digest=digests.filter(bool))
    def change_algorithm(self, digest: Any) -> None:
        """Change the hash inside the algorithm."""
        for signer in self.signers:
            signer.algorithm.digest_method = digest

    @rule(digest=digests)
    def share_algorithm(self, digest: Any) -> None:
        """Hand an algorithm to the serializer, or change the one it has."""
        for m, serializer in zip(self.modules, self.serializers):
            algorithm = serializer.signer_kwargs.setdefault("algorithm", m.HMACAlgorithm())
            algorithm.digest_method = digest

    @rule(sep=st.sampled_from([b".", b":", b"~~"]))
    def separate_otherwise(self, sep: bytes) -> None:
        """Change the separator."""
        for signer, serializer in zip(self.signers, self.serializers):
            signer.sep = sep
            serializer.signer_kwargs["sep"] = sep

    @rule()
    def forget_options(self) -> None:
        """Return to the defaults."""
        for serializer in self.serializers:
            serializer.signer_kwargs = {}

    @rule(name=st.sampled_from(["Signer", "TimestampSigner", "Mine"]))
    def change_signer(self, name: str) -> None:
        """Sign with another class."""
        for m, serializer in zip(self.modules, self.serializers):
            mine = type("Mine", (m.TimestampSigner,), {"derive_key": _reversed_key})
            serializer.signer = mine if name == "Mine" else getattr(m, name)

    @rule(fallback=st.sampled_from([{"key_derivation": "hmac"}, {"sep": ":"}, None]))
    def change_fallbacks(self, fallback: Any) -> None:
        """Add a fallback signer in place, or drop them all."""
        for serializer in self.serializers:
            serializer.fallback_signers[:] = [*serializer.fallback_signers, fallback]
            if fallback is None:
                serializer.fallback_signers.clear()

    @rule(name=st.sampled_from(["derive_key", "get_signature", "get_timestamp"]))
    def replace_method(self, name: str) -> None:
        """Replace a method on the signers that exist."""
        for signer in self.signers:
            setattr(signer, name, OVERRIDES[name].__get__(signer))

    @rule(signer_too=st.booleans())
    def replace_maker(self, signer_too: bool) -> None:
        """Replace a method on the serializers that exist."""
        for m, serializer in zip(self.modules, self.serializers):

            def make(salt: Any = None, m: Any = m) -> Any:
                return m.TimestampSigner("another key")

            serializer.make_signer = make
            if signer_too:
                serializer.iter_unsigners = lambda salt=None, make=make: iter([make()])

    @rule()
    def restore_makers(self) -> None:
        """Take the replacements away."""
        for serializer in self.serializers:
            vars(serializer).pop("make_signer", None)
            vars(serializer).pop("iter_unsigners", None)

    @rule()
    def change_what_was_made(self) -> None:
        """Change signers that the serializer handed out, which must not matter to it."""
        for serializer in self.serializers:
            for signer in (serializer.make_signer(), next(iter(serializer.iter_unsigners()))):
                signer.secret_keys.append(b"not the serializer's")
                signer.salt = b"another"

    @invariant()
    def agree(self) -> None:
        """Old and new tokens are made and judged alike."""
        if not hasattr(self, "signers"):
            return
        uses: list[tuple[list[Any], Callable[[Any], Any], Callable[[Any, Any], Any]]] = [
            (self.signers, lambda s: s.sign(b"v"), lambda s, t: s.unsign(t, 60)),
            (self.serializers, lambda s: s.dumps([1]), lambda s, t: s.loads(t, 60)),
            (self.serializers, lambda s: s.dumps([1], "x"), lambda s, t: s.loads(t, salt="x")),
        ]
        for things, make, judge in uses:
            with clock(NOW):
                ours, theirs = [outcome(lambda: make(thing)) for thing in things]
                assert ours == theirs
                if ours[0] == "returned":
                    self.seen.append(ours[1])
                for token in self.seen[-4:]:
                    mine, other = [outcome(lambda: judge(thing, token)) for thing in things]
                    assert mine == other


TestMutations = Mutations.TestCase
TestMutations.settings = settings(stateful_step_count=20)


def test_compresses_the_shortest_that_gains_alike() -> None:
    """Equal bytes are compressed from the length on at which the original compresses them."""
    for length in range(1, 30):
        number = int("1" * length)
        ours = signing.URLSafeSerializer("key").dumps(number)
        assert ours == itsdangerous.URLSafeSerializer("key").dumps(number)


def test_compresses_alike_with_the_best_of_compressors() -> None:
    """A zlib that gets to the ten bytes below which no stream can be wins from twelve on."""

    def written(m: Any) -> list[bool]:
        payloads = (m.URLSafeSerializer("key").dump_payload(10**size) for size in range(30))
        return [payload.startswith(b".") for payload in payloads]

    with mock.patch("zlib.compress", lambda data: bytes(10)):
        _, compressed = both(written)
    assert compressed.index(True) == len(str(10**11)) - 1


def test_words_an_age_below_zero_alike() -> None:
    """A value from the future is refused for that, even where *max_age* is as far below zero."""
    messages = []
    for library in (signing, itsdangerous):
        signer = library.TimestampSigner("key")
        with mock.patch.object(signer, "get_timestamp", lambda: 1_000_000):
            signed = signer.sign("value")
        with (
            mock.patch.object(signer, "get_timestamp", lambda: 999_995),
            pytest.raises(library.SignatureExpired) as caught,
        ):
            signer.unsign(signed, max_age=-5)
        messages.append(str(caught.value))

    assert messages == ["Signature age -5 < 0 seconds"] * 2


@pytest.mark.parametrize("module", [OURS, THEIRS], ids=["ours", "theirs"])
def test_a_serializer_may_lack_what_it_is_not_asked_for(module: Any) -> None:
    """Or have it refuse, as long as nobody needs it."""

    class Refusing(module.URLSafeTimedSerializer):  # type: ignore[misc]  # of either module
        @property
        def salt(self) -> Any:
            raise RuntimeError("say which")

        @salt.setter
        def salt(self, value: Any) -> None: ...

    lacking = module.URLSafeTimedSerializer("key")
    del lacking.fallback_signers

    assert lacking.dumps(1).count(".") == 2
    assert Refusing("key").loads(Refusing("key").dumps(1, salt="this"), salt="this") == 1

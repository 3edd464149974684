"""Values that a stranger may carry and read, but cannot alter.

A signed token is ``payload.timestamp.signature``: a value, when it was signed, and a keyed hash
(HMAC) of both.  Nothing in it is secret; but whoever changes a byte would need the key to make a
signature that fits.  The key is never used bare: a *salt*, a public name for the purpose, is mixed
into it first, so that a token made for one purpose does not fit another.  Signatures are compared
in constant time: a comparison that stops at the first wrong byte tells by its duration how much of
a guess was right, and lets a signature be guessed byte by byte.  Of several secret keys the last
one signs and all verify, newest first: that is how keys are rotated.

From the top down: errors, bytes as text, hashes, :class:`Signer` (of bytes),
:class:`TimestampSigner`, :class:`Serializer` (of any value), :class:`TimedSerializer`, and the
URL-safe serializers, which make session cookies.

Source: ItsDangerous 2.2: names, messages and every byte of a token.  HMAC is RFC 2104.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import string
import struct
import time
import zlib
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable, Iterator
from contextlib import suppress
from copy import copy
from datetime import datetime, timezone
from functools import lru_cache
from hmac import compare_digest
from operator import attrgetter
from typing import IO, TYPE_CHECKING, Any, Generic, Literal, cast, overload

from .stock import Stock, is_method

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    T = TypeVar("T", bound="str | bytes", default=str)
else:
    from typing import TypeVar

    T = TypeVar("T")


class BadData(Exception):
    """Base of all errors here: something is not what it should be."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return self.message


class BadSignature(BadData):
    """The signature does not fit; ``payload`` is what it was for, and is not to be trusted."""

    def __init__(self, message: str, payload: Any = None) -> None:
        super().__init__(message)
        self.payload: Any = payload


class BadTimeSignature(BadSignature):
    """Signature or time is bad; ``date_signed`` is the time in UTC, if it can be read."""

    def __init__(
        self, message: str, payload: Any = None, date_signed: datetime | None = None
    ) -> None:
        super().__init__(message, payload)
        self.date_signed = date_signed


class SignatureExpired(BadTimeSignature):
    """The signature fits, but is too old or from the future."""


class BadHeader(BadSignature):
    """The header of a signed value is bad, for serializers that have one."""

    def __init__(
        self,
        message: str,
        payload: Any = None,
        header: Any = None,
        original_error: Exception | None = None,
    ) -> None:
        super().__init__(message, payload)
        self.header: Any = header
        self.original_error = original_error


class BadPayload(BadData):
    """The payload cannot be read; ``original_error`` says why."""

    def __init__(self, message: str, original_error: Exception | None = None) -> None:
        super().__init__(message)
        self.original_error = original_error


def want_bytes(s: str | bytes, encoding: str = "utf-8", errors: str = "strict") -> bytes:
    """Encode text, and leave anything else as it is."""
    return s.encode(encoding, errors) if isinstance(s, str) else s


_base64_alphabet = f"{string.ascii_letters}{string.digits}-_=".encode()
_to_urlsafe = bytes.maketrans(b"+/", b"-_")
_from_urlsafe = bytes.maketrans(b"-_", b"+/")
_padding = (b"", b"===", b"==", b"=")  # by length modulo four


def base64_encode(string: str | bytes) -> bytes:
    """Write bytes in URL-safe base64 without padding.

    Source: RFC 4648, section 5.
    """
    if isinstance(string, str):
        string = string.encode()
    return b2a_base64(string, newline=False).translate(_to_urlsafe, b"=")


def base64_decode(string: str | bytes) -> bytes:
    """Read URL-safe base64, skipping characters that are not of its alphabet.

    Raises:
        BadData: Characters are missing, or padding comes too early.
    """
    if isinstance(string, str):
        string = string.encode("ascii", "ignore")
    string += _padding[len(string) % 4]
    try:
        return a2b_base64(string.translate(_from_urlsafe))
    except (TypeError, ValueError) as error:
        raise BadData("Invalid base64-encoded data") from error


_uint64 = struct.Struct(">Q")


def int_to_bytes(num: int) -> bytes:
    """Write an int below 2**64, big-endian, in as few bytes as it needs."""
    return _uint64.pack(num).lstrip(b"\0")


def bytes_to_int(bytestr: bytes) -> int:
    """Read up to eight big-endian bytes as an int."""
    number: int = _uint64.unpack(bytestr.rjust(8, b"\0"))[0]
    return number


def _lazy_sha1(string: bytes = b"") -> Any:
    """Look SHA-1 up when it is used: builds of Python for FIPS have none."""
    return hashlib.sha1(string)


# What is remembered depends on nothing but the arguments, so it cannot get stale.
_remembered = lru_cache(maxsize=256)
_inner_pad = bytes(byte ^ 0x36 for byte in range(256))
_outer_pad = bytes(byte ^ 0x5C for byte in range(256))


@_remembered
def _keyed_hashes(key: bytes, digest_method: Any) -> tuple[Any, Any]:
    """Return the inner and outer hash of an HMAC, which have read the key but no message.

    Source: RFC 2104, section 4, which suggests to keep them.
    """
    inner, outer = digest_method(), digest_method()
    if inner.block_size < 16 or not inner.digest_size:
        raise ValueError("not a hash that HMAC is made for")
    if len(key) > inner.block_size:
        key = digest_method(key).digest()
    key = key.ljust(inner.block_size, b"\0")
    inner.update(key.translate(_inner_pad))
    outer.update(key.translate(_outer_pad))
    return inner, outer


def _hmac(hashes: tuple[Any, Any], message: bytes) -> bytes:
    """Let copies of two keyed hashes read a message."""
    inner, outer = hashes[0].copy(), hashes[1].copy()
    inner.update(message)
    outer.update(inner.digest())
    mac: bytes = outer.digest()
    return mac


class SigningAlgorithm:
    """Make and check raw signatures; a subclass defines :meth:`get_signature`."""

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        """Return the signature of a value."""
        raise NotImplementedError()

    def verify_signature(self, key: bytes, value: bytes, sig: bytes) -> bool:
        """Compare a signature in constant time with the one that the value should have."""
        return compare_digest(sig, self.get_signature(key, value))


class NoneAlgorithm(SigningAlgorithm):
    """Sign nothing: every signature is empty."""

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        """Return no bytes."""
        return b""


class HMACAlgorithm(SigningAlgorithm):
    """Sign with a keyed hash.

    Args:
        digest_method: A function of ``hashlib`` or like those; SHA-1 by default.
    """

    default_digest_method: Any = staticmethod(_lazy_sha1)

    def __init__(self, digest_method: Any = None) -> None:
        self.digest_method: Any = (
            self.default_digest_method if digest_method is None else digest_method
        )

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        """Return the HMAC of a value."""
        try:
            inner, outer = _keyed_hashes(key, self.digest_method)
        except Exception:  # not bytes and a function: the library knows what to do or to say
            return hmac.new(key, value, self.digest_method).digest()
        # As in _hmac; spelled out, since each signature is made here.
        inner, outer = inner.copy(), outer.copy()
        inner.update(value)
        outer.update(inner.digest())
        mac: bytes = outer.digest()
        return mac


@_remembered
def _derive_key(derivation: str, digest_method: Any, salt: bytes, secret_key: bytes) -> bytes:
    """Mix a secret key with a salt."""
    if derivation == "concat":
        return cast(bytes, digest_method(salt + secret_key).digest())
    if derivation == "django-concat":
        return cast(bytes, digest_method(salt + b"signer" + secret_key).digest())
    if derivation == "hmac":
        return HMACAlgorithm(digest_method).get_signature(secret_key, salt)
    if derivation == "none":
        return secret_key
    raise TypeError("Unknown key derivation method")


def _make_keys_list(secret_key: str | bytes | Iterable[str] | Iterable[bytes]) -> list[bytes]:
    """Return one secret key or several as a list."""
    if isinstance(secret_key, (str, bytes)):
        return [want_bytes(secret_key)]
    return [want_bytes(key) for key in secret_key]


class Signer:
    """Sign bytes, and give signed bytes back if nobody altered them.

    Args:
        secret_key: Long and random; or several keys, oldest first.
        salt: Names the purpose.
        sep: Stands between value and signature, so it cannot be a character of base64.
        key_derivation: How a key is mixed with the salt: ``"concat"``, ``"django-concat"`` (the
            default), ``"hmac"`` or ``"none"``.
        digest_method: The hash; SHA-1 by default, since HMAC is safe where collisions are known.
        algorithm: Makes the signatures; by default an :class:`HMACAlgorithm` with the hash.

    Raises:
        ValueError: The separator could be part of a signature.
    """

    default_digest_method: Any = staticmethod(_lazy_sha1)
    default_key_derivation: str = "django-concat"

    def __init__(
        self,
        secret_key: str | bytes | Iterable[str] | Iterable[bytes],
        salt: str | bytes | None = b"itsdangerous.Signer",
        sep: str | bytes = b".",
        key_derivation: str | None = None,
        digest_method: Any = None,
        algorithm: SigningAlgorithm | None = None,
    ) -> None:
        self.secret_keys = _make_keys_list(secret_key)
        self.sep = want_bytes(sep)
        if self.sep in _base64_alphabet:
            raise ValueError(
                "The given separator cannot be used because it may be"
                " contained in the signature itself. ASCII letters,"
                " digits, and '-_=' must not be used."
            )
        self.salt = b"itsdangerous.Signer" if salt is None else want_bytes(salt)
        self.key_derivation = (
            self.default_key_derivation if key_derivation is None else key_derivation
        )
        self.digest_method: Any = (
            self.default_digest_method if digest_method is None else digest_method
        )
        self.algorithm = HMACAlgorithm(self.digest_method) if algorithm is None else algorithm

    @property
    def secret_key(self) -> bytes:
        """The newest key, the one that signs."""
        return self.secret_keys[-1]

    def derive_key(self, secret_key: str | bytes | None = None) -> bytes:
        """Mix a secret key, by default the newest, with the salt.

        Raises:
            TypeError: :attr:`key_derivation` is unknown.
        """
        if secret_key is None:
            secret_key = self.secret_keys[-1]
        elif isinstance(secret_key, str):
            secret_key = secret_key.encode()
        try:
            return _derive_key(self.key_derivation, self.digest_method, self.salt, secret_key)
        except TypeError:
            derive = _derive_key.__wrapped__  # perhaps a bytearray, which cannot be remembered
        return derive(self.key_derivation, self.digest_method, self.salt, secret_key)

    def get_signature(self, value: str | bytes) -> bytes:
        """Return the signature of a value, in base64."""
        if isinstance(value, str):
            value = value.encode()
        mac = self.algorithm.get_signature(self.derive_key(), value)
        return b2a_base64(mac, newline=False).translate(_to_urlsafe, b"=")

    def sign(self, value: str | bytes) -> bytes:
        """Return the value with its signature behind it."""
        if isinstance(value, str):
            value = value.encode()
        return value + self.sep + self.get_signature(value)

    def verify_signature(self, value: str | bytes, sig: str | bytes) -> bool:
        """Tell whether one of the keys made this signature of the value."""
        try:
            sig = base64_decode(sig)
        except Exception:
            return False
        if isinstance(value, str):
            value = value.encode()
        for secret_key in reversed(self.secret_keys):
            if self.algorithm.verify_signature(self.derive_key(secret_key), value, sig):
                return True
        return False

    def unsign(self, signed_value: str | bytes) -> bytes:
        """Return the value without its signature.

        Raises:
            BadSignature: There is none, or it does not fit.
        """
        if isinstance(signed_value, str):
            signed_value = signed_value.encode()
        sep = self.sep
        found: Any
        if type(signed_value) is bytes:
            value, found, sig = signed_value.rpartition(sep)
        else:  # a bytearray, or what raises an error here
            found = sep in signed_value
            value, sig = signed_value.rsplit(sep, 1) if found else (signed_value, b"")
        if not found:
            raise BadSignature(f"No {sep!r} found in value")
        if self.verify_signature(value, sig):
            return value
        raise BadSignature(f"Signature {sig!r} does not match", payload=value)

    def validate(self, signed_value: str | bytes) -> bool:
        """Tell whether :meth:`unsign` accepts the signature."""
        try:
            self.unsign(signed_value)
            return True
        except BadSignature:
            return False


@_remembered
def _write_timestamp(timestamp: int) -> bytes:
    """Write a time as it stands in tokens: the same in all that are made in one second."""
    return base64_encode(int_to_bytes(timestamp))


@_remembered
def _read_timestamp(text: bytes) -> int:
    """Read what :func:`_write_timestamp` wrote."""
    return bytes_to_int(base64_decode(text))


class TimestampSigner(Signer):
    """Sign bytes together with the time, and refuse signatures that are too old."""

    def get_timestamp(self) -> int:
        """Return the time in whole seconds since 1970."""
        return int(time.time())

    def timestamp_to_datetime(self, ts: int) -> datetime:
        """Return such a time as an aware datetime in UTC."""
        return datetime.fromtimestamp(ts, tz=timezone.utc)

    def sign(self, value: str | bytes) -> bytes:
        """Return the value with the time and the signature of both behind it."""
        sep = want_bytes(self.sep)
        value = want_bytes(value) + sep + _write_timestamp(self.get_timestamp())
        return value + sep + self.get_signature(value)

    @overload
    def unsign(
        self,
        signed_value: str | bytes,
        max_age: int | None = None,
        return_timestamp: Literal[False] = False,
    ) -> bytes: ...

    @overload
    def unsign(
        self,
        signed_value: str | bytes,
        max_age: int | None = None,
        *,
        return_timestamp: Literal[True],
    ) -> tuple[bytes, datetime]: ...

    def unsign(
        self, signed_value: str | bytes, max_age: int | None = None, return_timestamp: bool = False
    ) -> tuple[bytes, datetime] | bytes:
        """Return the value without time and signature.

        Args:
            max_age: How old the signature may be, in seconds; None is any age.
            return_timestamp: Return a pair: the value, and when it was signed.

        Raises:
            SignatureExpired: It is older, or from the future.
            BadSignature: There is none, or it does not fit.
        """
        sep: Any = self.sep
        if isinstance(sep, str):
            sep = sep.encode()
        refusal = None
        try:
            result = super().unsign(signed_value)
        except BadSignature as error:
            refusal, result = str(error), error.payload or b""
            if sep not in result:
                raise
        value, found, text = result.rpartition(sep)
        if not found:
            raise BadTimeSignature("timestamp missing", payload=result)
        try:
            timestamp = _read_timestamp(text if type(text) is bytes else bytes(text))
        except Exception:
            timestamp = None
        if refusal is not None:
            raise self._refuse(refusal, value, timestamp)
        if timestamp is None:
            raise BadTimeSignature("Malformed timestamp", payload=value)
        if max_age is not None:
            age = self.get_timestamp() - timestamp
            if age > max_age or age < 0:
                raise self._expired(age, max_age, value, timestamp)
        return (value, self.timestamp_to_datetime(timestamp)) if return_timestamp else value

    def _refuse(self, refusal: str, value: bytes, timestamp: int | None) -> BadTimeSignature:
        """Return the error for a signature that does not fit, with the time it claims."""
        if timestamp is None:
            return BadTimeSignature(refusal, value)
        try:
            return BadTimeSignature(refusal, value, self.timestamp_to_datetime(timestamp))
        except (ValueError, OSError, OverflowError) as error:
            raise BadTimeSignature("Malformed timestamp", value) from error

    def _expired(self, age: int, max_age: int, value: bytes, timestamp: int) -> SignatureExpired:
        """Return the error for a signature that is too old or from the future."""
        bound = f"> {max_age}" if age > max_age else "< 0"
        signed = self.timestamp_to_datetime(timestamp)
        return SignatureExpired(f"Signature age {age} {bound} seconds", value, signed)

    def validate(self, signed_value: str | bytes, max_age: int | None = None) -> bool:
        """Tell whether :meth:`unsign` accepts signature and age."""
        try:
            self.unsign(signed_value, max_age=max_age)
            return True
        except BadSignature:
            return False


def is_text_serializer(serializer: Any) -> bool:
    """Tell whether ``serializer.dumps`` returns text, by writing ``{}``."""
    return isinstance(serializer.dumps({}), str)


class Serializer(Generic[T]):
    """Sign any value that an inner serializer can write.

    Args:
        secret_key: Long and random; or several keys, oldest first.
        salt: Names the purpose.
        serializer: Has ``dumps`` and ``loads``, of text or bytes, like the default ``json``.
            It reads only what was signed; with ``pickle``, who learns the key can run code.
        serializer_kwargs: For ``serializer.dumps``.
        signer: The class that signs.
        signer_kwargs: For the signer.
        fallback_signers: What may have signed older tokens: dicts of ``signer_kwargs``, classes,
            or pairs of both.
    """

    default_serializer: Any = json
    default_signer: type[Signer] = Signer
    default_fallback_signers: list[Any] = []

    def __init__(
        self,
        secret_key: str | bytes | Iterable[str] | Iterable[bytes],
        salt: str | bytes | None = b"itsdangerous",
        serializer: Any = None,
        serializer_kwargs: dict[str, Any] | None = None,
        signer: type[Signer] | None = None,
        signer_kwargs: dict[str, Any] | None = None,
        fallback_signers: list[Any] | None = None,
    ) -> None:
        self.secret_keys = _make_keys_list(secret_key)
        self.salt = None if salt is None else want_bytes(salt)
        self.serializer: Any = self.default_serializer if serializer is None else serializer
        self.is_text_serializer = is_text_serializer(self.serializer)
        self.signer = self.default_signer if signer is None else signer
        self.signer_kwargs = signer_kwargs or {}
        if fallback_signers is None:
            fallback_signers = list(self.default_fallback_signers)
        self.fallback_signers = fallback_signers
        self.serializer_kwargs = serializer_kwargs or {}

    @property
    def secret_key(self) -> bytes:
        """The newest key, the one that signs."""
        return self.secret_keys[-1]

    def load_payload(self, payload: bytes, serializer: Any = None) -> Any:
        """Read a payload with this or another inner serializer.

        Raises:
            BadPayload: The inner serializer raised an error.
        """
        if serializer is None:
            serializer, is_text = self.serializer, self.is_text_serializer
        else:
            is_text = is_text_serializer(serializer)
        try:
            return serializer.loads(payload.decode("utf-8") if is_text else payload)
        except Exception as error:
            raise BadPayload(
                "Could not load the payload because an exception"
                " occurred on unserializing the data.",
                original_error=error,
            ) from error

    def dump_payload(self, obj: Any) -> bytes:
        """Write a value as the bytes to be signed."""
        return want_bytes(self.serializer.dumps(obj, **self.serializer_kwargs))

    def make_signer(self, salt: str | bytes | None = None) -> Signer:
        """Make the signer for a salt, by default the serializer's own."""
        salt = self.salt if salt is None else salt
        return self.signer(self.secret_keys, salt=salt, **self.signer_kwargs)

    def iter_unsigners(self, salt: str | bytes | None = None) -> Iterator[Signer]:
        """Make the signers that may accept a token: :meth:`make_signer`'s, then the fallbacks."""
        salt = self.salt if salt is None else salt
        yield self.make_signer(salt)
        for fallback in self.fallback_signers:
            signer, kwargs = fallback, self.signer_kwargs
            if isinstance(fallback, dict):
                signer, kwargs = self.signer, fallback
            elif isinstance(fallback, tuple):
                signer, kwargs = fallback
            for secret_key in self.secret_keys:
                yield signer(secret_key, salt=salt, **kwargs)

    def dumps(self, obj: Any, salt: str | bytes | None = None) -> T:
        """Return a signed token: text, or bytes if the inner serializer makes bytes."""
        payload = want_bytes(self.dump_payload(obj))
        signer = self._kept_signer(salt) or self.make_signer(salt)
        token: Any = signer.sign(payload)
        result: T = token.decode("utf-8") if self.is_text_serializer else token
        return result

    def _kept_signer(self, salt: str | bytes | None) -> Signer | None:
        """Return None: only serializers with time keep a signer."""

    def dump(self, obj: Any, f: IO[Any], salt: str | bytes | None = None) -> None:
        """Write a signed token into a file."""
        f.write(self.dumps(obj, salt))

    def loads(self, s: str | bytes, salt: str | bytes | None = None, **kwargs: Any) -> Any:
        """Return the value of a signed token; ``kwargs`` are for subclasses.

        Raises:
            BadSignature: No signer accepts it.
            BadPayload: The signature fits, but the value cannot be read.
        """
        s = want_bytes(s)
        refusal: list[Any] = [None]
        for signer in self.iter_unsigners(salt):
            try:
                return self.load_payload(signer.unsign(s))
            except BadSignature as error:
                refusal = [error]
        raise refusal.pop()  # in a list, or error, traceback and this frame would be a cycle

    def load(self, f: IO[Any], salt: str | bytes | None = None) -> Any:
        """Return the value of a signed token in a file."""
        return self.loads(f.read(), salt)

    def loads_unsafe(self, s: str | bytes, salt: str | bytes | None = None) -> tuple[bool, Any]:
        """Return whether the signature fits, and the value even if not; for debugging only."""
        return self._loads_unsafe(s, salt=salt)

    def load_unsafe(self, f: IO[Any], salt: str | bytes | None = None) -> tuple[bool, Any]:
        """Do as :meth:`loads_unsafe` with a file."""
        return self.loads_unsafe(f.read(), salt=salt)

    def _loads_unsafe(self, s: str | bytes, **kwargs: Any) -> tuple[bool, Any]:
        """Do :meth:`loads_unsafe` with the arguments of a subclass's :meth:`loads`."""
        try:
            return True, self.loads(s, **kwargs)
        except BadSignature as error:
            if error.payload is None:
                return False, None
            try:
                return False, self.load_payload(error.payload)
            except BadPayload:
                return False, None


_last_second = 253402300799  # of the year 9999, where datetime ends


class _KeptSigner(TimestampSigner):
    """A signer that is never changed, since the serializer that keeps it shows it to nobody.

    These lines run for every session.  They say yes to what is certainly good; whatever else
    there is to accept or refuse is left to :class:`TimestampSigner`.
    """

    def __init__(self, secret_key: Iterable[bytes], salt: Any, **kwargs: Any) -> None:
        super().__init__(secret_key, salt, **kwargs)
        how = self.key_derivation, self.digest_method, self.salt
        keys = [_derive_key(*how, key) for key in reversed(self.secret_keys)]
        self._hashes = [_keyed_hashes(key, self.digest_method) for key in keys]

    def sign(self, value: bytes) -> bytes:  # type: ignore[override]  # a serializer's payload
        """Return the value with the time and the signature of both behind it."""
        value += self.sep + _write_timestamp(self.get_timestamp())
        mac = b2a_base64(_hmac(self._hashes[0], value), newline=False)
        return value + self.sep + mac.translate(_to_urlsafe, b"=")

    def accept(self, token: bytes, max_age: int | None) -> bytes | None:
        """Return the value of a token that is certainly good, else None."""
        try:
            signed, _, sig = token.rpartition(self.sep)
            value, found, text = signed.rpartition(self.sep)
            timestamp = _read_timestamp(text)
            age = self.get_timestamp() - timestamp
            late = max_age is not None and age > max_age
            if not found or late or age < 0 or timestamp > _last_second:
                return None
        except Exception:
            return None
        return value if self.fits(signed, sig) else None

    def fits(self, signed: bytes, sig: bytes) -> bool:
        """Tell whether this is a signature of what was signed, in its usual spelling."""
        for hashes in self._hashes:
            mac = b2a_base64(_hmac(hashes, signed), newline=False)
            if compare_digest(sig, mac.translate(_to_urlsafe, b"=")):
                return True
        return False


# All that decides which signer a serializer makes, and what that signer does.
_decides = attrgetter("secret_keys", "signer_kwargs", "fallback_signers", "salt", "signer")
_make_signer, _iter_unsigners = Serializer.make_signer, Serializer.iter_unsigners
_signing = Stock(
    (
        TimestampSigner,
        (
            "derive_key",
            "get_signature",
            "verify_signature",
            "sign",
            "unsign",
            "default_digest_method",
            "default_key_derivation",
        ),
    )
)


class TimedSerializer(Serializer[T]):
    """Sign any value together with the time, and refuse tokens that are too old."""

    default_signer: type[Signer] = TimestampSigner

    _kept: tuple[Any, _KeptSigner | None] = (None, None)

    def _kept_signer(self, salt: str | bytes | None) -> _KeptSigner | None:
        """Return what :meth:`make_signer` would make, kept as long as that stays the same.

        None if a class or a method of the program decides: those are asked each time.
        """
        try:
            decides = _decides(self)
        except Exception:  # then it is make_signer's to raise, if it asks
            return None
        if not (
            _signing.holds()
            and is_method(self, "make_signer", _make_signer)
            and is_method(self, "iter_unsigners", _iter_unsigners)
        ):
            return None
        known, signer = self._kept
        if known != (salt, decides):
            signer = None
            with suppress(Exception):  # then it is make_signer's to raise
                keys, kwargs, fallbacks = map(copy, decides[:3])
                usual = decides[4] is TimestampSigner and "algorithm" not in kwargs
                if usual and not fallbacks:
                    signer = _KeptSigner(keys, decides[3] if salt is None else salt, **kwargs)
                self._kept = (salt, (keys, kwargs, fallbacks, *decides[3:])), signer
        return signer

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_kept"}

    def loads(  # type: ignore[override]  # max_age comes before salt, as in the original
        self,
        s: str | bytes,
        max_age: int | None = None,
        return_timestamp: bool = False,
        salt: str | bytes | None = None,
    ) -> Any:
        """Return the value of a signed token.

        Args:
            max_age: How old the signature may be, in seconds; None is any age.
            return_timestamp: Return a pair: the value, and when it was signed.

        Raises:
            SignatureExpired: It is older, or from the future.
            BadSignature: No signer accepts it.
            BadPayload: The signature fits, but the value cannot be read.
        """
        if isinstance(s, str):
            s = s.encode()
        if not return_timestamp and (kept := self._kept_signer(salt)):
            accepted = kept.accept(s, max_age)
            if accepted is not None:
                return self.load_payload(accepted)
        refusal: list[Any] = [None]
        for signer in cast("Iterator[Any]", self.iter_unsigners(salt)):
            try:
                value, signed = signer.unsign(s, max_age=max_age, return_timestamp=True)
                payload = self.load_payload(value)
                return (payload, signed) if return_timestamp else payload
            except SignatureExpired:
                raise  # the signature did fit: no other signer need be asked
            except BadSignature as error:
                refusal = [error]
        raise refusal.pop()

    def loads_unsafe(  # type: ignore[override]  # max_age comes before salt, as in the original
        self, s: str | bytes, max_age: int | None = None, salt: str | bytes | None = None
    ) -> tuple[bool, Any]:
        """Return whether :meth:`loads` accepts the token, and the value even if not."""
        return self._loads_unsafe(s, salt=salt, max_age=max_age)


class _CompactJSON:
    """JSON without spaces, and without escapes where UTF-8 needs none."""

    @staticmethod
    def loads(payload: str | bytes) -> Any:
        return json.loads(payload)

    @staticmethod
    def dumps(obj: Any, **kwargs: Any) -> str:
        return json.dumps(obj, **{"ensure_ascii": False, "separators": (",", ":"), **kwargs})


# zlib takes 260 KiB for each payload and gives them back.  glibc returns that much to the system
# each time, at many times the cost of compressing, until it has seen a larger block come and go.
bytearray(1 << 19)


def _encode_payload(data: bytes) -> bytes:
    """Write bytes in base64: compressed, behind a dot, where that is shorter."""
    # Less can never win: zlib's frame is six bytes, and the least block that says more than
    # it holds is four: a literal, a match and an end (RFC 1950; RFC 1951, section 3.2.6).
    if len(data) >= 12:
        compressed = zlib.compress(data)
        if len(compressed) < len(data) - 1:
            return b"." + base64_encode(compressed)
    return base64_encode(data)


class URLSafeSerializerMixin(Serializer[str]):
    """Write payloads in URL-safe base64: compressed, behind a dot, where that is shorter."""

    default_serializer: Any = _CompactJSON

    def load_payload(
        self, payload: bytes, *args: Any, serializer: Any = None, **kwargs: Any
    ) -> Any:
        """Read a payload; as in the original, *serializer* makes no difference.

        Raises:
            BadPayload: It is not base64, not compressed, or the inner serializer raised an error.
        """
        compressed = payload.startswith(b".")
        try:
            data = base64_decode(payload[1:] if compressed else payload)
        except Exception as error:
            raise BadPayload(
                "Could not base64 decode the payload because of an exception", error
            ) from error
        if compressed:
            try:
                data = zlib.decompress(data)
            except Exception as error:
                raise BadPayload(
                    "Could not zlib decompress the payload before decoding the payload", error
                ) from error
        return super().load_payload(data, *args, **kwargs)

    def dump_payload(self, obj: Any) -> bytes:
        """Write a value as base64."""
        return _encode_payload(super().dump_payload(obj))


class URLSafeSerializer(URLSafeSerializerMixin, Serializer[str]):
    """Sign any JSON value, as text of letters, digits, ``-``, ``_`` and ``.``."""


class URLSafeTimedSerializer(URLSafeSerializerMixin, TimedSerializer[str]):
    """Sign any JSON value together with the time, as such text."""

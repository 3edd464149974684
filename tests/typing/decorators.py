"""Each registering decorator gives back the very function type it was given."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from miniflask import Blueprint, Flask, Response, after_this_request, copy_current_request_context

if TYPE_CHECKING:
    from typing_extensions import assert_type

app = Flask(__name__)
bp = Blueprint("bp", __name__)


@app.get("/<int:number>")
def view(number: int) -> str:
    return str(number)


@bp.route("/", methods=["GET", "POST"])
async def coroutine_view() -> dict[str, int]:
    return {"a": 1}


@app.endpoint("named")
def named(first: str, *, second: bool = False) -> str:
    return f"{first}{second}"


@app.before_request
def before() -> None: ...


@app.before_request
async def before_later() -> str | None:
    return None


@bp.after_request
def after(response: Response) -> Response:
    return response


@app.teardown_request
def teardown(exc: BaseException | None) -> None: ...


@app.teardown_appcontext
async def teardown_later(exc: BaseException | None) -> None: ...


@app.errorhandler(404)
def not_found(e: Exception) -> tuple[str, int]:
    return "no", 404


@app.context_processor
def variables() -> dict[str, Any]:
    return {}


@app.template_filter("double")
def double(text: str) -> str:
    return text * 2


@bp.app_template_test()
def is_even(number: int) -> bool:
    return number % 2 == 0


@app.template_global()
def answer() -> int:
    return 42


@app.url_defaults
def defaults(endpoint: str, values: dict[str, Any]) -> None: ...


@app.url_value_preprocessor
def preprocess(endpoint: str | None, values: dict[str, Any] | None) -> None: ...


@app.shell_context_processor
def shell() -> dict[str, Any]:
    return {}


@copy_current_request_context
def in_thread(number: int, text: str = "") -> bool:
    return bool(number and text)


async def coroutine_functions() -> None:
    assert_type(await coroutine_view(), dict[str, int])
    assert_type(await before_later(), "str | None")


def what_they_are() -> None:
    assert_type(view(1), str)
    assert_type(named("a", second=True), str)
    assert_type(after(Response()), Response)
    assert_type(not_found(ValueError()), tuple[str, int])
    assert_type(variables(), dict[str, Any])
    assert_type(double("a"), str)
    assert_type(is_even(2), bool)
    assert_type(answer(), int)
    assert_type(shell(), dict[str, Any])
    assert_type(in_thread(1, text="a"), bool)

    view("1")  # type: ignore[arg-type]  # an int is expected
    named("a", True)  # type: ignore[call-arg]  # keyword only
    in_thread()  # type: ignore[call-arg]  # an argument is missing


def refused() -> None:
    @app.before_request  # type: ignore[type-var]  # no arguments are passed
    def with_argument(request: Any) -> None: ...

    @app.teardown_request  # type: ignore[type-var]  # one argument is passed
    def without_argument() -> None: ...

    @app.context_processor  # type: ignore[type-var]  # must return a dict
    def returns_text() -> str:
        return ""

    @app.template_test()  # type: ignore[type-var]  # must return a bool
    def no_test(value: Any) -> str:
        return ""

    app.errorhandler("404")  # type: ignore[arg-type]  # a code or a class


@after_this_request
def once(response: Response) -> Response:
    return response


wrapped: Callable[..., Awaitable[Any]] = coroutine_view

"""Which modules are changed, and which tests are held against them."""

from __future__ import annotations

from typing import NamedTuple


class Plan(NamedTuple):
    """What is tried on a module."""

    #: Files of tests; of each only those tests run that call what was changed.
    tests: tuple[str, ...]
    #: The functions that are changed; all when there is none.
    functions: tuple[str, ...] = ()


def _tests(unit: str, oracles: str) -> tuple[str, ...]:
    """Expand words into files: of ``tests/unit``, then of ``tests/against_flask``."""
    return (
        *(f"tests/unit/test_{word}.py" for word in unit.split()),
        *(f"tests/against_flask/test_{word}.py" for word in oracles.split()),
    )


_DISPATCH = """
    __call__ wsgi_app full_dispatch_request _run_before_first_request preprocess_request
    dispatch_request raise_routing_exception make_default_options_response ensure_sync
    async_to_sync handle_user_exception handle_http_exception handle_exception log_exception
    finalize_request make_response _force_response process_response do_teardown_request
    do_teardown_appcontext
"""

_SHORT_WAY = _tests("", "review_findings shortcut fast_path_findings replaced_classes")

PLANS = {
    "globals.py": Plan(_tests("globals ctx", "behaviour_contexts")),
    "scaffold.py": Plan(
        _tests(
            "scaffold blueprints helpers",
            "scaffold_oracle blueprints_oracle blueprints_dispatch files_oracle",
        )
    ),
    "local.py": Plan(_tests("local", "local_oracle proxy_table")),
    "ctx.py": Plan(
        _tests(
            "ctx app globals",
            "behaviour_contexts long_way shortcut streaming_oracle testing_oracle signals_oracle"
            " review_findings behaviour_errors urls_oracle fast_path_findings",
        )
    ),
    "signing.py": Plan(_tests("signing", "signing_oracle replaced_classes")),
    "sessions.py": Plan(
        _tests(
            "sessions",
            "sessions_oracle fast_path_findings sessions_generated replaced_classes shortcut",
        )
    ),
    "app.py": Plan(
        _tests(
            "app",
            "behaviour_errors signals_oracle blueprints_dispatch responses_oracle"
            " dispatch_generated async_oracle review_findings long_way shortcut",
        ),
        (
            *(f"Flask.{name}" for name in _DISPATCH.split()),
            "_refusal",
            "_split_return_value",
        ),
    ),
    "shortcut.py": Plan(_SHORT_WAY),
    "plain.py": Plan(_SHORT_WAY),
    "stock.py": Plan(_tests("stock", "replaced_classes")),
}

"""Small programs that only the type checkers run: `make types`.

``assert_type`` says what a checker must infer; an error that it must report stands behind a
``type: ignore`` with its code, which is itself an error once the checker no longer reports it.
"""

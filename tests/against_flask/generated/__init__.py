"""Whole applications, generated, printed, and driven on both frameworks.

Read in this order: ``model`` (an application as a value), ``vocabulary`` (what its functions may
do), ``source`` (the value as a program), ``strategies`` (values at random), ``recording`` (what
is observed), ``driving`` (the ways to send requests), ``comparing`` (both frameworks at once).
"""

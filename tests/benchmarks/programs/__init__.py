"""Every workload as a program, in the way that each framework's own documentation would write it.

A module is a framework, and a function in it is a program: it returns the WSGI application.
"""

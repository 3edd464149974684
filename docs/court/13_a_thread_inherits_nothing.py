"""A new thread starts without contexts.

Where:
    pages about `sys.flags.thread_inherit_context`

Says:
    Before Python 3.12 a new thread inherited the context of its parent.

In fact:
    It never did. Since 3.14 it can, and does on a free-threaded Python. Whoever wants it runs
    the function in a copied `Context`, as this does.
"""

import contextvars
import threading

from miniflask import Flask, has_app_context


def tell(how):
    print(how, has_app_context())


def in_thread(function, *args):
    thread = threading.Thread(target=function, args=args)
    thread.start()
    thread.join()


with Flask("claim").app_context():
    in_thread(tell, "a thread:")
    in_thread(contextvars.copy_context().run, tell, "in a copied Context:")

"""Many threads at once over real sockets."""

from __future__ import annotations

import http.client
import json
import threading
from contextlib import closing
from typing import Any

from tests.sockets.server import served

THREADS = 8
REQUESTS = 200


def talk(port: int, thread: int, barrier: threading.Barrier, answers: list[Any]) -> None:
    """Send every request of one thread over one connection."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.connect()
        socket = connection.sock
        barrier.wait(timeout=30)
        for number in range(REQUESTS):
            path = f"/echo/{thread}/{number}?q={thread}.{number}"
            connection.request("GET", path, headers={"X-Token": f"token-{thread}-{number}"})
            answers.append(json.load(connection.getresponse()))
        if connection.sock is not socket:
            answers.append("the connection was not kept alive")


def test_each_view_sees_its_own_request() -> None:
    """Of 8 threads with 200 requests each, every response is about its own request."""
    barrier = threading.Barrier(THREADS)
    answers: list[list[Any]] = [[] for _ in range(THREADS)]
    with served("-m", "tests.sockets.keep_alive_app") as port:
        threads = [
            threading.Thread(target=talk, args=(port, i, barrier, answers[i]))
            for i in range(THREADS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=90)

    for i in range(THREADS):
        assert answers[i] == [
            {
                "view_args": [i, number],
                "path": f"/echo/{i}/{number}",
                "query": f"{i}.{number}",
                "g": f"token-{i}-{number}",
                "header": f"token-{i}-{number}",
                "app": "keep_alive_app",
            }
            for number in range(REQUESTS)
        ]

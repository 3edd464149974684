"""The page of the lens in a real Chromium."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from miniflask import Flask, copy_current_request_context, g, lens, request, session
from miniflask.lens.live import LensServer, serving
from tests.browser import chromium
from tests.lessons import recordings
from tests.sockets.server import served

SECRETS = ["s3cret-key", "c00kie-value", "Basic-cred", "4111-in-session"]
ATTACK = "</script><script>window.attacked=1</script><img src=x onerror=window.attacked=1>"
QUOTED = urllib.request.quote(ATTACK)  # type: ignore[attr-defined]  # imported there


def sample_app() -> Flask:
    app = Flask("shop")
    app.secret_key = SECRETS[0]

    @app.before_request
    def open_db() -> None:
        g.db = "db"

    @app.get("/copy")
    def copy() -> str:
        session["card"] = SECRETS[3]
        for target in (copy_current_request_context(read), read_unbound):
            thread = threading.Thread(target=target, name=target.__name__)
            thread.start()
            thread.join()
        return request.path

    def read() -> str:
        return request.path

    def read_unbound() -> None:
        with pytest.raises(RuntimeError):
            request.path

    @app.get("/<path:path>")
    def anything(path: str) -> str:
        return path

    return app


def record(*paths: str, app: Flask | None = None) -> lens.Trace:
    """Record requests to an app, in a thread whose name an attacker chose."""
    client = (app or sample_app()).test_client()
    client.set_cookie("other", SECRETS[1])

    def send() -> None:
        for path in paths:
            client.get(path, headers={"Authorization": f"Basic {SECRETS[2]}"})

    with lens.record(title=ATTACK) as trace:
        thread = threading.Thread(target=send, name=f"visitor {ATTACK}")
        thread.start()
        thread.join()
    return trace


@pytest.fixture(scope="module")
def trace() -> lens.Trace:
    """A recording of a request that starts two threads."""
    return record("/copy")


@pytest.fixture(scope="module")
def file(trace: lens.Trace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of that recording."""
    path = tmp_path_factory.mktemp("lens") / "trace.html"
    trace.save(path)
    return path


@pytest.fixture(scope="module")
def browser(file: Path) -> Iterator[Browser]:
    """Chromium, closed when the last test is done."""
    path = chromium.find()
    if path is None:
        pytest.skip("no Chromium: `python -m tests.browser.chromium` says what to do")
    # Chromium's sandbox refuses to work for root.
    args = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=args, timeout=60_000)
        yield launched
        launched.close()


@pytest.fixture
def options() -> dict[str, Any]:
    """How to open the page; a test may parametrize it."""
    return {}


@pytest.fixture
def page(browser: Browser, options: dict[str, Any]) -> Iterator[Page]:
    """An empty page; whatever goes wrong in it fails the test."""
    context = browser.new_context(viewport={"width": 1400, "height": 800}, **options)
    context.set_default_timeout(10_000)
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    attacked = page.evaluate("window.attacked")
    context.close()
    assert problems == []
    assert attacked is None


def rows(page: Page) -> Any:
    return page.get_by_role("option")


def current(page: Page) -> str:
    return page.get_by_role("option", selected=True).inner_text()


def test_it_opens_without_a_network(page: Page, file: Path, trace: lens.Trace) -> None:
    """The page is one file: it asks for nothing else, and shows each step on its lane."""
    asked: list[str] = []
    page.on("request", lambda sent: asked.append(sent.url))
    page.goto(file.as_uri())

    assert [url for url in asked if not url.startswith("data:")] == [file.as_uri()]
    shown = [event for event in trace.events if event.phase != "end" or event.kind == "request"]
    expect(rows(page)).to_have_count(len(shown))
    expect(page.get_by_role("checkbox")).to_have_count(3)
    expect(page.get_by_role("status")).to_contain_text("on 3 of 3 lanes")


def test_bars_nest(page: Page, file: Path) -> None:
    """The request context's bar lies beside its app context's, and within its rows."""
    page.goto(file.as_uri())
    boxes = {
        label: page.locator(f'[data-subject="{label}"]').bounding_box()
        for label in ("A1", "R1", "A2", "R2")
    }
    for outer, inner in (("A1", "R1"), ("A2", "R2")):
        app, req = boxes[outer], boxes[inner]
        assert app is not None
        assert req is not None
        assert app["x"] < req["x"]
        assert app["y"] < req["y"]
        assert req["y"] + req["height"] < app["y"] + app["height"]
    assert boxes["A1"]["x"] < boxes["A2"]["x"]  # type: ignore[index]


def test_keys_step_forward_and_back(page: Page, file: Path) -> None:
    """Arrows, j and k move by a step, Home and End to the ends; the step is told as it changes."""
    page.goto(file.as_uri())
    step = page.locator("#step")
    assert step.get_attribute("aria-live") == "polite"
    expect(page.locator("#position")).to_have_text(f"1 of {rows(page).count()}")
    expect(step).to_contain_text("Step 1: request GET /copy")

    for key in ("ArrowRight", "j", "ArrowDown"):
        page.keyboard.press(key)
    expect(step).to_contain_text("set app_ctx to A1")
    for key in ("ArrowLeft", "k", "ArrowUp"):
        page.keyboard.press(key)
    expect(step).to_contain_text("Step 1:")
    page.keyboard.press("ArrowLeft")
    expect(step).to_contain_text("Step 1:")
    page.keyboard.press("End")
    expect(step).to_contain_text("answer 200 OK")
    page.keyboard.press("ArrowRight")
    expect(step).to_contain_text("answer 200 OK")
    page.keyboard.press("Home")
    expect(step).to_contain_text("Step 1:")


def test_buttons_and_rows_step_as_well(page: Page, file: Path) -> None:
    """Each key has a button with a name, and a row can be clicked."""
    page.goto(file.as_uri())
    step = page.locator("#step")
    page.get_by_role("button", name="Step forward").click()
    expect(step).to_contain_text("push request context R1")
    page.get_by_role("button", name="Step back").click()
    expect(step).to_contain_text("Step 1:")
    page.get_by_role("button", name="Last step").click()
    expect(step).to_contain_text("answer")
    page.get_by_role("button", name="First step").click()
    expect(step).to_contain_text("Step 1:")
    page.get_by_role("option", name="before_request open_db").click()
    expect(step).to_contain_text("before_request open_db")


def test_n_and_p_stay_on_the_lane(page: Page, file: Path) -> None:
    """From the step before a thread starts, n skips what the thread does."""
    page.goto(file.as_uri())
    page.get_by_role("option", name="copy request context R1 to R2").click()
    page.keyboard.press("n")
    expect(page.locator("#step")).to_contain_text("read request.path of R1")
    page.keyboard.press("p")
    expect(page.locator("#step")).to_contain_text("copy request context")


def test_the_current_row_is_in_view_and_named(page: Page, file: Path) -> None:
    """The list tells a screen reader which row is current, and scrolls to it."""
    page.set_viewport_size({"width": 1000, "height": 400})
    page.goto(file.as_uri())
    listbox = page.get_by_role("listbox")
    for key in ("End", "Home"):
        page.keyboard.press(key)
        active = listbox.get_attribute("aria-activedescendant")
        row = page.locator(f"#{active}")
        assert row.get_attribute("aria-selected") == "true"
        expect(row).to_be_in_viewport(ratio=0.5)


def test_a_lane_is_filtered(page: Page, file: Path) -> None:
    """Without its check mark a lane's rows, bars and column are gone; with it they are back."""
    page.goto(file.as_uri())
    everything = rows(page).count()
    page.get_by_role("checkbox", name="thread read", exact=True).uncheck()

    expect(page.locator('[data-subject="R2"]')).to_have_count(0)
    expect(page.locator('[data-subject="R1"]')).to_have_count(1)
    expect(page.get_by_role("status")).to_contain_text("on 2 of 3 lanes")
    assert rows(page).count() < everything
    assert "thread read:" not in " ".join(
        row.get_attribute("aria-label") or "" for row in rows(page).all()
    )
    page.get_by_role("checkbox", name="thread read", exact=True).check()
    expect(rows(page)).to_have_count(everything)


def test_bars_move_with_their_lane(page: Page, file: Path) -> None:
    """With the first lane hidden, the next one and its bars take its place."""
    page.goto(file.as_uri())
    first = page.locator('[data-subject="A1"]').bounding_box()
    page.get_by_role("checkbox", name="visitor").uncheck()
    moved = page.locator('[data-subject="A2"]').bounding_box()

    assert first is not None
    assert moved is not None
    assert moved["x"] == first["x"]


def test_of_many_lanes_a_few_are_shown(page: Page, tmp_path: Path) -> None:
    """The page begins with six lanes; each further one is a check mark away."""
    app = sample_app()
    with lens.record() as trace:
        for number in range(8):
            thread = threading.Thread(target=app.app_context().push, name=f"worker {number}")
            thread.start()
            thread.join()
    trace.save(tmp_path / "many.html")
    page.goto((tmp_path / "many.html").as_uri())

    expect(page.get_by_role("status")).to_contain_text("on 6 of 8 lanes")
    page.get_by_role("checkbox", name="worker 7").check()
    expect(page.get_by_role("status")).to_contain_text("on 7 of 8 lanes")
    expect(page.get_by_role("option", name="worker 7").first).to_be_visible()
    # Nobody popped them: their bars stay open, in red.
    expect(page.locator(".bar.app.open")).to_have_count(7)


def test_a_tasks_inherited_context_is_hatched(page: Page, tmp_path: Path) -> None:
    """A task that began with its parent's contexts shows them as inherited, and from where."""
    app = sample_app()

    async def child() -> str:
        return request.path

    async def parent() -> None:
        with app.test_request_context("/ok"):
            await asyncio.create_task(child(), name="child")

    def run() -> None:
        asyncio.run(parent())

    with lens.record() as trace:
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    trace.save(tmp_path / "task.html")
    page.goto((tmp_path / "task.html").as_uri())

    expect(page.locator('.bar.inherited[data-subject="R1"]')).to_have_count(1)
    page.get_by_role("option", name="task child: read request.path of R1").click()
    seen = page.get_by_role("table", name="What task child sees")
    expect(seen).to_contain_text("is a copy of Context")


def test_each_lane_sees_its_own_and_it_says_why(page: Page, file: Path) -> None:
    """At one step the visitor's lane is bound, the new thread's is empty, each with its reason."""
    page.goto(file.as_uri())
    page.get_by_role("option", name="thread read_unbound: read request.path: unbound").click()

    bound = page.get_by_role("table").nth(0)
    expect(bound.get_by_role("row", name="current_app")).to_contain_text("shopA1")
    expect(bound.get_by_role("row", name="request")).to_contain_text("GET /copyR1")
    expect(bound).to_contain_text("pushed it")
    unbound = page.get_by_role("table", name="What thread read_unbound sees")
    for name in ("current_app", "g", "request", "session"):
        expect(unbound.get_by_role("row", name=f"{name} unbound", exact=True)).to_be_visible()
    expect(unbound).to_contain_text("a new thread begins with an empty one")


def test_a_copy_shares_its_request_and_session(page: Page, file: Path) -> None:
    """What `copy_current_request_context` shares and what it makes anew can be read off."""
    page.goto(file.as_uri())
    page.get_by_role("option", name="set request_ctx to R2").click()
    expect(page.locator("#step")).to_contain_text("object 1, shared by R1, R2")
    seen = page.get_by_role("table", name="What thread read sees")
    expect(seen.get_by_role("row", name="g", exact=False).first).to_contain_text("A2")
    expect(seen.get_by_role("row", name="session")).to_contain_text("session of R1")


def test_secrets_are_not_in_the_page(file: Path) -> None:
    """Neither the key, nor a cookie, nor credentials, nor what the session holds."""
    html = file.read_text("utf-8")

    assert [secret for secret in SECRETS if secret in html] == []
    assert '["Cookie", "[redacted]"]' in html
    assert '["Authorization", "[redacted]"]' in html


def test_an_attack_is_shown_as_text(page: Page, tmp_path: Path) -> None:
    """Markup in a URL, a title, a header and the name of a thread or app is text like any other."""
    app = Flask(ATTACK)
    app.add_url_rule("/<path:path>", ATTACK, lambda path: path)
    record(f"/{QUOTED}?{ATTACK}", app=app).save(tmp_path / "attack.html")
    page.goto((tmp_path / "attack.html").as_uri())

    title = page.get_by_role("heading", level=1)
    expect(title).to_have_text(f"{ATTACK} · miniflask lens")
    assert f"GET /{ATTACK}" in current(page)
    expect(page.locator("#lanes")).to_contain_text(f"visitor {ATTACK}")
    page.get_by_role("option", name=": set request_ctx").click()
    expect(page.locator("#sees")).to_contain_text(ATTACK)
    assert page.locator("script").count() == 2
    assert page.locator("img").count() == 0


def test_the_policy_lets_no_other_script_run(browser: Browser, file: Path) -> None:
    """Should markup ever get in, the page's own policy keeps it from running."""
    page = browser.new_page()
    page.goto(file.as_uri())
    page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.attacked = 1";
            document.body.append(script);
            document.body.insertAdjacentHTML("beforeend", "<p onclick='window.attacked = 1'>x");
            document.body.lastElementChild.click();
        }"""
    )
    attacked = page.evaluate("window.attacked")
    page.close()

    assert attacked is None


def background(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


@pytest.mark.parametrize("options", [{"color_scheme": s} for s in ("light", "dark")], ids=str)
def test_it_follows_the_system_and_the_button(page: Page, file: Path) -> None:
    """Light or dark as the system is, until the button or the key t says otherwise."""
    page.goto(file.as_uri())
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    automatic = background(page)
    page.get_by_role("button", name="Theme: auto").click()
    light = background(page)
    page.keyboard.press("t")
    expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()

    assert light != background(page)
    assert automatic == (background(page) if dark else light)
    page.keyboard.press("t")
    assert background(page) == automatic


CONTRAST = """() => {
    const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
    const channels = (color) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
        return canvas.getImageData(0, 0, 1, 1).data;
    };
    const luminance = (color) => {
        const [r, g, b] = [...channels(color)].map((c) => c / 255)
            .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element) => {
        const color = getComputedStyle(element).backgroundColor;
        return channels(color)[3] === 255 || !element.parentElement
            ? color : behind(element.parentElement);
    };
    return [...document.querySelectorAll("body *")]
        .filter((e) => e.checkVisibility() && [...e.childNodes].some((n) => n.nodeType === 3
            && n.textContent.trim()))
        .map((e) => {
            const [a, b] = [getComputedStyle(e).color, behind(e)].map(luminance);
            return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.outerHTML.slice(0, 90)];
        })
        .filter(([ratio]) => ratio < 4.5);
}"""


@pytest.mark.parametrize("options", [{"color_scheme": s} for s in ("light", "dark")], ids=str)
def test_text_has_contrast(page: Page, file: Path) -> None:
    """All text stands out by 4.5 to 1 (WCAG 2.1, success criterion 1.4.3), in both themes."""
    page.goto(file.as_uri())
    page.get_by_role("option", name="read request.path: unbound").click()

    assert page.evaluate(CONTRAST) == []


def test_the_keyboard_reaches_everything(page: Page, file: Path) -> None:
    """Tab leads to the buttons, the lanes and the list, and where it is can be seen."""
    page.goto(file.as_uri())
    reached = []
    for _ in range(12):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        if focused.count():
            reached.append(focused.evaluate("e => e.getAttribute('role') || e.tagName"))
            assert focused.evaluate("e => getComputedStyle(e).outlineStyle") != "none"

    assert {"BUTTON", "INPUT", "listbox"} <= set(reached)


def test_it_is_readable_on_paper(page: Page, file: Path) -> None:
    """In print there are all steps in dark ink, nothing to press, and several sheets if need be."""
    page.emulate_media(media="print", color_scheme="dark")
    page.goto(file.as_uri())

    for control in ("Step forward", "Theme: auto"):
        expect(page.get_by_role("button", name=control)).to_be_hidden()
    expect(rows(page).last).to_be_visible()
    assert page.locator(".time").evaluate("e => e.scrollHeight <= e.clientHeight + 1")
    assert page.locator(".time").evaluate("e => e.scrollWidth <= e.clientWidth + 1")
    assert background(page) == "rgb(251, 251, 250)"
    assert len(page.pdf(prefer_css_page_size=True)) > 10_000


def test_without_scripts_there_is_the_text(browser: Browser, file: Path) -> None:
    """Where no script runs, the page has the swim-lanes as text."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(file.as_uri())
    expect(page.locator("noscript pre")).to_contain_text("push request context R1")
    context.close()


APP = """
from miniflask import Flask, request, session

app = Flask(__name__)
app.secret_key = "s3cret-key"


@app.get("/<path:path>")
def anything(path):
    session["card"] = "4111-in-session"
    return request.path
"""


@pytest.fixture
def live(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """The addresses of an app under ``miniflask run --lens`` and of its lens."""
    (tmp_path / "shop.py").write_text(APP, "utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        lens_port = free.getsockname()[1]
    command = ["-m", "miniflask", "--app", str(tmp_path / "shop.py"), "run", "--port", "0"]
    with served(*command, "--lens", "--lens-port", str(lens_port)) as port:
        yield f"http://127.0.0.1:{port}", f"http://127.0.0.1:{lens_port}/"


def get(url: str) -> None:
    with urllib.request.urlopen(url, timeout=10) as response:
        assert response.status == 200


def test_a_running_app_is_watched_live(page: Page, live: tuple[str, str]) -> None:
    """Steps come as they happen, after those from before the page was opened, each once."""
    app, url = live
    get(f"{app}/early")
    page.goto(url)
    expect(page.get_by_role("option", name="request GET /early", exact=False).first).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("shop · miniflask lens")

    get(f"{app}/late")
    late = page.get_by_role("option", name=": request GET /late", exact=False)
    expect(late).to_have_count(1)
    expect(page.locator("#step")).to_contain_text("answer 200 OK")
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("button", name="Follow", pressed=False)).to_be_visible()
    before = page.locator("#step").inner_text()
    get(f"{app}/later")
    expect(page.get_by_role("option", name=": request GET /later", exact=False)).to_have_count(1)
    assert page.locator("#step").inner_text() == before


def test_a_page_survives_a_restart(page: Page) -> None:
    """When the application starts again, the page shows the new recording, and no step twice."""
    app = sample_app()

    def send(path: str) -> None:
        thread = threading.Thread(target=app.test_client().get, args=(path,))
        thread.start()
        thread.join()

    with lens.record() as trace, serving(LensServer(trace)) as server:
        send("/first")
        page.goto(server.url)
        expect(page.get_by_role("option", name="request GET /first").first).to_be_visible()
        # Shown live: the browser would complain of a server that goes while it is still calling.
        send("/again")
        expect(page.get_by_role("option", name=": request GET /again")).to_have_count(1)
        port = server.server_port
    with lens.record() as trace, serving(LensServer(trace, port)):
        send("/second")
        expect(page.get_by_role("option", name=": request GET /second")).to_have_count(
            1, timeout=20_000
        )
        expect(page.get_by_role("option", name="GET /first")).to_have_count(0)


def test_an_attack_on_a_running_app_is_shown_as_text(page: Page, live: tuple[str, str]) -> None:
    """A visitor of the app cannot reach into the page of whoever watches."""
    app, url = live
    page.goto(url)
    get(f"{app}/{QUOTED}?{QUOTED}")
    expect(page.get_by_role("option", name=f"request GET /{ATTACK}").first).to_be_visible()

    assert page.locator("script").count() == 2
    assert [secret for secret in SECRETS if secret in page.content()] == []


@pytest.mark.parametrize("options", [{"color_scheme": s} for s in ("light", "dark")], ids=str)
def test_the_documentation_frames_a_recording(page: Page, tmp_path: Path) -> None:
    """Unfolded on a page of the site, without a network, a recording can be stepped through."""
    recorded = f"# Shop\n\n{recordings.PROGRAM}```{{recording}} A request\n```\n"
    assert recordings.build_site(tmp_path, recorded).returncode == 0
    page.context.set_offline(True)
    page.goto((tmp_path / "html" / "index.html").as_uri())
    page.get_by_text("Step through it: A request").click()
    frame = page.frame_locator('iframe[title="A request"]')

    expect(frame.get_by_role("option")).to_have_count(9)
    frame.get_by_role("button", name="Step forward").click()
    expect(frame.locator("#step")).to_contain_text("push app context A1 shop")
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    assert frame.locator("body").evaluate("body => getComputedStyle(body).backgroundColor") == (
        "rgb(21, 23, 28)" if dark else "rgb(251, 251, 250)"
    )
    page.get_by_role("link", name="Open it on a page of its own").click()
    expect(page.get_by_role("heading", name="A request · miniflask lens")).to_be_visible()

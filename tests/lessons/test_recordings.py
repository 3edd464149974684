"""What ``{recording}`` puts into a page: the run of the block above, as text and in a frame."""

from __future__ import annotations

from pathlib import Path

from tests.lessons import recordings

LANES = """\
1  thread MainThread

  1
> -        push request context R1 GET /basket  [block:1]
> -          push app context A1 shop  (by R1)  [block:1]
> A1           set app_ctx to A1  token T1  [block:1]
> A1 R1      set request_ctx to R1  token T2  [block:1]
> A1 R1    read request.path of R1  [earlier block:6]
> A1 R1    pop request context R1 GET /basket  [block:1]
> A1         reset request_ctx to nothing  token T2  [block:1]
> A1         pop app context A1 shop  (by R1)  [block:1]
> -            reset app_ctx to nothing  token T1  [block:1]
"""


def test_the_block_above_is_recorded(tmp_path: Path) -> None:
    """The blocks run in order and print nothing; the last one's steps are shown, by its lines."""
    page = f"# Shop\n\n{recordings.PROGRAM}```{{recording}} A <request>\n```\n"
    done = recordings.build_site(tmp_path, page)
    site = tmp_path / "html"

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [text.strip() for text in recordings.texts(site, "index")] == [LANES.strip()]
    [frame] = recordings.frames(site, "index")
    lines = LANES.splitlines()[3:]
    assert all(any(step in line for line in lines) for step in recordings.steps(frame))
    assert "read request.path of R1" in recordings.steps(frame)
    markup = (site / "index.html").read_text("utf-8")
    assert "<summary>Step through it: A &lt;request&gt;</summary>" in markup


def test_a_page_in_a_folder_finds_its_frames(tmp_path: Path) -> None:
    """Each recording has a file of its own; on a Chinese page what is said is Chinese."""
    directive = "```{recording} 请求\n```\n\n"
    page = f"# Shop\n\n{recordings.PROGRAM}{directive}{directive}"
    done = recordings.build_site(tmp_path, page, "zh/shop")
    site = tmp_path / "html"

    assert (done.returncode, done.stderr) == (0, "")
    found = recordings.frames(site, "zh/shop")
    assert found == [site / "_recordings" / f"zh-shop-{n}.html" for n in (1, 2)]
    assert recordings.steps(found[0]) == recordings.steps(found[1]) != []
    assert "<summary>逐步查看: 请求</summary>" in (site / "zh" / "shop.html").read_text("utf-8")


def test_nothing_to_record_is_an_error(tmp_path: Path) -> None:
    """A page that records before its first program, or a program that does nothing, fails."""
    for number, before in enumerate(["", "```python\nrequest = None\n```\n\n"]):
        page = f"# Shop\n\n{before}```{{recording}} Nothing\n```\n\n{recordings.PROGRAM}"
        done = recordings.build_site(tmp_path / str(number), page)

        assert done.returncode != 0
        assert "there is nothing above to record" in done.stderr


def test_every_recording_is_known() -> None:
    """The pages that have recordings are those whose steps are compared in the site."""
    found = recordings.pages_with_recordings()

    assert {name: n for name, n in found.items() if not name.startswith("zh/")} == {
        name: len(wanted) for name, wanted in recordings.RECORDED.items()
    }

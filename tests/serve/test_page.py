"""The page of ``serve``: as a text, and in headless Chromium beside a server."""

import dataclasses
import html
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.predict.score import notes, score_rows
from pipeline.runs.saved import Scoring, load_run, load_scoring
from pipeline.serve.page import serve_page
from tests.browsing import barriers, visited
from tests.conftest import ROOT, command
from tests.serve.threaded import Threaded, served

PATIENT = ("45", "5.7", "7.8", "13.1", "9.1", "58")
HTTP_ERROR = "Failed to load resource"


@pytest.fixture(scope="module")
def run(small_run: Path) -> Scoring:
    return load_scoring(small_run / "models" / "latest")


@pytest.fixture(scope="module")
def server(run: Scoring) -> Iterator[Threaded]:
    with served(run) as started:
        yield started


def renamed(run: Scoring, features: list[str], classes: list[str]) -> Scoring:
    """Give the same network other names."""
    data = run.config.data
    section = data.model_copy(
        update={
            "features": dict(zip(features, data.features.values(), strict=True)),
            "codes": dict(zip(classes, data.codes.values(), strict=True)),
        }
    )
    model = dataclasses.replace(
        run.model,
        preprocessor=dataclasses.replace(run.model.preprocessor, features=tuple(features)),
        coding=dataclasses.replace(run.model.coding, classes=tuple(classes)),
    )
    return Scoring(run.config.model_copy(update={"data": section}), model, run.record)


def with_softmax(run: Scoring) -> Scoring:
    """Give the run three outputs, a class each, in another order than that of the codes."""
    weights = np.random.default_rng(3).normal(0, 0.7, 6 * 3 + 3 + 3 * 3 + 3).astype(np.float32)
    network = dataclasses.replace(run.model.network, sizes=(6, 3, 3), slopes=(0.05,), softmax=True, weights=weights)
    coding = dataclasses.replace(
        run.model.coding, classes=("Type2", "Normal", "Type1"), codes=(-1.0, 0.0, 1.0), softmax=True, steepness=(1.0,)
    )
    section = run.config.network.model_copy(update={"output": "softmax"})
    model = dataclasses.replace(run.model, network=network, coding=coding)
    return Scoring(run.config.model_copy(update={"network": section}), model, run.record)


def said_of(answer: dict[str, Any]) -> str:
    """Return what the page says first of an answer of the API."""
    odds = f"with probability {percent(answer['probabilities'][answer['class']])}"
    match answer["possible"]:
        case [_]:
            return f"{answer['class']} {odds}"
        case [one, other]:
            named = f"{one} and {other} are both"
        case _:
            named = "{}, {} and {} are all".format(*answer["possible"])
    return f"Inconclusive: {named} possible. Most probable is {answer['class']}, {odds}"


def without_fill(run: Scoring) -> Scoring:
    """Let nothing fill missing values."""
    steps = dataclasses.replace(run.model.preprocessor, fill=np.full(6, np.nan))
    return Scoring(run.config, dataclasses.replace(run.model, preprocessor=steps), run.record)


def fill(shown: Any, *texts: str) -> None:
    for place, text in enumerate(texts):
        shown.fill(f"#value-{place}", text)


def settled(shown: Any) -> str:
    """Wait until the page has dealt with what was typed, and return its headline."""
    shown.wait_for_selector("#answer[aria-busy=false]")
    return str(shown.inner_text("#headline"))


def answered(shown: Any, *texts: str) -> str:
    fill(shown, *texts)
    return settled(shown)


def percent(share: float) -> str:
    if 0 < share < 0.0005:
        return "< 0.1%"
    return "> 99.9%" if 0.9995 <= share < 1 else f"{100 * share:.1f}%"


class Marks(HTMLParser):
    """Collects start tags."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_the_text_loads_nothing_runs_only_what_is_signed_and_sends_nothing_by_itself(run: Scoring) -> None:
    tags = Marks(serve_page(run, "s1gned", True)).found
    doubts = [f"#{finding.code}" for finding in run.record.findings if finding.level != "info"]
    first, *inside, report, model = [marks["href"] for _, marks in tags if "href" in marks]
    assert (first, sorted(inside), report, model) == ("data:,", sorted(["#worth", *doubts]), "report", "model")
    assert {href.removeprefix("#") for href in ("#worth", *doubts)} <= {marks.get("id") for _, marks in tags}
    assert not [
        marks for _, marks in tags for key in marks if key in ("src", "style", "action", "srcset") or key.startswith("on")
    ]
    assert [(tag, marks.get("nonce")) for tag, marks in tags if tag in ("script", "style")] == [
        ("style", "s1gned"), ("script", None), ("script", "s1gned")
    ]  # fmt: skip
    assert dict(tags)["script"].keys() == {"nonce"}
    assert not [marks for tag, marks in tags if tag == "input" and "name" in marks]
    assert {marks["for"] for tag, marks in tags if tag == "label"} == {marks["id"] for tag, marks in tags if tag == "input"}
    assert "nonce" not in serve_page(run, None, False).replace(".nonce", "")
    assert 'href="report"' not in serve_page(run, None, False)


def test_it_tells_what_the_run_is_worth(run: Scoring) -> None:
    text = " ".join(html.unescape(re.sub(r"<[^>]*>", " ", serve_page(run, None, True))).split())
    accuracy = percent(run.record.accuracy.test), percent(run.record.accuracy.unseen_profiles)
    for words in (*run.record.verdict, run.record.run, "Not for clinical use", *" ".join(accuracy).split()):
        assert words in text
    for finding in run.record.findings:
        assert finding.code in text


def test_it_is_made_without_what_only_training_needs() -> None:
    heavy = ("tensorflow", "matplotlib", "pandas", "sklearn")
    code = f"import sys, pipeline.serve.page; print([each for each in {heavy} if each in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_person_with_a_keyboard_gets_the_answer_of_the_network(browser: Any, server: Threaded) -> None:
    with visited(browser, server.address) as shown:
        for place, text in enumerate(PATIENT):
            shown.keyboard.press("Tab")
            assert shown.evaluate("document.activeElement.id") == f"value-{place}"
            assert shown.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
            shown.keyboard.type(text)
        headline = settled(shown)
        scores = score_rows(server.run, [[float(text) for text in PATIENT]])
        classes = list(server.run.config.data.codes)
        answer = int(scores.answers[0])
        assert server.answer(*PATIENT)["class"] == classes[answer]
        assert headline == said_of(server.answer(*PATIENT))
        assert shown.locator(".shares li").all_inner_texts() == [
            f"{name} possible\n{percent(share)}" for name, share in zip(classes, scores.probabilities[0], strict=True)
        ]
        for wanted in ("button", "reset", "file"):
            shown.keyboard.press("Tab")
            assert shown.evaluate("document.activeElement.type") == wanted
        for wanted in ("Answer to the example", "Answer"):
            shown.keyboard.press("Shift+Tab")
            shown.keyboard.press("Enter")
            shown.get_by_role("heading", name=wanted, exact=True).wait_for()  # a form is reset after its event
            settled(shown)
        assert shown.inner_text("#headline") == "Type a value: the answer follows."
        assert shown.url == server.address
    assert set(server.asked) == {"/predict?explain=true"}


def test_it_opens_with_the_answer_to_an_example(browser: Any, server: Threaded, small_run: Path) -> None:
    with visited(browser, server.address) as shown:
        headline, texts = settled(shown), [field.input_value() for field in shown.locator(".field input").all()]
        train = pd.read_csv(ROOT / "data" / "diabetes.csv").iloc[load_run(small_run / "models" / "latest").split.train]
        train = train[list(server.run.config.data.features)]
        for name, feature in server.run.config.data.features.items():
            train.loc[~train[name].between(*feature.range), name] = np.nan
        np.testing.assert_allclose([float(text) for text in texts], train.median(), rtol=1e-5)
        assert headline == said_of(server.answer(*texts))
        assert shown.inner_text("#answer-title") == "Answer to the example"
        assert "These values are the same, so none adds anything." in shown.inner_text("#compared")
        answered(shown, "20")
        assert shown.inner_text("#answer-title") == "Answer"
        shown.click("button[type=reset]")
        shown.locator("#answer-title", has_text="Answer to the example").wait_for()
        assert settled(shown) == headline


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_warning_and_answer_are_in_sight_at_once(width: int, height: int, browser: Any, server: Threaded) -> None:
    record = server.run.record
    with visited(browser, server.address, width) as shown:
        settled(shown)
        for part in ("#headline", ".warning", "#value-0"):
            box = shown.locator(part).bounding_box()
            assert box["y"] + box["height"] <= height
        for share in (record.accuracy.test, record.accuracy.unseen_profiles):
            assert percent(share) in shown.inner_text(".warning").replace("\N{NO-BREAK SPACE}%", "%")


def test_each_finding_leads_to_its_explanation(browser: Any, server: Threaded) -> None:
    with visited(browser, server.address) as shown:
        assert shown.locator(".finding").count() == len(server.run.record.findings)
        for finding in server.run.record.findings:
            details = shown.locator(f"details#{finding.code}")
            assert not details.evaluate("one => one.open")
            if finding.level != "info":
                shown.locator(f".codes a[href='#{finding.code}']").press("Enter")
            else:
                details.locator("summary").press("Enter")
            shown.locator(f"details#{finding.code}[open]").wait_for()
            text = " ".join(details.inner_text().split())
            asked = command("explain", finding.code, "--json")
            for words in (finding.message, *json.loads(asked.stdout)["page"].replace("`", "").split("\n\n")[1:]):
                assert " ".join(words.split()) in text
        assert barriers(shown) == []


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_nobody_is_kept_out_on_a_wide_or_narrow_screen_in_light_or_dark(
    width: int, scheme: str, browser: Any, server: Threaded
) -> None:
    with visited(browser, server.address, width, color_scheme=scheme, reduced_motion="reduce") as shown:
        dark = shown.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
        assert dark == (scheme == "dark")
        for texts in (("45", "0.7", "20", "13.1", "9.1", ""), ("4,5", "abc")):
            answered(shown, *texts)
            assert barriers(shown) == []
            assert shown.evaluate("document.documentElement.scrollWidth") <= width
        assert shown.evaluate("getComputedStyle(document.querySelector('.track i')).transitionDuration") == "0s"
        shown.locator("#value-5").scroll_into_view_if_needed()
        head = shown.locator("#headline").bounding_box()
        assert 0 <= head["y"] < 900  # the answer is in sight beside the last field too


def test_what_is_doubtful_stands_beside_its_field_and_in_the_answer(browser: Any, server: Threaded) -> None:
    texts = ("45", "0.7", "20", "13.1", "9.1", "")
    with visited(browser, server.address) as shown:
        shown.click("#clear")
        settled(shown)
        assert shown.inner_text("#said-5") == "empty, will be filled with 40"
        assert answered(shown, *texts).endswith(", 3 doubts")
        scores = score_rows(server.run, [[float(text or "nan") for text in texts]])
        number, known = notes(server.run, scores)
        assert shown.locator("#notes li").all_inner_texts() == known[number[0]].split("; ")
        assert shown.inner_text("#said-1") == "outside the plausible 2 to 30, filled with 6.7"
        assert shown.inner_text("#said-2").startswith("outside 4.2 to ")
        assert [shown.inner_text(f"#said-{place}") for place in (0, 3, 4)] == ["", "", ""]
        assert shown.inner_text("#said-5") == "empty, will be filled with 40"
        assert shown.get_attribute("#value-5", "aria-describedby") == "hint-5 said-5"


def test_a_bar_for_each_value_shows_its_push(browser: Any, server: Threaded) -> None:
    with visited(browser, server.address, reduced_motion="reduce") as shown:
        answered(shown, *PATIENT)
        pushes = server.answer(*PATIENT)["pushes"]
        moves = [each[0] for each in pushes["features"].values()]
        lengths = [float(each.evaluate("bar => bar.style.getPropertyValue('--push')")) for each in bars(shown)]
        np.testing.assert_allclose(lengths, np.array(moves) / np.abs(moves).max(), rtol=1e-5)
        rows = [text.replace("\N{MINUS SIGN}", "-").split("\n") for text in shown.locator(".pushes li").all_inner_texts()]
        np.testing.assert_allclose([float(row[-1]) for row in rows], moves, atol=0.006 * np.abs(moves).max())
        middle = shown.locator(".pushes .track").first.bounding_box()
        middle = middle["x"] + middle["width"] / 2
        for move, bar in zip(moves, bars(shown), strict=True):
            box = bar.bounding_box()
            assert (box["x"] + box["width"] / 2 - middle) * move >= 0
        median = dict(zip(server.run.config.data.features, server.run.model.preprocessor.fill, strict=True))
        assert [row[1] for row in rows] == [
            f"{float(text):g}, median {median[name]:g}" for text, name in zip(PATIENT, median, strict=True)
        ]


@pytest.mark.parametrize("least", [(0.0, 0.0, 0.0), (1e-9, 0.3, 0.3), (0.3, 0.3, 0.3), None])
def test_it_says_first_what_cannot_be_told(least: tuple[float, ...] | None, browser: Any, run: Scoring) -> None:
    coding = dataclasses.replace(run.model.coding, least=least)
    odd = Scoring(run.config, dataclasses.replace(run.model, coding=coding), run.record)
    with served(odd) as server, visited(browser, server.address) as shown:
        headline, answer = answered(shown, *PATIENT), server.answer(*PATIENT)
        if least is None:  # nothing was measured: no word on it
            assert headline == said_of(answer | {"possible": [answer["class"]]})
        else:
            assert headline == said_of(answer)
            assert ("Inconclusive" in headline) == (len(answer["possible"]) > 1)
        marks = ["possible" if name in answer["possible"] else "excluded" for name in run.config.data.codes]
        assert shown.locator(".shares .mark").all_inner_texts() == (["", "", ""] if least is None else marks)
        text = shown.inner_text("#answer")
        assert ("A class is excluded where" in text) == bool(least and any(least))
        assert ("too few different rows to exclude any class" in text) == (least == (0.0, 0.0, 0.0))


def bars(shown: Any) -> list[Any]:
    return list(shown.locator(".pushes i").all())


def test_softmax_shows_the_pushes_on_the_answered_class(browser: Any, run: Scoring) -> None:
    with served(with_softmax(run)) as server, visited(browser, server.address) as shown:
        seen = set()
        for texts in (PATIENT, ("25", "5", "5", "8", "4", "30"), ("80", "30", "4.2", "7.9", "9.1", "28")):
            headline = answered(shown, *texts)
            answer = server.answer(*texts)
            at = server.run.model.coding.classes.index(answer["class"])
            moves = [each[at] for each in answer["pushes"]["features"].values()]
            lengths = [float(each.evaluate("bar => bar.style.getPropertyValue('--push')")) for each in bars(shown)]
            np.testing.assert_allclose(lengths, np.array(moves) / np.abs(moves).max(), rtol=1e-5, atol=1e-9)
            assert headline.startswith(said_of(answer))
            assert f" output for {answer['class']} of " in shown.inner_text("#compared")
            seen.add(answer["class"])
        assert len(seen) > 1


def test_what_is_no_number_is_told_beside_its_field_and_not_sent(browser: Any, server: Threaded) -> None:
    wrong = dict.fromkeys(
        ("NaN", "six", "0x10", "6,5,1", "--1", "Infinity", "\N{ARABIC-INDIC DIGIT SIX}"), "this is not a number"
    )
    marked = ("1 000", "1.234,5", "1,234.5", "1.234.567", "12'345,")
    wrong |= dict.fromkeys(marked, "leave out the marks between thousands") | {"1e999": "too large a number"}
    wrong |= {"1,234": "this comma may stand for decimals or thousands: write 1.234 or 1234"}
    with visited(browser, server.address) as shown:
        answered(shown, *PATIENT)
        before = len(server.asked)
        for text, said in wrong.items():
            assert answered(shown, "45", text) == "No answer: see BS Fast."
            assert shown.inner_text("#said-1") == said
            assert shown.get_attribute("#value-1", "aria-invalid") == "true"
        assert shown.locator(".shares .figure").all_inner_texts() == ["", "", ""]
        assert len(server.asked) == before
        for text in (" 6.5 ", "6,5", "0,65e1"):
            assert answered(shown, "45", text) == said_of(server.answer("45", "6.5", *PATIENT[2:]))
        assert shown.get_attribute("#value-1", "aria-invalid") == "false"


def test_a_row_without_an_answer_says_why(browser: Any, run: Scoring) -> None:
    with served(without_fill(run)) as server, visited(browser, server.address) as shown:
        values = [float(field.input_value()) for field in shown.locator(".field input").all()]
        np.testing.assert_allclose(values, np.mean(run.model.preprocessor.seen, axis=0), rtol=1e-5)
        shown.click("#clear")
        settled(shown)
        assert shown.inner_text("#said-3") == "empty: without it there is no answer"
        assert answered(shown, *PATIENT[:3], "", *PATIENT[4:]) == "No answer."
        assert shown.locator("#notes li").all_inner_texts() == ["Plasma R missing, so there is no answer"]
        links = {"What the answers are worth", "The full report of this run", "The model's facts"}
        codes = {finding.code for finding in run.record.findings if finding.level != "info"}
        assert set(shown.locator("main a").all_inner_texts()) == links | codes


REFUSALS = [
    (500, "<h1>Oops</h1>", "The server failed (500).", ""),
    (429, '{"detail": "busy, try again"}', "busy, try again", ""),
    (422, '{"detail": [{"loc": ["body", "HbA1c"], "msg": "too <b>odd</b>"}]}', "No answer: see HbA1c.", "too <b>odd</b>"),
    (422, '{"detail": [{"loc": ["body"], "msg": "not so"}]}', "not so", ""),
    (200, "<h1>Log in</h1>", "The answer of the server cannot be read.", ""),
]


def test_a_refusal_of_the_server_is_one_clear_line(browser: Any, server: Threaded) -> None:
    with visited(browser, server.address, expected=HTTP_ERROR) as shown:
        answered(shown, *PATIENT)
        coming = ({"status": status, "body": body} for status, body, _, _ in REFUSALS)
        shown.route("**/predict?*", lambda route: route.fulfill(**next(coming)))
        for age, (_, _, headline, said) in enumerate(REFUSALS, 46):
            assert answered(shown, str(age)) == headline
            assert shown.inner_text("#said-5") == said
            assert shown.locator(".shares .figure").all_inner_texts() == ["", "", ""]
        shown.unroute("**/predict?*")
        assert "probability" in answered(shown, "20")


def test_a_server_that_is_gone_is_said(browser: Any, run: Scoring) -> None:
    with served(run) as server:
        address = server.address
        with visited(browser, address, expected=HTTP_ERROR) as shown:
            answered(shown, *PATIENT)
            server.stop()
            assert answered(shown, "46") == "The server does not answer. Is it still running?"
            shown.set_input_files("#file", ROOT / "data" / "diabetes.csv")
            assert (
                shown.locator("#scored .failed").inner_text() == "diabetes.csv: The server does not answer. Is it still running?"
            )


HOLD_THE_FIRST = """() => {
    const real = window.fetch
    window.fetch = async (address, {signal, ...rest}) => {
        window.fetch = real
        const answer = await real(address, rest)
        await new Promise(done => window.release = done)
        return answer
    }
}"""


def test_an_answer_that_comes_too_late_is_dropped(browser: Any, server: Threaded) -> None:
    with visited(browser, server.address) as shown:
        first = answered(shown, *PATIENT)
        shown.evaluate(HOLD_THE_FIRST)
        fill(shown, "46")
        while not shown.evaluate("'release' in window"):
            shown.wait_for_timeout(10)
        newest = answered(shown, "20", "5", "5", "8", "4", "30")
        shown.evaluate("window.release()")
        shown.wait_for_timeout(50)
        assert shown.inner_text("#headline") == newest != first


def test_names_are_text(browser: Any, run: Scoring) -> None:
    features = ["__proto__", "a", "a missing", '<img src="x" onerror="alert(1)">', "</script><b>f</b>", "\u202elab\x07"]
    classes = ["<b>x</b>", '"it\'s" &amp; so', "constructor"]
    with served(renamed(run, features, classes)) as server, visited(browser, server.address) as shown:
        seen = set()
        for texts in ((*PATIENT[:5], ""), ("25", "", "5", "8", "4", "30"), ("70", "6.7", "8.8", "12", "6", "69")):
            headline = answered(shown, *texts)
            answer = server.answer(*texts)
            seen.add(answer["class"])
            assert headline.startswith(said_of(answer))
        assert len(seen) > 1
        names = shown.locator(".shares .name").evaluate_all("all => all.map(each => each.firstChild.textContent.trim())")
        assert names == classes
        shown_names = [*features[:5], "\N{REPLACEMENT CHARACTER}lab\N{REPLACEMENT CHARACTER}"]
        assert (
            shown.locator("label[for^=value]").evaluate_all("all => all.map(each => each.firstChild.textContent.trim())")
            == shown_names
        )
        assert shown.locator("main b, main img").count() == 0
        answered(shown, "70", "", "", "12", "6", "69")
        assert shown.locator("#notes li").all_inner_texts() == [
            "a missing, filled with 6.7",
            "a missing missing, filled with 6.8",
        ]
        answered(shown, "70", "6.7", "99")
        assert shown.inner_text("#said-1") == ""
        assert shown.inner_text("#said-2").startswith("outside the plausible")


def drop(shown: Any, name: str, content: str) -> None:
    """Drop a file on the page, as a person's browser does."""
    script = """([name, content]) => {
        const moved = new DataTransfer()
        moved.items.add(new File([content], name, {type: "text/csv"}))
        return moved
    }"""
    moved = shown.evaluate_handle(script, [name, content])
    for event in ("dragover", "drop"):
        shown.dispatch_event("h1", event, {"dataTransfer": moved})


def test_a_dropped_file_comes_back_scored(browser: Any, server: Threaded) -> None:
    lines = (ROOT / "data" / "diabetes.csv").read_text().splitlines()
    names = lines[0].split(",")
    whole = [line for line in lines[1:] if "" not in line.split(",")][:5]
    garbage = whole[0].split(",")
    garbage[names.index("Age")] = "old"
    with visited(browser, server.address) as shown:
        with shown.expect_download() as coming:
            drop(shown, "my <b>rows</b>.csv", "\n".join([lines[0], *whole, ",".join(garbage)]))
        header, *rows = read(coming.value)
        assert coming.value.suggested_filename.endswith("-scored.csv")
        values = [[float(row[header.index(name)]) for name in server.run.config.data.features] for row in rows]
        classes = np.array(list(server.run.config.data.codes))
        answers = classes[score_rows(server.run, values).answers].tolist()
        assert [row[header.index("predicted Type")] for row in rows] == answers
        right = np.mean([row[header.index("Type")] == answer for row, answer in zip(rows, answers, strict=True)])
        assert len(rows) == 5
        assert shown.locator("#scored p").first.inner_text() == (
            f"my <b>rows</b>.csv: 5 rows scored, {percent(right)} of those with a known class classified correctly; "
            "1 row rejected."
        )
        with shown.expect_download() as coming:
            shown.get_by_text("Download the 1 rejected row").click()
        assert [row[0] for row in read(coming.value)] == ["line", "7"]
        assert "dropping" not in (shown.get_attribute("body", "class") or "")


def test_a_file_that_cannot_be_scored_is_one_clear_line(browser: Any, server: Threaded, tmp_path: Path) -> None:
    (tmp_path / "odd.csv").write_text("a,b\n1,2\n")
    with visited(browser, server.address, expected=HTTP_ERROR) as shown:
        shown.set_input_files("#file", tmp_path / "odd.csv")
        said = shown.locator("#scored .failed").inner_text()
        assert said.startswith("odd.csv: the file must be CSV, Excel or Parquet, with a header; it lacks ")
        assert '"HbA1c"' in said
        shown.route("**/predict.csv", lambda route: route.fulfill(status=413, json={"detail": "at most 5 bytes"}))
        drop(shown, "large.csv", "a\n1\n")
        shown.locator("#scored .failed", has_text="large.csv: at most 5 bytes").wait_for()


def read(download: Any) -> list[list[str]]:
    return [line.split(",") for line in Path(download.path()).read_text().splitlines()]

"""Who somebody is, in Chromium: a cookie of the server's own, and nothing that anybody typed or was sent."""

from __future__ import annotations

import contextlib
import http.server
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page, expect

from . import test_browser
from .conftest import served, settled
from .test_browser import shoot
from .test_lab_browser import GOOD, say

browser = test_browser.browser
pytestmark = [pytest.mark.slow, pytest.mark.browser]
CODE = "a code of many letters"
ONE = "1 of 3 counted"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its own server, on which everybody is a visitor until they sign in."""
    home = tmp_path_factory.mktemp("identity")
    given = {"NOISEFLOOR_OPERATOR_CODE": CODE, "NOISEFLOOR_FRAMES": "http://localhost:*", "TUTOR_MODEL": ""}
    with served(home, NOISEFLOOR_PUBLIC="1", **given) as address:
        yield address


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context
    context.close()


def open_page(context: BrowserContext, address: str) -> Page:
    page = context.new_page()
    page.goto(address)
    settled(page)
    return page


@contextlib.contextmanager
def neighbour(body: str) -> Iterator[str]:
    """A page of another program, on another port of this machine."""

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def resume(page: Page, code: str) -> None:
    page.get_by_role("textbox", name="Resume code").fill(code)
    page.get_by_role("button", name="Bring my work here").click()
    settled(page)


def test_progress_is_there_in_a_new_tab_and_a_resume_code_carries_it_on(
    app: str, context: BrowserContext, browser: Browser
) -> None:
    first = open_page(context, f"{app}/lab?lab=lab1")
    say(first, GOOD[0])
    expect(first.get_by_text(ONE).first).to_be_visible()
    (cookie,) = [each for each in context.cookies() if each["name"].startswith("noisefloor-")]
    assert cookie["httpOnly"] and cookie["sameSite"] == "Lax"
    assert cookie["name"] not in first.evaluate("document.cookie")
    assert "s=" not in first.url

    expect(open_page(context, f"{app}/labs").get_by_text(ONE)).to_be_visible()

    work = open_page(context, f"{app}/work")
    work.get_by_role("button", name="Make a resume code").click()
    code = work.get_by_test_id("stCode").inner_text().strip()
    shoot(work, "identity-your-work")
    another = browser.new_context()
    phone = open_page(another, f"{app}/labs")
    expect(phone.get_by_text(ONE)).to_have_count(0)
    phone.goto(f"{app}/work")
    resume(phone, "ABCDE-FGHJK-MNPQR-STVWX")
    expect(phone.get_by_text("Nobody has this code")).to_be_visible()
    resume(phone, code.lower())
    expect(phone.get_by_text(ONE)).to_be_visible()
    phone.goto(f"{app}/lab?lab=lab1")
    expect(phone.get_by_text(GOOD[0]).first).to_be_visible()
    another.close()


def test_a_second_tabs_words_are_back_in_its_box(app: str, context: BrowserContext) -> None:
    first, second = (open_page(context, f"{app}/lab?lab=lab2") for _ in range(2))
    box = second.get_by_test_id("stChatInputTextArea")
    say(first, "The board counts votes, and voters may like long answers more than right ones.")
    box.fill(GOOD[1])
    box.press("Enter")
    expect(second.get_by_text("went on in another tab")).to_be_visible()
    expect(box).to_have_value(GOOD[1])
    expect(second.get_by_text("voters may like long answers").first).to_be_visible()
    shoot(second, "identity-second-tab")
    box.press("Enter")
    expect(second.get_by_text(GOOD[1]).first).to_be_visible()
    expect(second.get_by_text("went on in another tab")).to_have_count(0, timeout=60_000)


def test_a_prepared_address_makes_nobody_somebody_else(app: str, browser: Browser) -> None:
    """The attack: the link is sent to two people, who then wrote into one transcript and read each other."""
    link = f"{app}/lab?lab=lab1&s=q3Vb0-XyT7_kLm92RsWc4A"
    contexts = [browser.new_context() for _ in range(2)]
    one, two = (open_page(context, link) for context in contexts)
    assert all(page.url == f"{app}/lab?lab=lab1" for page in (one, two))
    say(one, GOOD[0])
    two.goto(link)
    settled(two)
    expect(two.get_by_text("0 of 3 counted").first).to_be_visible()
    expect(two.get_by_text(GOOD[0])).to_have_count(0)
    for context in contexts:
        context.close()


def test_a_planted_cookie_is_nobodys(app: str, browser: Browser) -> None:
    context = browser.new_context()
    open_page(context, app)
    (cookie,) = [each for each in context.cookies() if each["name"].startswith("noisefloor-")]
    pages = []
    for _ in range(2):
        planted = browser.new_context()
        planted.add_cookies([{"name": cookie["name"], "value": "1", "url": app}])
        pages.append(open_page(planted, f"{app}/lab?lab=lab1"))
    say(pages[0], GOOD[0])
    pages[1].reload()
    settled(pages[1])
    expect(pages[1].get_by_text("0 of 3 counted").first).to_be_visible()


def test_in_a_frame_of_another_site_the_work_is_the_tabs_and_a_code_brings_it_back(app: str, browser: Browser) -> None:
    """There a browser keeps no cookie of ours, as with cookies switched off."""
    page = browser.new_page()
    page.goto(f"{app}/_stcore/health".replace("127.0.0.1", "localhost"))  # to browsers another site

    def embed(path: str) -> FrameLocator:
        page.set_content(f'<iframe src="{app}/{path}" width="1200" height="700"></iframe>')
        frame = page.frame_locator("iframe")
        expect(frame.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning", timeout=60_000)
        return frame

    frame = embed("lab?lab=lab1")
    ours = [each for each in page.context.cookies(app) if each["name"].startswith("noisefloor-")]
    assert ours == []
    box = frame.get_by_test_id("stChatInputTextArea")
    box.fill(GOOD[0])
    box.press("Enter")
    expect(frame.get_by_text(ONE).first).to_be_visible(timeout=60_000)
    frame.get_by_role("tab", name="Keep").click()
    frame.get_by_role("link", name="Your work on another device").click()
    expect(frame.get_by_text("keeps no cookie of ours")).to_be_visible()
    frame.get_by_role("button", name="Make a resume code").click()
    code = frame.get_by_test_id("stCode").inner_text().strip()
    expect(embed("labs").get_by_text(ONE)).to_have_count(0)  # a new session, and a new person
    frame = embed("work")
    frame.get_by_role("textbox", name="Resume code").fill(code)
    frame.get_by_role("button", name="Bring my work here").click()
    expect(frame.get_by_text(ONE)).to_be_visible()
    page.close()


def sign_in(page: Page, app: str, code: str) -> None:
    page.goto(f"{app}/sign-in")
    page.get_by_label("Start-up code").fill(code)
    page.get_by_role("button", name="Sign in").click()


def test_the_start_up_code_and_no_other_makes_a_visitor_the_operator(app: str, context: BrowserContext) -> None:
    home = open_page(context, app)
    with context.expect_page() as opened:
        home.get_by_role("link", name="Operator sign-in").click()
    page = opened.value
    page.get_by_label("Start-up code").fill("a code of many lettres")
    page.get_by_label("Start-up code").press("Enter")
    expect(page.get_by_role("alert")).to_have_text("That is not the code of this start.")
    page.screenshot(path=str(test_browser.SHOTS / "identity-sign-in-refused.png"))
    before = context.cookies()
    sign_in(page, app, CODE)
    expect(page.get_by_role("heading", name="Operator", exact=True)).to_be_visible(timeout=60_000)
    assert page.url == f"{app}/operator"
    (cookie,) = [each for each in context.cookies() if each["name"].startswith("noisefloor-operator-")]
    assert cookie["httpOnly"] and cookie["sameSite"] == "Strict" and cookie["expires"] == -1
    assert cookie["name"] not in page.evaluate("document.cookie")

    planted = context.browser.new_context()  # type: ignore[union-attr]  # whoever had this browser's cookies before
    planted.add_cookies([{"name": each["name"], "value": each["value"], "url": app} for each in before])  # type: ignore[typeddict-item]
    expect(open_page(planted, app).get_by_role("link", name="Operator sign-in")).to_be_visible()
    planted.close()

    another = open_page(context, app)
    expect(another.get_by_role("link", name="Operator sign-in")).to_have_count(0)
    settled(page)
    with context.expect_page() as opened:
        page.get_by_role("link", name="Sign out").click()
    opened.value.get_by_role("button", name="Sign out").click()
    expect(opened.value.get_by_role("link", name="Operator sign-in")).to_be_visible(timeout=60_000)
    another.get_by_role("button", name="Start a lab").click()  # a tab that was open all the time
    settled(another)
    another.get_by_role("link", name="Noise Floor").first.click()
    expect(another.get_by_role("link", name="Operator sign-in")).to_be_visible(timeout=60_000)


def test_the_form_runs_nothing_and_is_shown_in_no_frame(app: str, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(f"{app}/sign-in")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.ran = 1\">')")
    page.wait_for_timeout(500)
    assert page.evaluate("window.ran") is None
    page.goto(f"{app}/_stcore/health")
    page.set_content(f'<iframe src="{app}/sign-in" width="900" height="700"></iframe>')
    page.wait_for_timeout(1_000)
    expect(page.frame_locator("iframe").get_by_label("Start-up code")).to_have_count(0)


def test_a_neighbour_cannot_frame_the_pages_of_a_browser_that_is_signed_in(app: str, context: BrowserContext) -> None:
    """Another port of the same name is the same site to a browser: cookies go along with its frames."""
    with neighbour(f'<iframe src="{app}/operator" width="900" height="700"></iframe>') as address:
        page = open_page(context, app)
        sign_in(page, app, CODE)
        expect(page.get_by_role("heading", name="Operator", exact=True)).to_be_visible(timeout=60_000)
        page.goto(address)
        page.wait_for_timeout(3_000)
        expect(page.frame_locator("iframe").get_by_test_id("stApp")).to_have_count(0)


def test_another_site_signs_nobody_in_or_out(app: str, context: BrowserContext) -> None:
    form = f'<form method="post" action="{app}/PATH"><input name="code" value="{CODE}"><button>Go</button></form>'
    page = open_page(context, app)
    with neighbour(form.replace("PATH", "sign-in")) as address:
        page.goto(address)
        page.get_by_role("button").click()
        expect(page.get_by_role("alert")).to_contain_text("Another site sent this form")
    sign_in(page, app, CODE)
    expect(page.get_by_role("heading", name="Operator", exact=True)).to_be_visible(timeout=60_000)
    with neighbour(form.replace("PATH", "sign-out")) as address:
        page.goto(address)
        page.get_by_role("button").click()
        expect(page.get_by_role("alert")).to_contain_text("Another site sent this form")
    page.goto(f"{app}/sign-in")
    expect(page.get_by_text("This browser is signed in")).to_be_visible()


def test_a_tab_that_was_open_keeps_nothing_for_a_learner_who_was_deleted(app: str, context: BrowserContext) -> None:
    open_page(context, app)
    old = open_page(context, f"{app}/lab?lab=lab1")
    old.get_by_role("tab", name="Exercise").click()
    field = old.get_by_test_id("stTextArea").get_by_role("textbox").first
    field.fill("Mine.")
    field.blur()
    settled(old)
    work = open_page(context, f"{app}/work")
    work.get_by_role("button", name="Delete everything I wrote").click()
    work.get_by_role("button", name="Delete it all").click()
    settled(work)
    field.fill("Mine, again.")
    field.blur()
    expect(old.get_by_text("What you entered just now was not kept")).to_be_visible()
    shoot(old, "identity-old-tab")
    expect(field).to_have_value("")


def test_the_first_page_has_its_name_too(app: str, context: BrowserContext) -> None:
    page = open_page(context, f"{app}/home")
    expect(page.get_by_role("heading", name="Is that gap real?")).to_be_visible()
    expect(page.get_by_text("Page not found")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_pictures(app: str, browser: Browser, scheme: str, width: int) -> None:
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})  # type: ignore[arg-type]
    for path in ("work", "labs", ""):
        page = open_page(context, f"{app}/{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        shoot(page, f"identity-{path or 'home'}-{width}-{scheme}")
    form = context.new_page()
    form.goto(f"{app}/sign-in")
    assert form.evaluate("document.documentElement.scrollWidth") <= width
    assert form.evaluate("document.fonts.ready.then(() => document.fonts.check('16px \"IBM Plex Sans\"'))")
    form.screenshot(path=str(test_browser.SHOTS / f"identity-sign-in-{width}-{scheme}.png"))
    context.close()

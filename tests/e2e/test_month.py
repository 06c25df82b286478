"""The month at the desk, in French and in Dutch, from the import to what came back."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from core import catcher, i18n
from core.database.schema import deliveries, invoices, messages
from core.model import DeliveryStatus, DispatchStatus, Language
from core.styling import label
from tests import desk
from tests.e2e import month_files as month
from tests.e2e import screen
from tests.e2e.conftest import House

STATUS, NUMBER, CUSTOMER, SEND_TO, REMARK = 1, 2, 4, 6, 8
ENGLISH = "Send|Cancel|Customer|Customers|Search|Save|Invoice|Invoices|Ledger|Close|Undo|Held|Queued|Failed|Reason|Subject|Choose|Add|Browse|Upload"
OWN_WORDS = "Garage, 14:30 – merci / dank u!"
REPAIRED = {month.LAMBERT: "garage@lambert.example", month.CLAES: "info@claes.example", month.DUPONT: "facturen@dupont.example"}


@pytest.fixture
def countdown_s() -> int:
    return 12


@dataclass
class Story:
    """One desk, one browser, one language; what was looked at and did not please."""

    page: Page
    house: House
    language: Language
    odd: list[str] = field(default_factory=list)

    def t(self, template: str, **values: object) -> str:
        """As it is read on the screen, without the marks of Markdown."""
        return i18n.translate(self.language, template, **values).replace("**", "")

    def says(self, template: str, **values: object) -> Locator:
        return self.page.get_by_text(self.t(template, **values)).locator("visible=true").first

    def button(self, template: str, **values: object) -> Locator:
        return self.page.get_by_role("button", name=self.t(template, **values), exact=True)

    def bar(self, template: str) -> Locator:
        """A button of what follows the sending, above the page."""
        return self.page.locator(".st-key-strip").get_by_role("button", name=self.t(template), exact=True)

    def go(self, path: str, title: str) -> None:
        screen.open_page(self.page, f"{self.house.url}/{path}", self.t(title))

    def status(self, number: str, status: DispatchStatus) -> None:
        row = screen.row_of(self.page, number)
        expect(screen.cell(self.page, STATUS, row)).to_contain_text(label(self.language, status))

    def look(self, name: str) -> None:
        """A picture for people; the width and the words for the test."""
        screen.settled(self.page)
        self.page.screenshot(path=self.house.shots / f"{self.language}-{name}.png")
        if not screen.fits(self.page):
            self.odd.append(f"{name} is wider than the window")
        self.odd += [f"{name} says “{word}”" for word in set(re.findall(rf".{{0,30}}\b(?:{ENGLISH})\b.{{0,30}}", screen.words_on(self.page)))]

    def caught(self) -> int:
        return catcher.count(self.house.app.desk.settings.catcher_folder)


@pytest.mark.parametrize(
    "language",
    [pytest.param(language, marks=pytest.mark.browser_context_args(locale=f"{language}-BE")) for language in (Language.FR, Language.NL)],
)
def test_the_month(page: Page, house: House, language: Language) -> None:
    story = Story(page, house, language)
    bring_in(story)
    set_account(story)
    go_down_the_rows(story)
    hold_one(story)
    send_one(story)
    send_the_rest(story)
    mend_what_failed(story)
    settle_what_is_uncertain(story)
    take_up_what_came_back(story)
    answer_the_phone(story)
    compare_with_the_catcher(story)
    assert story.odd == [], "\n".join(story.odd)


# The drop folder ------------------------------------------------------------------------------------------------


def bring_in(story: Story) -> None:
    """Invoices, customers, PDFs and a broken file at once: first what would become of them, then the click."""
    page = story.page
    story.go("import", "Import")
    story.look("01-import-empty")
    files = month.drop_folder(story.house.folder / "drop", story.language)
    page.locator("input[type=file]").set_input_files(files)
    rows = len(month.BILLS) + 1 + len(month.CLIENTS)
    expect(story.button("Import the {count} rows", count=rows)).to_be_visible()
    expect(screen.cell(page, 0, 0)).to_have_text("Atelier Dubois SRL")
    expect(screen.cell(page, 1, 0)).to_have_text(str(len(month.BILLS) + 1))
    expect(screen.cell(page, 0, 0, 1)).to_have_text(story.t("✗ Refused"))
    expect(screen.cell(page, 5, 0, 1)).to_contain_text("2026-0110.xml")
    expect(screen.cell(page, 0, 1, 1)).to_have_text(story.t("✓ New"))
    story.look("02-import-dry-run")
    story.button("Import the {count} rows", count=rows).click()
    said = "{kept} imported, {unchanged} unchanged, {refused} refused. Nothing was sent."
    expect(story.says(said, kept=rows, unchanged=0, refused=1)).to_be_visible()
    story.look("03-import-done")
    assert story.caught() == 0


def set_account(story: Story) -> None:
    page = story.page
    story.go(f"companies?company={desk.COMPANY}&part=account", "Invoicing companies")
    page.get_by_label(story.t("Server"), exact=True).fill("127.0.0.1")
    page.get_by_label(story.t("Port"), exact=True).fill(str(story.house.catcher_port))
    page.get_by_label(story.t("Protection"), exact=True).click(delay=100)
    page.get_by_role("option", name=story.t("None (only for this machine)")).click()
    page.get_by_label(story.t("Sender"), exact=True).fill("Atelier Dubois <factures@dubois.example>")
    page.get_by_role("button", name=story.t("Save"), exact=True).locator("visible=true").first.click()
    said = "{company} is saved. Mails that wait in the queue leave as soon as the account works."
    expect(story.says(said, company="Atelier Dubois SRL")).to_be_visible()
    story.button("Test the connection").click()
    expect(story.says("The server answers and accepts the login.")).to_be_visible()
    story.look("04-account")


# The white rows -------------------------------------------------------------------------------------------------


def go_down_the_rows(story: Story) -> None:
    """What waits, white; the document beside, and the keys go down: the firm's own PDF is the one that is shown."""
    page = story.page
    story.go("", "E-mail ledger")
    first = screen.row_of(page, month.ALONE.number)
    story.status(month.ALONE.number, DispatchStatus.TO_SEND)
    assert screen.row_colour(page, first) == (255, 255, 255)
    expect(screen.cell(page, SEND_TO, screen.row_of(page, month.ADDRESSLESS.number))).to_contain_text(story.t("Address missing"))
    expect(page.get_by_text(month.PAPER.number)).to_have_count(0)
    story.look("05-ledger-waits")
    screen.press_cell(page, 300, first)
    panel = page.locator(".st-key-panel")
    for bill in (month.ALONE, month.HELD, month.ADDRESSLESS):
        expect(panel.get_by_text(f"{story.t('Invoice')} {bill.number}")).to_be_visible()
        screen.settled(page)
        if bill is not month.ADDRESSLESS:
            page.keyboard.press("ArrowDown")
    with page.expect_download() as waiting:
        panel.get_by_role("button", name=f"{month.ADDRESSLESS.number}.pdf").click()
    assert waiting.value.path().read_bytes() == (story.house.folder / "drop" / f"{month.ADDRESSLESS.number}.pdf").read_bytes()
    page.wait_for_timeout(1500)  # the viewer draws
    story.look("06-ledger-beside")
    panel.get_by_role("button", name="✕").click()
    expect(panel).not_to_be_visible()


def hold_one(story: Story) -> None:
    page, number = story.page, month.HELD.number
    screen.tick(page, screen.row_of(page, number))
    hold_ticked(story)
    story.look("07-held")
    red, green, blue = screen.row_colour(page, screen.row_of(page, number))
    assert min(red, green) > blue + 20  # yellow
    story.button("Undo").click()
    expect(story.says("Undone.")).to_be_visible()
    story.status(number, DispatchStatus.TO_SEND)
    screen.settled(page)
    assert screen.is_ticked(page, screen.row_of(page, number))
    hold_ticked(story)


def hold_ticked(story: Story) -> None:
    """By the menu, with a reason of the list, which then stands in the remark."""
    page = story.page
    page.get_by_role("button", name=story.t("More")).click()
    menu = page.get_by_test_id("stPopoverBody")
    screen.choose(page, menu, story.t("Reason"), story.t("Amount to be checked"))
    story.button("Hold {count}", count=1).click()
    expect(story.says("Held: {count}.", count=1)).to_be_visible()
    story.status(month.HELD.number, DispatchStatus.HELD)
    expect(screen.cell(page, REMARK, screen.row_of(page, month.HELD.number))).to_contain_text(story.t("Amount to be checked"))


# Sending --------------------------------------------------------------------------------------------------------


def send_one(story: Story) -> None:
    """By the confirm screen, in words of one's own; taken back within the countdown, then sent."""
    page = story.page
    screen.tick(page, screen.row_of(page, month.ALONE.number))
    confirm(story, words=f"{month.ALONE.number}: {OWN_WORDS}", picture="08-confirm")
    expect(page.get_by_text(re.compile(story.t("**Leaving in {seconds} s** · invoices: {count}", count=1, seconds=r"\d+")))).to_be_visible()
    story.bar("Cancel").click()
    expect(story.says("Cancelled. Nothing has left. Ticked again: {count}.", count=1)).to_be_visible()
    screen.settled(page)
    story.status(month.ALONE.number, DispatchStatus.TO_SEND)
    assert screen.is_ticked(page, screen.row_of(page, month.ALONE.number))
    story.look("09-cancelled")
    assert story.caught() == 0
    confirm(story, words="", picture="10-confirm-again")
    story.look("11-countdown")
    expect(story.says("✓ **Left: {sent}.** The server took each mail for every recipient.", sent=1)).to_be_visible(timeout=30_000)
    story.status(month.ALONE.number, DispatchStatus.SENT)
    assert story.caught() == 1


def confirm(story: Story, *, words: str, picture: str) -> None:
    """Without new words, those of the first time are still there."""
    page = story.page
    story.button("@ Send by e-mail").click()
    body = page.get_by_label(story.t("Text"), exact=True)
    expect(body).to_have_value(re.compile(re.escape(month.ALONE.number)))
    if words:
        body.fill(words)
        body.blur()
    frame = page.frame_locator(f"iframe[title='{story.t('The mail as the customer reads it')}']")
    expect(frame.get_by_text(OWN_WORDS)).to_be_visible()
    story.look(picture)
    story.button("Send to {to}", to=month.PEETERS.address).click()
    expect(page.get_by_role("heading", name=story.t("E-mail ledger"), exact=True)).to_be_visible()
    expect(story.bar("Cancel")).to_be_visible()


def send_the_rest(story: Story) -> None:
    """All at once: the check asks for the missing address right there; two do not go through, which the strip says."""
    page = story.page
    page.locator(".st-key-strip").get_by_role("button", name="✕").click()
    expect(page.locator(".st-key-strip")).to_have_count(0)
    expect(page.locator(".st-key-undo-strip")).to_have_count(0)  # of holding: something else was done since
    screen.settled(page)
    page.get_by_role("button", name=f"{story.t('Select all to send')} (7)", exact=True).click()
    expect(page.get_by_role("button", name=f"{story.t('@ Send by e-mail')} (7)")).to_be_enabled()
    page.wait_for_timeout(1000)  # the grid is made anew under the new ticks
    page.get_by_role("button", name=f"{story.t('@ Send by e-mail')} (7)").click()
    expect(page.get_by_role("heading", name=story.t("Check before sending"))).to_be_visible()
    expect(story.button("Send the {count} ready", count=6)).to_be_visible()
    story.look("12-check")
    page.get_by_placeholder("compta@example.be").fill(REPAIRED[month.LAMBERT])
    page.get_by_test_id("stForm").get_by_role("button", name=story.t("Save")).click()
    expect(story.says("Blocked: these stay here")).not_to_be_visible()
    story.look("13-check-mended")
    story.button("Send the {count} ready", count=7).click()
    story.bar("Send now").click()
    expect(page.get_by_text(re.compile(rf"{story.t('Sending: {done} of {total} done', done='[1-6]', total=7)}"))).to_be_visible(timeout=20_000)
    story.look("14-progress")
    expect(story.says("⚠ **Left: {sent} · to handle: {trouble}**", sent=5, trouble=2)).to_be_visible(timeout=40_000)
    story.status(month.REFUSED.number, DispatchStatus.FAILED)
    story.status(month.SILENT.number, DispatchStatus.UNCERTAIN)
    story.status(month.HELD.number, DispatchStatus.HELD)
    expect(page.get_by_role("button", name=story.t("@ Send by e-mail"))).to_be_disabled()  # nothing is ticked any more
    story.look("15-closing")
    assert story.caught() == 7  # the silent one took its mail


# The next morning -----------------------------------------------------------------------------------------------


def mend_what_failed(story: Story) -> None:
    page = story.page
    page.get_by_role("link", name=story.t("See why, and mend it")).click()
    expect(page.get_by_role("heading", name=story.t("Waits for you"))).to_be_visible()
    story.look("16-outbox")
    correct(story, REPAIRED[month.CLAES])
    story.look("17-corrected")


def correct(story: Story, address: str) -> None:
    """The other address goes onto the card, and the invoice leaves again."""
    page = story.page
    page.get_by_label(story.t("Right address"), exact=True).fill(address)
    story.button("Save and send again").click()
    expect(story.bar("Cancel")).to_be_visible()
    story.bar("Send now").click()
    expect(story.says("✓ **Left: {sent}.** The server took each mail for every recipient.", sent=1)).to_be_visible(timeout=30_000)
    expect(page.get_by_label(story.t("Right address"), exact=True)).to_have_count(0)


def settle_what_is_uncertain(story: Story) -> None:
    page = story.page
    page.get_by_role("radio", name=story.t("It was sent")).click()
    screen.choose(page, page.get_by_test_id("stMain"), story.t("Reason"), story.t("The customer confirms"))
    story.look("18-uncertain")
    page.get_by_test_id("stButton").get_by_role("button", name=story.t("It was sent")).click()
    expect(page.get_by_role("heading", name=story.t("Waits for you"))).to_have_count(0)


def take_up_what_came_back(story: Story) -> None:
    """A notice of non-delivery: the mail is looked up, marked, and goes to the right address."""
    page = story.page
    search = page.get_by_placeholder(story.t("Number, customer or recipient"))
    expect(search).to_have_count(1)
    search.fill(month.RETURNED.number)
    search.press("Enter")
    expect(screen.cell(page, 1, 0)).to_have_text(month.RETURNED.number)
    screen.settled(page)
    screen.press_cell(page, 300, 0)
    page.get_by_role("button", name=story.t("It came back")).first.click()
    menu = page.get_by_test_id("stPopoverBody")
    screen.choose(page, menu, story.t("Reason"), story.t("A non-delivery notice came in"))
    menu.get_by_role("button", name=story.t("Mark as came back")).click()
    expect(page.get_by_label(story.t("Right address"), exact=True)).to_have_value(month.DUPONT.address)
    story.look("19-came-back")
    correct(story, REPAIRED[month.DUPONT])
    story.go("", "E-mail ledger")
    for bill in (month.REFUSED, month.SILENT, month.RETURNED):
        story.status(bill.number, DispatchStatus.SENT)
    story.look("20-all-green")
    take_the_list(story)


def take_the_list(story: Story) -> None:
    """As a file in the words of the screen, each row as it is shown."""
    page = story.page
    page.get_by_role("button", name="download icon").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="CSV", exact=True).click()
    head, *rows = waiting.value.path().read_text("utf-8-sig").splitlines()
    assert head.split(";")[0] == story.t("Number")
    assert len(rows) == len(month.BILLS)
    assert sum(story.t("Sent") in row.split(";") for row in rows) == len(rows) - 1  # one is held


# A customer calls -----------------------------------------------------------------------------------------------


def answer_the_phone(story: Story) -> None:
    """Found by the amount as it is said, and by the structured communication; shown as the customer got it."""
    page = story.page
    story.go("ledger", "Ledger")
    for said in ("1.234,56", month.RETURNED.reference):
        search = page.get_by_placeholder(story.t("Number, customer, address, amount, reference"))
        search.fill(said)
        search.press("Enter")
        expect(screen.cell(page, NUMBER, 1)).to_have_count(0)
        expect(screen.cell(page, NUMBER, 0)).to_have_text(month.RETURNED.number)
    screen.settled(page)
    screen.press_cell(page, 300, 0)
    panel = page.locator(".st-key-panel")
    frame = page.frame_locator(f"iframe[title='{story.t('The mail as the customer reads it')}']")
    expect(frame.get_by_text(month.RETURNED.number).first).to_be_visible()
    expect(panel.get_by_text(REPAIRED[month.DUPONT]).first).to_be_visible()
    expect(panel.get_by_role("button", name=re.compile(story.t("Send to {to}", to=".*")))).to_have_count(0)
    story.look("21-phone")
    panel.get_by_role("tab", name=story.t("History")).click()
    for number, address in ((1, month.DUPONT.address), (2, REPAIRED[month.DUPONT])):
        expect(panel.get_by_text(story.t("Copy {number}", number=number))).to_be_visible()
        expect(panel.get_by_text(address).last).to_be_visible()
    story.look("22-history")


def compare_with_the_catcher(story: Story) -> None:
    """Each invoice went once to its customer, the one that came back a second time elsewhere; the database says the same."""
    expected = Counter((bill.number, REPAIRED.get(bill.client, bill.client.address)) for bill in month.BILLS if bill not in (month.HELD, month.PAPER))
    expected[(month.CREDITED, month.PEETERS.address)] = 1
    expected[(month.OTHER.number, REPAIRED[month.DUPONT])] = 0
    expected += Counter([(month.OTHER.number, month.DUPONT.address), (month.RETURNED.number, month.DUPONT.address)])
    assert caught(story.house) == +expected
    left = (DeliveryStatus.SENT, DeliveryStatus.BOUNCED)
    with story.house.app.desk.database.read() as connection:
        joined = select(invoices.c.number, deliveries.c.recipient).join(messages, messages.c.invoice_id == invoices.c.id)
        rows = connection.execute(joined.join(deliveries, deliveries.c.message_id == messages.c.id).where(deliveries.c.status.in_(left))).all()
    assert Counter(tuple(row) for row in rows) == +expected


def caught(house: House) -> Counter[tuple[str, str]]:
    """Number and recipient of each mail, the firm's own PDF where it has one."""
    folder, found = house.app.desk.settings.catcher_folder, Counter[tuple[str, str]]()
    for each in catcher.caught(folder, 100):
        [document] = [part for part in catcher.open_mail(folder, each.id).attachments if part.mime_type == "application/pdf"]
        number = document.file_name.removesuffix(".pdf")
        if number in {bill.number for bill in month.PAIRED}:
            assert document.content == (house.folder / "drop" / document.file_name).read_bytes()
        found.update((number, address) for address in each.envelope_to)
    return found

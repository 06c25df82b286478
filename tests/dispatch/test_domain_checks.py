"""DNS is asked in the background, and says nothing where it does not answer; the check before sending reads what is known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from core.app import App
from core.dispatch import chores, companies, domain_checks, review
from core.dispatch.checking import preflight
from core.domains import (
    DKIM_MISSING,
    DMARC_MISSING,
    MX_MISSING,
    SPF_MISSING,
    SPF_MISSING_ASK,
    SPF_SEVERAL,
    SPF_WITHOUT,
    Answer,
    Resolver,
    Sender,
    about_sender,
    is_askable,
    takes_mail,
)
from core.preflight import Level, Remedy
from core.records import Company
from tests import desk
from tests.mail import dns_server
from tests.mail.dns_server import MUTE, SERVFAIL, TRUNCATED, Zone

US = "dubois.be"
FROM = f"Atelier Dubois <factures@{US}>"
MICROSOFT = {"smtp__host": "smtp.office365.com", "smtp__port": "587", "smtp__security": "starttls"}


@pytest.fixture
def served() -> Iterator[tuple[Zone, str]]:
    with dns_server.running() as both:
        yield both


@pytest.fixture
def zone(app: App, served: tuple[Zone, str]) -> Zone:
    app.desk.settings.dns_server = served[1]
    return served[0]


@pytest.fixture
def resolver(served: tuple[Zone, str]) -> Resolver:
    return Resolver(served[1], timeout_s=0.6)


def company(app: App) -> Company:
    return companies.find(app.desk, desk.COMPANY)


def ready(app: App, *addresses: str, **account: str) -> list[int]:
    """One invoice for each address."""
    ids = []
    for place, address in enumerate(addresses, start=1):
        ids.append(desk.bring(app, desk.customer_invoice(place)).invoice_id or 0)
        desk.tick(app, place, address)
    desk.set_account(app, 25, mail__from=FROM, **account)
    return ids


def well(zone: Zone) -> None:
    """Everything as Microsoft 365 wants it."""
    zone.add(US, "MX", "0 dubois-be.mail.protection.outlook.com.")
    zone.add(US, "TXT", "v=spf1 include:spf.protection.outlook.com -all", "MS=ms123")
    zone.add(f"selector1._domainkey.{US}", "TXT", "v=DKIM1; k=rsa; p=MIG")
    zone.add(f"_dmarc.{US}", "TXT", "v=DMARC1; p=quarantine")


# Domains ---------------------------------------------------------------------------------------------------------


def test_who_takes_mail(served: tuple[Zone, str], resolver: Resolver) -> None:
    zone, _ = served
    zone.add("mx.be", "MX", "10 mail.mx.be.")
    zone.add("null.be", "MX", "0 .")
    zone.add("address.be", "A", "192.0.2.1")
    zone.add("six.be", "AAAA", "2001:db8::1")
    zone.add("neither.be", "TXT", "hello")
    zone.add("large.be", "MX", "10 mail.large.be.")
    zone.odd |= {"broken.be": SERVFAIL, "mute.be": MUTE, "large.be": TRUNCATED}
    names = ("mx.be", "null.be", "address.be", "six.be", "neither.be", "gone.be", "broken.be", "mute.be", "large.be")
    assert {name: takes_mail(resolver, name).value for name in names} == {
        "mx.be": "yes",
        "null.be": "no",
        "address.be": "yes",
        "six.be": "yes",
        "neither.be": "no",
        "gone.be": "no",
        "broken.be": "silent",
        "mute.be": "silent",
        "large.be": "yes",
    }
    assert zone.over_tcp == 1


def test_no_server_is_silence() -> None:
    assert takes_mail(Resolver("127.0.0.1:9", timeout_s=0.3), "x.be") is Answer.SILENT


@pytest.mark.parametrize("name", ["x.test", "client.example", "example.com", "mail.example.org", "localhost", "desk.local", ""])
def test_names_that_belong_to_nobody_are_not_asked_for(name: str) -> None:
    assert not is_askable(name)


def findings(resolver: Resolver, *, provider: bool = True, host: str = "smtp.office365.com") -> dict[str, str]:
    spf, dkim = ("spf.protection.outlook.com", ("selector1", "selector2")) if provider else ("", ())
    found = about_sender(resolver, Sender(domain=US, host=host, provider="Microsoft 365" if provider else "", spf=spf, dkim=dkim))
    return {each.sentence.template: each.line for each in found}


def test_a_sender_that_is_all_right(served: tuple[Zone, str], resolver: Resolver) -> None:
    well(served[0])
    assert findings(resolver) == {}


def test_a_sender_without_anything_gets_the_lines_to_publish(served: tuple[Zone, str], resolver: Resolver) -> None:
    served[0].add(f"www.{US}", "A", "192.0.2.1")
    assert findings(resolver) == {
        MX_MISSING: "",
        SPF_MISSING: f'{US}. TXT "v=spf1 include:spf.protection.outlook.com ~all"',
        DKIM_MISSING: "",
        DMARC_MISSING: f'_dmarc.{US}. TXT "v=DMARC1; p=none"',
    }
    assert set(findings(resolver, provider=False)) == {MX_MISSING, SPF_MISSING_ASK, DMARC_MISSING}


def test_spf_of_another_provider_through_an_include_or_twice(served: tuple[Zone, str], resolver: Resolver) -> None:
    zone, _ = served
    well(zone)
    zone.add(US, "TXT", "v=spf1 mx include:_spf.combell.be -all")
    zone.add("_spf.combell.be", "TXT", "v=spf1 ip4:192.0.2.0/24 -all")
    assert findings(resolver) == {SPF_WITHOUT: f'{US}. TXT "v=spf1 mx include:_spf.combell.be include:spf.protection.outlook.com -all"'}
    zone.add("_spf.combell.be", "TXT", "v=spf1 include:SPF.protection.outlook.com -all")
    assert findings(resolver) == {}
    zone.odd["_spf.combell.be"] = SERVFAIL
    assert findings(resolver) == {}, "nobody knows what it includes"
    zone.add("_spf.combell.be", "TXT", "v=spf1 include:_spf.combell.be -all")
    zone.odd.clear()
    assert findings(resolver) == {}, "a circle has no end to look at"
    zone.add(US, "TXT", "v=spf1 -all", "v=spf1 mx -all")
    assert set(findings(resolver)) == {SPF_SEVERAL}


def test_one_selector_is_enough_and_a_policy_above_counts(served: tuple[Zone, str], resolver: Resolver) -> None:
    zone, _ = served
    well(zone)
    zone.records.pop((f"selector1._domainkey.{US}", "TXT"))
    assert set(findings(resolver)) == {DKIM_MISSING}
    zone.odd[f"selector2._domainkey.{US}"] = SERVFAIL
    assert findings(resolver) == {}
    zone.add("mail.zeta.be", "MX", "0 mx.zeta.be.")
    zone.add("mail.zeta.be", "TXT", "v=spf1 mx -all")
    zone.add("_dmarc.zeta.be", "TXT", "v=DMARC1; p=none")
    assert about_sender(resolver, Sender(domain="mail.zeta.be", host="mail.zeta.be")) == []


def test_a_dead_dns_says_nothing_of_a_sender(served: tuple[Zone, str], resolver: Resolver) -> None:
    names = (US, f"selector1._domainkey.{US}", f"selector2._domainkey.{US}", f"_dmarc.{US}", "_dmarc.be")
    served[0].odd |= dict.fromkeys(names, SERVFAIL)
    assert findings(resolver) == {}


# The desk --------------------------------------------------------------------------------------------------------


def test_the_check_before_sending_reads_what_the_chore_found(app: App, zone: Zone) -> None:
    well(zone)
    zone.add("good.be", "MX", "0 mx.good.be.")
    zone.add("null.be", "MX", "0 .")
    zone.odd["broken.be"] = SERVFAIL
    ids = ready(app, "a@good.be", "b@null.be", "c@gone.be", "d@broken.be", "e@x.test", **MICROSOFT)
    assert {verdict.level for verdict in preflight(app.desk, ids)} == {Level.READY}
    zone.asked.clear()
    preflight(app.desk, ids)
    assert zone.asked == []
    assert domain_checks.check_all(app.desk) == 5  # and not of x.test
    good, null, gone, broken, nobodys = preflight(app.desk, ids)
    assert {each.level for each in (good, broken, nobodys)} == {Level.READY}
    for verdict, domain in ((null, "null.be"), (gone, "gone.be")):
        [reason] = verdict.reasons
        assert (reason.level, reason.remedy) == (Level.WARNING, Remedy.CUSTOMER)
        assert str(reason.sentence).startswith(f"Nobody takes mail for {domain}, so ")
    assert domain_checks.about(app.desk, company(app)) == ()


def test_what_is_known_is_kept_a_week_and_silence_a_day(app: App, zone: Zone) -> None:
    zone.add("good.be", "MX", "0 mx.good.be.")
    zone.odd |= {"broken.be": SERVFAIL}
    ready(app, "a@good.be", "b@broken.be")
    domain_checks.check_all(app.desk)
    zone.asked.clear()
    assert domain_checks.check_all(app.desk) == 0
    assert zone.asked == []
    now = app.desk.now()
    object.__setattr__(app.desk, "clock", lambda: now + timedelta(days=2))
    domain_checks.check_all(app.desk)
    assert {name for name, _ in zone.asked} == {"broken.be"}
    object.__setattr__(app.desk, "clock", lambda: now + timedelta(days=8))
    domain_checks.check_all(app.desk)
    assert "good.be" in {name for name, _ in zone.asked}


def test_a_dead_dns_is_not_remembered_as_an_answer(app: App, zone: Zone) -> None:
    zone.odd |= dict.fromkeys(("one.be", "two.be", US), SERVFAIL)
    ids = ready(app, "a@one.be", "b@two.be")
    assert domain_checks.check_all(app.desk) == 0
    assert {verdict.level for verdict in preflight(app.desk, ids)} == {Level.READY}
    assert domain_checks.about(app.desk, company(app)) is None
    assert domain_checks.check_sender(app.desk, company(app)) is None
    zone.odd.clear()
    assert domain_checks.check_all(app.desk) == 3


def test_the_sender_is_said_once_per_batch_with_its_lines(app: App, zone: Zone) -> None:
    zone.add("good.be", "MX", "0 mx.good.be.")
    zone.add(US, "MX", "0 mx.dubois.be.")
    ids = ready(app, "a@good.be", "b@good.be", "c@good.be", **MICROSOFT)
    domain_checks.check_all(app.desk)
    found = domain_checks.about(app.desk, company(app))
    assert found is not None
    assert [each.sentence.template for each in found] == [SPF_MISSING, DKIM_MISSING, DMARC_MISSING]
    seen = review.review(app.desk, ids)
    assert seen.all_is_well, "no invoice of its own is to be ticked for it"
    assert [note.template for note in seen.notes] == [SPF_MISSING, DKIM_MISSING, DMARC_MISSING]
    zone.add(US, "TXT", "v=spf1 include:spf.protection.outlook.com -all")
    asked_now = domain_checks.check_sender(app.desk, company(app))
    assert asked_now is not None
    assert [each.sentence.template for each in asked_now] == [DKIM_MISSING, DMARC_MISSING]
    assert domain_checks.about(app.desk, company(app)) == asked_now


def test_another_provider_is_asked_for_again(app: App, zone: Zone) -> None:
    well(zone)
    ready(app, "a@x.test", **MICROSOFT)
    domain_checks.check_all(app.desk)
    assert domain_checks.about(app.desk, company(app)) == ()
    desk.set_company(app, smtp__host="smtp.gmail.com")
    assert domain_checks.about(app.desk, company(app)) is None
    domain_checks.check_all(app.desk)
    found = domain_checks.about(app.desk, company(app))
    assert found is not None
    assert [each.sentence.template for each in found] == [SPF_WITHOUT, DKIM_MISSING]


def test_it_is_a_chore_of_every_hour(app: App, zone: Zone) -> None:
    zone.add("good.be", "MX", "0 mx.good.be.")
    ready(app, "a@good.be")
    do = chores.all_of(app.desk, by="one")["domains"]
    do()
    asked = len(zone.asked)
    assert asked
    do()
    chores.all_of(app.desk, by="two")["domains"]()
    assert len(zone.asked) == asked

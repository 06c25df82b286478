"""One test per row of the table from a server's reply to what happens next."""

from __future__ import annotations

import smtplib

import pytest

from core import i18n
from core.connection import no_reply
from core.model import Language
from core.outcome import Effect, Reply, Stage, explain, judge


@pytest.mark.parametrize(
    ("stage", "code", "effect"),
    [
        (Stage.CONNECT, None, Effect.WAIT),
        (Stage.CONNECT, 421, Effect.WAIT),
        (Stage.CONNECT, 554, Effect.WAIT),
        (Stage.TLS, None, Effect.PAUSE),
        (Stage.LOGIN, 535, Effect.PAUSE),
        (Stage.LOGIN, 454, Effect.WAIT),
        (Stage.LOGIN, None, Effect.WAIT),
        (Stage.MAIL, 550, Effect.PAUSE),
        (Stage.MAIL, 530, Effect.PAUSE),
        (Stage.MAIL, 552, Effect.FAILED),
        (Stage.MAIL, 451, Effect.LATER),
        (Stage.MAIL, None, Effect.LATER),
        (Stage.RCPT, 550, Effect.FAILED),
        (Stage.RCPT, 451, Effect.LATER),
        (Stage.RCPT, 421, Effect.LATER),
        (Stage.DATA, 554, Effect.FAILED),
        (Stage.DATA, 451, Effect.LATER),
        (Stage.BODY, None, Effect.LATER),
        (Stage.DOT, 250, Effect.SENT),
        (Stage.DOT, 451, Effect.LATER),
        (Stage.DOT, 421, Effect.LATER),
        (Stage.DOT, 552, Effect.FAILED),
        (Stage.DOT, 554, Effect.FAILED),
        (Stage.DOT, None, Effect.UNCERTAIN),
    ],
)
def test_judge(stage: Stage, code: int | None, effect: Effect) -> None:
    reply = Reply(stage=stage, code=code, text="what the server said")
    assert judge(reply) is effect
    words = str(explain(reply, effect, "a@x.be"))
    assert "{" not in words
    assert words.endswith(".")


@pytest.mark.parametrize("code", [-1, 0, 150, 220, 221, 354, 600, 999])
def test_nonsense_after_the_dot_is_neither_sent_nor_failed(code: int) -> None:
    assert judge(Reply(stage=Stage.DOT, code=code, text="?")) is Effect.UNCERTAIN


def test_too_big_is_about_the_mail_and_not_the_sender() -> None:
    assert judge(Reply(stage=Stage.MAIL, code=550, text="5.3.4 Message size exceeds limit")) is Effect.FAILED
    assert judge(Reply(stage=Stage.MAIL, code=503, text="bad sequence")) is Effect.LATER


def test_only_after_the_dot_is_anything_uncertain() -> None:
    doubtful = [
        (stage, code) for stage in Stage for code in (None, 250, 354, 421, 451, 550) if judge(Reply(stage=stage, code=code)) is Effect.UNCERTAIN
    ]
    assert doubtful == [(Stage.DOT, None), (Stage.DOT, 354)]


def lost_by_smtplib(cause: OSError) -> smtplib.SMTPServerDisconnected:
    """As smtplib does when reading fails."""
    try:
        try:
            raise cause
        except OSError as error:
            raise smtplib.SMTPServerDisconnected(f"Connection unexpectedly closed: {error}")  # noqa: B904
    except smtplib.SMTPServerDisconnected as lost:
        return lost


CLOSED, SLOW = "Le serveur a fermé la connexion.", "Le serveur ne répond pas à temps."


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (smtplib.SMTPServerDisconnected("Connection unexpectedly closed"), CLOSED),
        (lost_by_smtplib(ConnectionResetError(104, "Connection reset by peer")), CLOSED),
        (BrokenPipeError(32, "Broken pipe"), CLOSED),
        (lost_by_smtplib(TimeoutError("timed out")), SLOW),
        (TimeoutError(), SLOW),
    ],
)
def test_a_lost_line_is_told_in_the_reader_s_language(error: OSError, words: str) -> None:
    reply = no_reply(Stage.CONNECT, error)
    assert f"\N{NO-BREAK SPACE}: {words} Facturier" in i18n.sentence(Language.FR, explain(reply, Effect.WAIT))
    assert judge(no_reply(Stage.DOT, error)) is Effect.UNCERTAIN

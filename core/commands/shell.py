"""The shell around a command: its exit code, its complaints, the desk it opens."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from contextvars import ContextVar
from functools import wraps
from typing import Any, NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError

from core.app import App, open_app
from core.database import migrate
from core.errors import DatabaseMissing, DatabaseOutdated, FacturierError, UsageError

DONE, SOME_REFUSED, USAGE, NO_DATABASE = 0, 1, 2, 3

complain = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
_CLOSING: ContextVar[ExitStack] = ContextVar("closing")  # what the running command opened


class SettingsInvalid(UsageError):
    template = "The environment is not right: {wrong}"


class DatabaseUnusable(FacturierError):
    template = "The database cannot be used: {why}"


class FileUnusable(FacturierError):
    template = "{file}: {why}"


def guarded(command: Callable[..., int]) -> Callable[..., None]:
    """Turn errors into their sentence and the exit codes of DESIGN §5."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            with ExitStack() as closing:
                _CLOSING.set(closing)
                code = command(*args, **kwargs)
        except (DatabaseMissing, DatabaseOutdated) as error:
            _stop(error, NO_DATABASE)
        except UsageError as error:
            _stop(error, USAGE)
        except FacturierError as error:
            _stop(error, SOME_REFUSED)
        except ValidationError as error:
            wrong = "; ".join(f"FACTURIER_{'.'.join(map(str, each['loc'])).upper()}: {each['msg']}" for each in error.errors())
            _stop(SettingsInvalid(wrong=wrong), USAGE)
        except SQLAlchemyError as error:
            _stop(DatabaseUnusable(why=str(getattr(error, "orig", None) or error)), NO_DATABASE)
        except BrokenPipeError:  # the reader of a pipe has seen enough
            raise
        except OSError as error:
            _stop(FileUnusable(file=error.filename or "?", why=error.strerror or str(error)), SOME_REFUSED)
        raise typer.Exit(code)

    return run


def _stop(error: FacturierError, code: int) -> NoReturn:
    """End the command with a sentence on stderr."""
    complain.print(str(error))
    raise typer.Exit(code)


def opened_app(*, check: bool = True) -> App:
    """The program for one command; its database is closed when the command ends. Raises DatabaseMissing or DatabaseOutdated."""
    opened = open_app(check=False)
    _CLOSING.get().callback(opened.desk.database.close)
    if check:
        migrate.check(opened.desk.database)
    return opened

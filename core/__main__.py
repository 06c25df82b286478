"""The command line: the same use cases as the pages (`python -m core --help`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import typer

from core.commands import batches, bench, cards, invoices, processes, proving, returned, sending, sign_in
from core.commands.shell import guarded


def contents(about: str, commands: Mapping[str, Callable[..., int]]) -> typer.Typer:
    """Commands under one heading, in this order."""
    made = typer.Typer(no_args_is_help=True, add_completion=False, help=about, pretty_exceptions_enable=False)
    for name, command in commands.items():
        made.command(name)(guarded(command))
    return made


app = contents(
    "Facturier: the invoice desk.",
    {
        "init": processes.init,
        "import": invoices.import_,
        "ledger": invoices.ledger,
        "preflight": sending.preflight,
        "render": invoices.render,
        "send": sending.send,
        "status": sending.status,
        "resolve": sending.resolve,
        "mark-elsewhere": sending.mark_elsewhere,
        "hold": sending.hold,
        "release": sending.release,
        "bounces": returned.bounces,
        "proof": proving.proof,
        "verify": proving.verify,
        "worker": processes.work,
        "catcher": processes.catch,
        "run": processes.run,
    },
)
COMPANY: Mapping[str, Callable[..., int]] = {
    "list": cards.company_list,
    "show": cards.company_show,
    "set": cards.company_set,
    "sign-in": sign_in.sign_in,
    "sign-out": sign_in.sign_out,
}
app.add_typer(contents("Invoicing companies.", COMPANY), name="company")
BATCH: Mapping[str, Callable[..., int]] = {
    "list": batches.listed,
    "hold": batches.hold,
    "resume": batches.resume,
    "move": batches.move,
    "cancel": batches.cancel,
}
app.add_typer(contents("Batches: what was sent with one click.", BATCH), name="batch")
app.add_typer(contents("Figures, measured.", {"ledger": bench.ledger, "render": bench.render, "send": bench.send}), name="bench")
app.add_typer(contents("Customers.", {"list": cards.customer_list, "show": cards.customer_show, "set": cards.customer_set}), name="customer")


if __name__ == "__main__":
    app()

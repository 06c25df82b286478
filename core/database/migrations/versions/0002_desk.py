"""search, holding, countdown, remembered columns and screens"""

import sqlalchemy as sa
from alembic import op

from core.database import words
from core.database.invoices import from_json
from core.database.types import Moment

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

COUNTED = ["ledger", "status", "company_id", "currency", "type_code", "total_with_vat"]
SORTED = {"date": "issue_date", "number": "number", "total": "total_with_vat", "name": "sort_name"}
SEARCHED = ("invoices", "customers")


def upgrade() -> None:
    op.add_column("customers", sa.Column("search_text", sa.Text(), nullable=False, server_default=""))
    op.add_column("invoices", sa.Column("held_because", sa.String(500)))
    op.add_column("invoices", sa.Column("sort_name", sa.String(300), nullable=False, server_default=""))
    op.add_column("invoices", sa.Column("search_text", sa.Text(), nullable=False, server_default=""))
    op.add_column("batches", sa.Column("leaves_at", Moment()))
    op.add_column("batches", sa.Column("recalled_at", Moment()))
    _tables()
    _fill()
    for name in ("ix_invoices_customer_id", "ix_invoices_date", "ix_invoices_number"):
        op.drop_index(name, "invoices")
    for name, column in SORTED.items():
        op.create_index(f"ix_invoices_{name}", "invoices", [column, "id"])
        op.create_index(f"ix_invoices_ledger_{name}", "invoices", ["ledger", column, "id"])
    op.create_index("ix_invoices_counts", "invoices", COUNTED)
    op.create_index("ix_invoices_customer", "invoices", ["customer_id", *COUNTED, "issue_date"])
    if op.get_bind().dialect.name == "sqlite":
        _search_on_sqlite()


def _tables() -> None:
    op.create_table(
        "column_mappings",
        sa.Column("source_key", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("mapping", sa.Text(), nullable=False),
        sa.Column("saved_at", Moment(), nullable=False),
        sa.Column("saved_by", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("source_key", name=op.f("pk_column_mappings")),
        sa.CheckConstraint("kind in ('invoices', 'customers')", name=op.f("ck_column_mappings_kind")),
    )
    op.create_table(
        "browser_states",
        sa.Column("browser", sa.String(64), nullable=False),
        sa.Column("name", sa.String(50), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("saved_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("browser", "name", name=op.f("pk_browser_states")),
    )


def _fill() -> None:
    """The words of what is there already."""
    connection = op.get_bind()
    customers = sa.table("customers", *(sa.column(name) for name in ("id", "key", "name", "vat_id", "enterprise_number", "endpoint", "postcode", "city", "search_text")))
    mailboxes: dict[int, list[str]] = {}
    for row in connection.execute(sa.text("select customer_id, mailbox from customer_recipients")):
        mailboxes.setdefault(row.customer_id, []).append(row.mailbox)
    names = {}
    for row in connection.execute(sa.select(customers)).all():
        names[row.id] = words.folded(row.name)[:300]
        text = words.of_customer([row.name, row.key, row.vat_id, row.enterprise_number, row.endpoint, row.postcode, row.city, *mailboxes.get(row.id, [])])
        connection.execute(customers.update().where(customers.c.id == row.id).values(search_text=text))
    invoices = sa.table("invoices", *(sa.column(name) for name in ("id", "customer_id", "version", "sort_name", "search_text")))
    found = sa.text(
        "select i.id, i.customer_id, v.content from invoices i join invoice_versions v on v.invoice_id = i.id and v.version = i.version"
    )
    for row in connection.execute(found).all():
        values = {"sort_name": names[row.customer_id], "search_text": words.of_invoice(from_json(row.content))}
        connection.execute(invoices.update().where(invoices.c.id == row.id).values(**values))


def _search_on_sqlite() -> None:
    """FTS5 with trigrams, kept by triggers: whatever writes the text, the index follows."""
    for table in SEARCHED:
        op.execute(
            f"create virtual table {table}_words using fts5("
            f"search_text, content='{table}', content_rowid='id', tokenize='trigram', columnsize=0)"
        )
        op.execute(f"insert into {table}_words({table}_words) values ('rebuild')")
        taken = f"insert into {table}_words({table}_words, rowid, search_text) values ('delete', old.id, old.search_text);"
        given = f"insert into {table}_words(rowid, search_text) values (new.id, new.search_text);"
        op.execute(f"create trigger {table}_words_new after insert on {table} begin {given} end")
        op.execute(f"create trigger {table}_words_gone after delete on {table} begin {taken} end")
        op.execute(
            f"create trigger {table}_words_changed after update of search_text on {table} when old.search_text <> new.search_text "
            f"begin {taken} {given} end"
        )


def downgrade() -> None:
    raise NotImplementedError("the search index and the holds of a person cannot be taken back")

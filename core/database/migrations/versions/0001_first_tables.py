"""first tables"""

from alembic import op
import sqlalchemy as sa

from core.database import schema

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('batches',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', schema.Moment(timezone=True), nullable=False),
    sa.Column('created_by', sa.String(length=200), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_batches'))
    )
    op.create_table('companies',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('key', sa.String(length=200), nullable=False),
    sa.Column('name', sa.String(length=300), nullable=False),
    sa.Column('vat_id', sa.String(length=40), nullable=True),
    sa.Column('enterprise_number', sa.String(length=60), nullable=True),
    sa.Column('legal_form', sa.String(length=300), nullable=True),
    sa.Column('street', sa.String(length=200), nullable=True),
    sa.Column('additional_street', sa.String(length=200), nullable=True),
    sa.Column('city', sa.String(length=200), nullable=True),
    sa.Column('postcode', sa.String(length=200), nullable=True),
    sa.Column('country', sa.String(length=2), nullable=True),
    sa.Column('email', sa.String(length=320), nullable=True),
    sa.Column('iban', sa.String(length=40), nullable=True),
    sa.Column('bic', sa.String(length=20), nullable=True),
    sa.Column('language', sa.Enum('fr', 'nl', 'en', name='company_language', native_enum=False, create_constraint=True, length=20), nullable=False),
    sa.Column('colour', sa.String(length=7), nullable=True),
    sa.Column('logo_sha256', sa.String(length=64), nullable=True),
    sa.Column('go_live', sa.Date(), nullable=True),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_companies')),
    sa.UniqueConstraint('key', name=op.f('uq_companies_key'))
    )
    op.create_table('customers',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('key', sa.String(length=400), nullable=False),
    sa.Column('name', sa.String(length=300), nullable=False),
    sa.Column('vat_id', sa.String(length=40), nullable=True),
    sa.Column('enterprise_number', sa.String(length=60), nullable=True),
    sa.Column('endpoint', sa.String(length=200), nullable=True),
    sa.Column('street', sa.String(length=200), nullable=True),
    sa.Column('additional_street', sa.String(length=200), nullable=True),
    sa.Column('city', sa.String(length=200), nullable=True),
    sa.Column('postcode', sa.String(length=200), nullable=True),
    sa.Column('country', sa.String(length=2), nullable=True),
    sa.Column('language', sa.Enum('fr', 'nl', 'en', name='customer_language', native_enum=False, create_constraint=True, length=20), nullable=False),
    sa.Column('wants_email', sa.Boolean(create_constraint=True, name='wants_email'), server_default='0', nullable=False),
    sa.Column('xml_format', sa.Enum('efff3', 'efff1', 'bis3', 'original', 'facturx', 'none', name='customer_xml_format', native_enum=False, create_constraint=True, length=20), server_default='efff3', nullable=False),
    sa.Column('peppol_elsewhere', sa.Boolean(create_constraint=True, name='peppol_elsewhere'), server_default='0', nullable=False),
    sa.Column('suggested_email', sa.String(length=320), nullable=True),
    sa.Column('notes', sa.Text(), server_default='', nullable=False),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_customers')),
    sa.UniqueConstraint('key', name=op.f('uq_customers_key'))
    )
    with op.batch_alter_table('customers', schema=None) as batch_op:
        batch_op.create_index('ix_customers_enterprise_number', ['enterprise_number'], unique=False)
        batch_op.create_index('ix_customers_vat_id', ['vat_id'], unique=False)

    op.create_table('workers',
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('started_at', schema.Moment(timezone=True), nullable=False),
    sa.Column('seen_at', schema.Moment(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_workers'))
    )
    op.create_table('audit_events',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('at', schema.Moment(timezone=True), nullable=False),
    sa.Column('who', sa.String(length=200), nullable=False),
    sa.Column('what', sa.String(length=50), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('why', sa.Text(), server_default='', nullable=False),
    sa.Column('previous_sha256', sa.String(length=64), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['companies.id'], name=op.f('fk_audit_events_company_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_events'))
    )
    with op.batch_alter_table('audit_events', schema=None) as batch_op:
        batch_op.create_index('ix_audit_events_company', ['company_id', 'id'], unique=False)

    op.create_table('company_languages',
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('language', sa.Enum('fr', 'nl', 'en', name='company_language_language', native_enum=False, create_constraint=True, length=20), nullable=False),
    sa.Column('signature', sa.Text(), server_default='', nullable=False),
    sa.Column('terms_sha256', sa.String(length=64), nullable=True),
    sa.Column('terms_name', sa.String(length=200), nullable=True),
    sa.Column('terms_size', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['company_id'], ['companies.id'], name=op.f('fk_company_languages_company_id')),
    sa.PrimaryKeyConstraint('company_id', 'language', name=op.f('pk_company_languages'))
    )
    op.create_table('company_texts',
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('language', sa.Enum('fr', 'nl', 'en', name='text_language', native_enum=False, create_constraint=True, length=20), nullable=False),
    sa.Column('type_code', sa.Enum('380', '381', name='text_type', native_enum=False, create_constraint=True, length=20), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['companies.id'], name=op.f('fk_company_texts_company_id')),
    sa.PrimaryKeyConstraint('company_id', 'language', 'type_code', name=op.f('pk_company_texts'))
    )
    op.create_table('customer_recipients',
    sa.Column('customer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('role', sa.Enum('to', 'cc', 'bcc', 'archive', name='recipient_role', native_enum=False, create_constraint=True, length=20), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('mailbox', sa.String(length=400), nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['customers.id'], name=op.f('fk_customer_recipients_customer_id')),
    sa.PrimaryKeyConstraint('customer_id', 'role', 'position', name=op.f('pk_customer_recipients'))
    )
    op.create_table('invoices',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('customer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('type_code', sa.Enum('380', '381', name='invoice_type', native_enum=False, create_constraint=True, length=20), nullable=False),
    sa.Column('number', sa.String(length=200), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('issue_date', sa.Date(), nullable=False),
    sa.Column('due_date', sa.Date(), nullable=True),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('total_without_vat', schema.Amount(), nullable=False),
    sa.Column('vat_total', schema.Amount(), nullable=False),
    sa.Column('total_with_vat', schema.Amount(), nullable=False),
    sa.Column('amount_due', schema.Amount(), nullable=False),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('ledger', sa.Enum('email', 'paper', name='invoice_ledger', native_enum=False, create_constraint=True, length=20), nullable=False),
    sa.Column('ledger_fixed', sa.Boolean(create_constraint=True, name='ledger_fixed'), server_default='0', nullable=False),
    sa.Column('status', sa.Enum('to_send', 'queued', 'sending', 'sent', 'partly_sent', 'failed', 'uncertain', 'held', 'bounced', 'elsewhere', 'to_print', 'printed', 'posted', name='invoice_status', native_enum=False, create_constraint=True, length=20), nullable=False),
    sa.Column('status_at', schema.Moment(timezone=True), nullable=False),
    sa.Column('elsewhere_because', sa.String(length=500), nullable=True),
    sa.Column('warning_count', sa.Integer(), server_default='0', nullable=False),
    sa.Column('imported_at', schema.Moment(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['companies.id'], name=op.f('fk_invoices_company_id')),
    sa.ForeignKeyConstraint(['customer_id'], ['customers.id'], name=op.f('fk_invoices_customer_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invoices')),
    sa.UniqueConstraint('company_id', 'type_code', 'number', 'year', name='uq_invoices_identity')
    )
    with op.batch_alter_table('invoices', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_invoices_customer_id'), ['customer_id'], unique=False)
        batch_op.create_index('ix_invoices_date', ['issue_date', 'id'], unique=False)
        batch_op.create_index('ix_invoices_ledger', ['ledger', 'status', 'issue_date', 'id'], unique=False)
        batch_op.create_index('ix_invoices_number', ['number'], unique=False)
        batch_op.create_index('ix_invoices_status', ['status'], unique=False)

    op.create_table('mail_accounts',
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('host', sa.String(length=255), nullable=True),
    sa.Column('port', sa.Integer(), nullable=True),
    sa.Column('security', sa.String(length=10), server_default='starttls', nullable=False),
    sa.Column('user', sa.String(length=320), nullable=True),
    sa.Column('password_encrypted', sa.Text(), nullable=True),
    sa.Column('from_mailbox', sa.String(length=400), nullable=True),
    sa.Column('reply_to', sa.String(length=400), nullable=True),
    sa.Column('envelope_from', sa.String(length=320), nullable=True),
    sa.Column('archive_address', sa.String(length=320), nullable=True),
    sa.Column('paused_at', schema.Moment(timezone=True), nullable=True),
    sa.Column('paused_until', schema.Moment(timezone=True), nullable=True),
    sa.Column('paused_because', schema.Said(), nullable=True),
    sa.Column('troubles', sa.Integer(), server_default='0', nullable=False),
    sa.CheckConstraint("security in ('tls', 'starttls', 'none')", name=op.f('ck_mail_accounts_security')),
    sa.ForeignKeyConstraint(['company_id'], ['companies.id'], name=op.f('fk_mail_accounts_company_id')),
    sa.PrimaryKeyConstraint('company_id', name=op.f('pk_mail_accounts'))
    )
    op.create_table('invoice_versions',
    sa.Column('invoice_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('content', sa.Text(), nullable=False),
    sa.Column('content_sha256', sa.String(length=64), nullable=False),
    sa.Column('xml_sha256', sa.String(length=64), nullable=True),
    sa.Column('pdf_sha256', sa.String(length=64), nullable=True),
    sa.Column('pdf_name', sa.String(length=200), nullable=True),
    sa.Column('source_name', sa.String(length=400), nullable=False),
    sa.Column('imported_at', schema.Moment(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['invoice_id'], ['invoices.id'], name=op.f('fk_invoice_versions_invoice_id')),
    sa.PrimaryKeyConstraint('invoice_id', 'version', name=op.f('pk_invoice_versions'))
    )
    op.create_table('messages',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('invoice_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('batch_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('copy_number', sa.Integer(), nullable=False),
    sa.Column('message_id', sa.String(length=300), nullable=False),
    sa.Column('invoice_version', sa.Integer(), nullable=False),
    sa.Column('customer_version', sa.Integer(), nullable=False),
    sa.Column('company_version', sa.Integer(), nullable=False),
    sa.Column('sealed_sha256', sa.String(length=64), nullable=True),
    sa.Column('sealed_size', sa.Integer(), nullable=True),
    sa.Column('envelope_from', sa.String(length=320), nullable=True),
    sa.Column('edited_subject', sa.Text(), nullable=True),
    sa.Column('edited_body', sa.Text(), nullable=True),
    sa.Column('queued_at', schema.Moment(timezone=True), nullable=False),
    sa.Column('due_at', schema.Moment(timezone=True), nullable=True),
    sa.Column('claim', sa.String(length=100), nullable=True),
    sa.Column('lease_until', schema.Moment(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['batch_id'], ['batches.id'], name=op.f('fk_messages_batch_id')),
    sa.ForeignKeyConstraint(['company_id'], ['companies.id'], name=op.f('fk_messages_company_id')),
    sa.ForeignKeyConstraint(['invoice_id'], ['invoices.id'], name=op.f('fk_messages_invoice_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_messages')),
    sa.UniqueConstraint('invoice_id', 'copy_number', name='uq_messages_copy'),
    sa.UniqueConstraint('message_id', name=op.f('uq_messages_message_id'))
    )
    with op.batch_alter_table('messages', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_messages_batch_id'), ['batch_id'], unique=False)
        batch_op.create_index('ix_messages_due', ['due_at', 'id'], unique=False)
        batch_op.create_index('ix_messages_lease', ['lease_until'], unique=False)

    op.create_table('deliveries',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('message_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('recipient', sa.String(length=320), nullable=False),
    sa.Column('role', sa.Enum('to', 'cc', 'bcc', 'archive', name='delivery_role', native_enum=False, create_constraint=True, length=20), nullable=False),
    sa.Column('status', sa.Enum('queued', 'claimed', 'sending', 'sent', 'failed', 'uncertain', 'held', 'bounced', name='delivery_status', native_enum=False, create_constraint=True, length=20), nullable=False),
    sa.Column('claim', sa.String(length=100), nullable=True),
    sa.Column('tries', sa.Integer(), server_default='0', nullable=False),
    sa.Column('first_try_at', schema.Moment(timezone=True), nullable=True),
    sa.Column('changed_at', schema.Moment(timezone=True), nullable=False),
    sa.Column('reply_code', sa.Integer(), nullable=True),
    sa.Column('reply', sa.Text(), nullable=True),
    sa.Column('because', schema.Said(), nullable=True),
    sa.ForeignKeyConstraint(['message_id'], ['messages.id'], name=op.f('fk_deliveries_message_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_deliveries')),
    sa.UniqueConstraint('message_id', 'recipient', name='uq_deliveries_recipient')
    )
    with op.batch_alter_table('deliveries', schema=None) as batch_op:
        batch_op.create_index('ix_deliveries_status', ['status'], unique=False)

    op.create_table('replies',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('delivery_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('claim', sa.String(length=100), nullable=True),
    sa.Column('stage', sa.String(length=20), nullable=False),
    sa.Column('reply_code', sa.Integer(), nullable=True),
    sa.Column('reply', sa.Text(), nullable=False),
    sa.Column('received_at', schema.Moment(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['delivery_id'], ['deliveries.id'], name=op.f('fk_replies_delivery_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_replies'))
    )
    with op.batch_alter_table('replies', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_replies_delivery_id'), ['delivery_id'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('replies', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_replies_delivery_id'))

    op.drop_table('replies')
    with op.batch_alter_table('deliveries', schema=None) as batch_op:
        batch_op.drop_index('ix_deliveries_status')

    op.drop_table('deliveries')
    with op.batch_alter_table('messages', schema=None) as batch_op:
        batch_op.drop_index('ix_messages_lease')
        batch_op.drop_index('ix_messages_due')
        batch_op.drop_index(batch_op.f('ix_messages_batch_id'))

    op.drop_table('messages')
    op.drop_table('invoice_versions')
    op.drop_table('mail_accounts')
    with op.batch_alter_table('invoices', schema=None) as batch_op:
        batch_op.drop_index('ix_invoices_status')
        batch_op.drop_index('ix_invoices_number')
        batch_op.drop_index('ix_invoices_ledger')
        batch_op.drop_index('ix_invoices_date')
        batch_op.drop_index(batch_op.f('ix_invoices_customer_id'))

    op.drop_table('invoices')
    op.drop_table('customer_recipients')
    op.drop_table('company_texts')
    op.drop_table('company_languages')
    with op.batch_alter_table('audit_events', schema=None) as batch_op:
        batch_op.drop_index('ix_audit_events_company')

    op.drop_table('audit_events')
    op.drop_table('workers')
    with op.batch_alter_table('customers', schema=None) as batch_op:
        batch_op.drop_index('ix_customers_vat_id')
        batch_op.drop_index('ix_customers_enterprise_number')

    op.drop_table('customers')
    op.drop_table('companies')
    op.drop_table('batches')

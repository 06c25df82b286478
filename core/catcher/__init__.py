"""The local mail catcher: real SMTP on this machine only; what it takes is kept to be looked at and goes nowhere else.

mails     what was caught: list, open
server    take mails: serve until a signal comes, or run beside other work
"""

from core.catcher.mails import CaughtMail, MailUnknown, Opened, caught, count, open_mail

__all__ = ["CaughtMail", "MailUnknown", "Opened", "caught", "count", "open_mail"]

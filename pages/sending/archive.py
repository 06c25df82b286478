"""The archive: every mail as it was sealed, what became of it, and the proof of its sending.

Other pages lead here with `?message=ID`.
"""

from pages.parts import archive_list, archive_mail, feedback, menu, verify_panel
from pages.parts.resources import t

menu.header(t("Archive"))
with feedback.told():
    opened = archive_mail.wanted()
    verify_panel.result()
    archive_list.show(short=opened is not None)
if opened is not None:
    with feedback.told():
        archive_mail.show(opened)

"""The text of a notice at the moment at which a mail of it is sent.

A hundred thousand mails of a notice name it; none of them holds a copy of its text.
"""

from collections import OrderedDict

from chalicelib.errors import Internal
from chalicelib.incidents.notices.models import Notice, State
from chalicelib.incidents.notices.store import BreachNoticeStore
from chalicelib.notices.mail import Parts
from chalicelib.notices.messages import Mail

_KEPT = 4
"""Notices whose texts a container keeps: few are told of at a time."""


class NotToBeSent(Internal):
    """A mail names a notice that nobody approved, or one of a drill. Somebody must look."""

    code = "notice_not_to_be_sent"


class NoticeTexts:
    """Texts of approved notices. What was approved never changes, so each is read once."""

    def __init__(self, store: BreachNoticeStore) -> None:
        self._store = store
        self._kept: OrderedDict[str, Notice] = OrderedDict()

    def of(self, mail: Mail) -> Parts:
        """Subject, text and HTML of the notice that `mail` names, in the mail's language.

        Raises `NotToBeSent`, `KeyDestroyed`.
        """
        written = self._notice(mail.values["notice_id"]).texts[mail.language]
        return Parts(written.subject, written.text, written.html)

    def _notice(self, notice_id: str) -> Notice:
        if notice_id not in self._kept:
            notice = self._store.get(notice_id)
            if notice is None or notice.drill or notice.state is not State.APPROVED:
                raise NotToBeSent(notice_id)
            self._kept[notice_id] = notice
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return self._kept[notice_id]

"""What is refused of notices."""

from chalicelib.errors import Conflict, Internal, NotFound


class UnknownNotice(NotFound):
    """The incident has no such notice."""

    code = "unknown_breach_notice"


class NobodyToTell(Conflict):
    """No duty of the incident asks that this kind of recipient be told."""

    code = "nobody_to_tell"


class NothingToSupplement(Conflict):
    """No notice to this kind of recipient was approved yet."""

    code = "nothing_to_supplement"


class SameNoticeProposer(Conflict):
    """Who proposed a notice does not approve it."""

    code = "same_notice_proposer"


class NoticeDecided(Conflict):
    """The notice was approved or withdrawn before."""

    code = "notice_decided"


class FactsChanged(Conflict):
    """Since it was proposed what is known changed, or who has to be told: propose it anew."""

    code = "facts_changed"


class AlreadyTold(Conflict):
    """Another first notice for one of these duties was approved: what is new is a supplement."""

    code = "already_told"


class TooManyNotices(Conflict):
    """So many notices of that phase are told one by one that there is room for no other."""

    code = "too_many_breach_notices"


class NotToBeFiled(Conflict):
    """Only an approved notice to the authority or the public is filed, and once."""

    code = "not_to_be_filed"


class UnknownProof(NotFound):
    """The notice was filed in a drill, without proof, or not at all."""

    code = "unknown_proof"


class ProofLost(Internal):
    """The write-once bucket holds something else than was noted: somebody must look."""

    code = "proof_lost"

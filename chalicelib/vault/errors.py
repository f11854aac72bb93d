"""What the vault refuses, and why it says so little about it."""

from chalicelib.errors import FieldError, Internal, InvalidInput, NotFound, TooLarge


class SealBroken(Internal):
    """A sealed value does not open: cut, changed, moved, or under another key.

    One error for every cause, without arguments, raised where no key is in any frame: whoever
    sends forgeries learns nothing from it.
    """

    code = "seal_broken"


class TooLongToSeal(TooLarge):
    """The plaintext would not fit into one DynamoDB item."""

    code = "too_long_to_seal"


class KeyDestroyed(NotFound):
    """The scope's data key is destroyed or past its expiry, or there never was one.

    What was sealed under it is gone for everybody (UU PDP articles 8, 43 and 44), and nothing can
    be sealed under the scope again.
    """

    code = "key_destroyed"


class UnusableIdentifier(InvalidInput):
    """An identifier that cannot be normalised, so nobody can be found by it."""

    code = "unusable_identifier"

    def __init__(self, kind: str) -> None:
        super().__init__(FieldError(kind, "malformed"))


class WrongPartnerKey(Internal):
    """The KMS key that signs for partners is no RSA key, or another one answered."""

    code = "wrong_partner_key"


class UnfitCertificate(InvalidInput):
    """A certificate that our signatures could not be checked with; the field's code says why."""

    code = "unfit_certificate"

    def __init__(self, reason: str) -> None:
        super().__init__(FieldError("certificate", reason))

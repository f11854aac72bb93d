"""Our ids in the words of the W3C Data Privacy Vocabulary 2.3 (dpv:) and its personal data (pd:).

What a notice froze long ago may name purposes and items that the policy has no more: whoever looks
something up here falls back on the class that everything of its kind belongs to.
"""

from collections.abc import Mapping

from chalicelib.consents.models import Relationship, State

STATUS: Mapping[State, str] = {
    State.UNKNOWN: "dpv:ConsentUnknown",
    State.REQUESTED: "dpv:ConsentRequested",
    State.REFUSED: "dpv:ConsentRefused",
    State.GIVEN: "dpv:ConsentGiven",
    State.RENEWED_GIVEN: "dpv:RenewedConsentGiven",
    State.WITHDRAWN: "dpv:ConsentWithdrawn",
    State.EXPIRED: "dpv:ConsentExpired",
    # The guide's prose says ConsentTerminated, which no version of the vocabulary defines. Revoked
    # is its term for what ISO calls terminated: ended by somebody other than the data subject.
    State.TERMINATED: "dpv:ConsentRevoked",
    State.INVALIDATED: "dpv:ConsentInvalidated",
}

# UU PDP 20(2)(a) knows no other consent than the explicit one.
CONSENT_TYPE = "dpv:ExplicitlyExpressedConsent"

GUARDIAN: Mapping[Relationship, str] = {
    Relationship.PARENT: "dpv:ParentOfDataSubject",
    Relationship.GUARDIAN: "dpv:GuardianOfDataSubject",
}

PURPOSE: Mapping[str, str] = {
    # The client connects the platform, so the exchange is a service that it asked for.
    "third_party_integration": "dpv:RequestedServiceProvision",
}
ANY_PURPOSE = "dpv:Purpose"

PERSONAL_DATA: Mapping[str, str] = {
    "personnel_names": "pd:Name",
    "personnel_roles": "pd:Job",
    "email_addresses": "pd:EmailAddressWork",
    "phone_numbers": "pd:TelephoneNumber",
    "other_contact_details": "pd:Contact",
    "bank_accounts": "pd:BankAccount",
    "payment_records": "pd:Transactional",
    "transaction_history": "pd:Transaction",
    "integration_data": "pd:Financial",
}
ANY_PERSONAL_DATA = "dpv:PersonalData"

# Specific data (UU PDP 4(2)) ask for more care, as sensitive data do, but for no permission beside
# the consent, which is what would make them DPV's special category.
SPECIFIC_DATA = "dpv:SensitivePersonalData"

SOURCE: Mapping[str, str] = {"third_party": "dpv:ThirdPartyDataSource"}
ANY_SOURCE = "dpv:DataSource"

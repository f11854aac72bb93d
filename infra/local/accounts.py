"""Accounts of the staff's pool: made as an administrator does, enrolled as their person does."""

import secrets
import string
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pyotp import TOTP

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_cognito_idp.type_defs import AuthenticationResultTypeTypeDef

_SYMBOLS = "!@#%+=?"


@dataclass(frozen=True, slots=True)
class Account:
    """A member of the staff, with all it takes to sign in."""

    email: str
    role: str
    password: str = field(repr=False)
    totp_secret: str = field(repr=False)


class StaffPool:
    """The staff's pool and its client."""

    def __init__(
        self, cognito: "CognitoIdentityProviderClient", pool_id: str, client_id: str
    ) -> None:
        self.cognito = cognito
        self.pool_id = pool_id
        self.client_id = client_id

    def start(self, email: str, role: str, password: str) -> tuple[Account, str]:
        """Makes an account in the group `role` and signs in with its password.

        Returns the account and the session in which its authenticator is to be confirmed.
        """
        self.cognito.admin_create_user(
            UserPoolId=self.pool_id,
            Username=email,
            UserAttributes=[
                {"Name": "email", "Value": email},
                {"Name": "email_verified", "Value": "true"},
            ],
            TemporaryPassword=password,  # else one would be drawn, of other rules here than on AWS
            MessageAction="SUPPRESS",
        )
        self.cognito.admin_add_user_to_group(
            UserPoolId=self.pool_id, Username=email, GroupName=role
        )
        self.cognito.admin_set_user_password(
            UserPoolId=self.pool_id, Username=email, Password=password, Permanent=True
        )
        session = self.give_password(email, password)
        associated = self.cognito.associate_software_token(Session=session)
        return Account(email, role, password, associated["SecretCode"]), associated["Session"]

    def finish(self, account: Account, session: str) -> "AuthenticationResultTypeTypeDef":
        """Confirms the authenticator and ends the first sign-in. Returns its tokens.

        The code is that of the period before, so that the present one is left for a sign-in.
        """
        authenticator = TOTP(account.totp_secret)
        try:
            verified = self.cognito.verify_software_token(
                Session=session, UserCode=authenticator.at(int(time.time()), counter_offset=-1)
            )
        except self.cognito.exceptions.EnableSoftwareTokenMFAException:
            # That period ended on the way; the session takes another try.
            verified = self.cognito.verify_software_token(
                Session=session, UserCode=authenticator.at(int(time.time()), counter_offset=-1)
            )
        return self.cognito.respond_to_auth_challenge(
            ClientId=self.client_id,
            ChallengeName="MFA_SETUP",
            Session=verified["Session"],
            ChallengeResponses={"USERNAME": account.email},
        )["AuthenticationResult"]

    def give_password(self, email: str, password: str) -> str:
        """The session for the second factor. Raises Cognito's refusals."""
        return self.cognito.initiate_auth(
            ClientId=self.client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": email, "PASSWORD": password},
        )["Session"]

    def give_code(self, email: str, session: str, code: str) -> "AuthenticationResultTypeTypeDef":
        """The tokens for a code of the authenticator. Raises Cognito's refusals."""
        return self.cognito.respond_to_auth_challenge(
            ClientId=self.client_id,
            ChallengeName="SOFTWARE_TOKEN_MFA",
            Session=session,
            ChallengeResponses={"USERNAME": email, "SOFTWARE_TOKEN_MFA_CODE": code},
        )["AuthenticationResult"]

    def is_enrolled(self, email: str) -> bool:
        """Whether there is such an account, with its second factor."""
        try:
            user = self.cognito.admin_get_user(UserPoolId=self.pool_id, Username=email)
        except self.cognito.exceptions.UserNotFoundException:
            return False
        return "SOFTWARE_TOKEN_MFA" in user.get("UserMFASettingList", [])

    def remove(self, email: str) -> None:
        """Deletes the account, if there is one."""
        try:
            self.cognito.admin_delete_user(UserPoolId=self.pool_id, Username=email)
        except self.cognito.exceptions.UserNotFoundException:
            return


def new_password() -> str:
    """20 random characters, of each kind that the pools ask for at least one."""
    kinds = (string.ascii_lowercase, string.ascii_uppercase, string.digits, _SYMBOLS)
    return "".join(map(secrets.choice, [*kinds, *["".join(kinds)] * 16]))

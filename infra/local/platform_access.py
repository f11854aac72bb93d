"""How the client platform gets in, on the local stage: its secret, and a user to vouch for."""

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import boto3

from infra.local.accounts import new_password
from infra.local.deploy import Deployment

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

_USER = "mira@client.test"  # RFC 6761: mail to it reaches nobody


@dataclass(frozen=True, slots=True)
class PlatformAccess:
    """The platform's credential (OAuth 2.0 client credentials)."""

    token_url: str
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PlatformUser:
    """A user of the platform, who signs in with the password at `client_id` of the pool."""

    client_id: str
    email: str
    password: str = field(repr=False)


def platform_access(session: boto3.Session, deployment: Deployment) -> PlatformAccess:
    """The credential, read from the pool: CloudFormation does not tell the secret."""
    outputs = deployment.outputs
    cognito: CognitoIdentityProviderClient = session.client("cognito-idp")
    client = cognito.describe_user_pool_client(
        UserPoolId=outputs["PlatformPoolId"], ClientId=outputs["PlatformClientId"]
    )["UserPoolClient"]
    return PlatformAccess(
        outputs["PlatformTokenUrl"], outputs["PlatformClientId"], client["ClientSecret"]
    )


def enrol_platform_user(session: boto3.Session, deployment: Deployment) -> PlatformUser:
    """The demonstration's signed-in user of the platform, with a new password each time."""
    pool = deployment.outputs["PlatformPoolId"]
    cognito: CognitoIdentityProviderClient = session.client("cognito-idp")
    password = new_password()
    with suppress(cognito.exceptions.UsernameExistsException):  # of an earlier run
        cognito.admin_create_user(
            UserPoolId=pool,
            Username=_USER,
            UserAttributes=[
                {"Name": "email", "Value": _USER},
                {"Name": "email_verified", "Value": "true"},
            ],
            TemporaryPassword=password,
            MessageAction="SUPPRESS",
        )
    cognito.admin_set_user_password(
        UserPoolId=pool, Username=_USER, Password=password, Permanent=True
    )
    return PlatformUser(deployment.outputs["PlatformUsersClientId"], _USER, password)

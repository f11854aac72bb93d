"""The client's half of Cognito's USER_SRP_AUTH: a password proved without being sent.

SRP-6a (RFC 5054) over the 3072-bit group of RFC 3526, with Cognito's own key derivation.
"""

import base64
import hashlib
import hmac
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from infra.local.accounts import StaffPool

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp.type_defs import RespondToAuthChallengeResponseTypeDef

_N = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E34"
    "04DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6"
    "F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A6916"
    "3FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C"
    "32905E462E36CE3BE39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA95"
    "6AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA7157"
    "5D060C7DB3970F85A6E1E4C7ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D876"
    "02733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E"
    "4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
    16,
)
_G = 2


def prove_password(
    pool: StaffPool, email: str, password: str
) -> "RespondToAuthChallengeResponseTypeDef":
    """What the pool answers to a proof of `password`. Raises Cognito's refusals."""
    secret = secrets.randbelow(_N)
    public = pow(_G, secret, _N)
    asked = pool.cognito.initiate_auth(
        ClientId=pool.client_id,
        AuthFlow="USER_SRP_AUTH",
        AuthParameters={"USERNAME": email, "SRP_A": f"{public:x}"},
    )["ChallengeParameters"]
    user, name = asked["USER_ID_FOR_SRP"], pool.pool_id.partition("_")[2]
    theirs = int(asked["SRP_B"], 16)
    u = _hash(_pad(public), _pad(theirs))
    inner = hashlib.sha256(f"{name}{user}:{password}".encode()).digest()
    x = _hash(_pad(int(asked["SALT"], 16)), inner)
    k = _hash(_pad(_N), _pad(_G))
    shared = pow(theirs - k * pow(_G, x, _N), secret + u * x, _N)
    key = _hmac(_hmac(_pad(u), _pad(shared)), b"Caldera Derived Key\x01")[:16]
    now = datetime.now(UTC)
    timestamp = f"{now:%a %b} {now.day} {now:%H:%M:%S UTC %Y}"
    block = base64.b64decode(asked["SECRET_BLOCK"])
    proof = _hmac(key, f"{name}{user}".encode() + block + timestamp.encode())
    return pool.cognito.respond_to_auth_challenge(
        ClientId=pool.client_id,
        ChallengeName="PASSWORD_VERIFIER",
        ChallengeResponses={
            "USERNAME": user,
            "PASSWORD_CLAIM_SECRET_BLOCK": asked["SECRET_BLOCK"],
            "PASSWORD_CLAIM_SIGNATURE": base64.b64encode(proof).decode(),
            "TIMESTAMP": timestamp,
        },
    )


def _pad(number: int) -> bytes:
    """Big-endian, with a zero in front where the first bit is set."""
    return number.to_bytes(number.bit_length() // 8 + 1)


def _hash(*parts: bytes) -> int:
    return int.from_bytes(hashlib.sha256(b"".join(parts)).digest())


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")

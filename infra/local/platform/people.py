"""The people of the demonstration's client platform, who do not exist, and what it knows of them.

The same people every time. Their addresses are of a domain that reaches nobody (RFC 6761).
"""

from dataclasses import dataclass

DOMAIN = "client.test"


@dataclass(frozen=True, slots=True)
class Company:
    """A client of Jutsoo."""

    company_id: str
    name: str
    registration: str
    address: str


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who acts for a company."""

    user_id: str
    company_id: str
    name: str
    title: str

    @property
    def email(self) -> str:
        return f"{self.name.split()[0].lower()}@{DOMAIN}"


COMPANIES = (
    Company("company-1", "PT Contoh Niaga", "9120000000001", "Jl. Contoh 1, Jakarta"),
    Company("company-2", "CV Contoh Karya", "9120000000002", "Jl. Contoh 2, Surabaya"),
)
USERS = (
    User("user-1", "company-1", "Mira Kusuma", "Director"),
    User("user-2", "company-1", "Bayu Wirawan", "Treasurer"),
    User("user-3", "company-1", "Laras Anggraini", "Accountant"),
    User("user-4", "company-2", "Dimas Prasetya", "Director"),
    User("user-5", "company-2", "Putri Maharani", "Treasurer"),
    User("user-6", "company-2", "Rangga Saputra", "Accountant"),
)
"""The first is the user that the platform vouches for (`platform_access.py`)."""

"""Publishes a site with its cookie notice, the privacy policy, and the first retention schedule.

    python -m infra.seed --site infra/sites/jutsoo.toml --origin https://www.jutsoo.com

The deployment's names are read from the environment (`JAGA_*`), as the functions do. Running it
again changes nothing; after an edit of the texts or of the policy it publishes a new version.
"""

import argparse
import hashlib
import json
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from chalicelib.audit.entry import Actor
from chalicelib.cookies.banner import banner_for
from chalicelib.cookies.site_store import SiteRecord
from chalicelib.inventory.policy import policy
from chalicelib.inventory.service import cookie_types
from chalicelib.notices.models import LANGUAGES, NoticeVersion
from chalicelib.retention.schedule.text import standard
from chalicelib.services import Services
from chalicelib.settings import Settings
from infra.policy_notice import publish_policy

DEMONSTRATION = Path(__file__).parent / "sites" / "jutsoo.toml"
_OPERATOR = Actor("operator", "seed")


@dataclass(frozen=True, slots=True)
class Published:
    """What the site's owner needs to know of what is in force now."""

    site_id: str
    notice_version: str
    integrity: str


def seed(services: Services, origins: Iterable[str], site: Path = DEMONSTRATION) -> Published:
    """Publishes the site described in the file `site` for `origins`.

    Raises `ValueError` when the site's categories are not the policy's refusable cookie types.
    """
    described: dict[str, Any] = tomllib.loads(site.read_text("utf-8"))
    refusable = [each.id for each in cookie_types() if each.refusable]
    if list(described["cookies"]) != refusable or list(described["storage"]) != refusable:
        raise ValueError("the site's categories are not the policy's refusable cookie types")
    notice = _notice(services, f"cookies-{described['site_id']}")
    record = SiteRecord(
        site_id=described["site_id"],
        origins=frozenset(origins),
        policy_url=described["policy_url"],
        notice_version=notice.version,
        cookies={name: tuple(values) for name, values in described["cookies"].items()},
        storage={name: tuple(values) for name, values in described["storage"].items()},
    )
    services.schedules.publish(_OPERATOR, standard())  # before anything is kept
    services.sites.publish(record, notice, _OPERATOR)
    publish_policy(services)
    banner = banner_for(services.sites.get(record.site_id))
    return Published(record.site_id, notice.version, banner.integrity)


def _notice(services: Services, notice_id: str) -> NoticeVersion:
    source = files("chalicelib.notices").joinpath("texts", "cookie_notice.json")
    texts = json.loads(source.read_text("utf-8"))
    content = json.dumps(texts, sort_keys=True).encode()
    return NoticeVersion(
        notice_id=notice_id,
        # The policy's date says which policy it speaks for, the digest that its text is another.
        version=f"{policy().document.updated}.{hashlib.sha256(content).hexdigest()[:8]}",
        texts={language: texts[language] for language in LANGUAGES},
        published_at=services.clock.now(),
    )


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--site", type=Path, default=DEMONSTRATION)
    parser.add_argument("--origin", action="append", required=True)
    arguments = parser.parse_args()
    published = seed(Services(Settings.from_environment()), arguments.origin, arguments.site)
    print(f"Site {published.site_id}: the cookie notice {published.notice_version} is in force")
    print(f'The banner, pinned: integrity="{published.integrity}" crossorigin="anonymous"')
    print("Pinned, it must be changed with every notice; unpinned, it follows by itself.")


if __name__ == "__main__":
    main()

"""`python -m infra.rules`: prints the breaches in `dist/template.json`, ends with 1 if any."""

import json
import sys

from infra.package import TEMPLATE
from infra.rules import RULES, breaches
from infra.rules.document import Template

found = breaches(Template(json.loads(TEMPLATE.read_text(encoding="utf-8"))))
print("\n".join(found) or f"dist/template.json keeps all {len(RULES)} template rules")
sys.exit(1 if found else 0)

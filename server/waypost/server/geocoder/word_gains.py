"""What explaining each word of a query is worth."""

from __future__ import annotations

from waypost.server.geocoder import ranking
from waypost.server.geocoder.generic_words import FILLER, PLACEHOLDER, STREET_KIND, generic
from waypost.server.geocoder.jit import kernel
from waypost.server.geocoder.normalize import DIGIT, HAN, span_hash


@kernel
def word_gains(tokens, count):  # type: ignore[no-untyped-def]
    """Sets what explaining each word is worth, see ranking, and which are kinds of streets.

    Returns whether a word says what kind of place is meant.

    A filler that stands alone between commas, ends the query or precedes a number may be a code ("Wilmington,
    DE 19801"), so it counts as a word there. Where nothing but stand-ins for an address is said, they are worth little.
    """
    has_kind = said = False
    for token in range(count):
        size = tokens.word[token].end - tokens.word[token].start
        tokens.word[token].street = 0
        if tokens.word[token].kind == HAN:
            tokens.word[token].gain = ranking.HAN_GAIN
            said = True
        elif tokens.word[token].kind == DIGIT:
            tokens.word[token].gain = ranking.SHORT_NUMBER_GAIN if size < 4 else ranking.LONG_NUMBER_GAIN
            said = True
        else:
            tokens.word[token].gain = ranking.WORD_GAIN + ranking.LETTER_GAIN * min(size, ranking.LETTERS_COUNTED)
            word = generic(span_hash(tokens.prefix, tokens.word[token].start, tokens.word[token].end))
            tokens.word[token].street = word & STREET_KIND
            word &= ~STREET_KIND
            if size == 1:
                tokens.word[token].gain = ranking.LETTER_WORD_GAIN
            elif word == FILLER:
                alone = (token == 0 or tokens.word[token - 1].segment != tokens.word[token].segment) and (
                    token + 1 == count or tokens.word[token + 1].segment != tokens.word[token].segment
                )
                ends = size == 2 and token > 0 and (token + 1 == count or tokens.word[token + 1].kind == DIGIT)
                if not alone and not ends:
                    tokens.word[token].gain = ranking.FILLER_GAIN
                    continue
            elif word != 0 and word != PLACEHOLDER:
                tokens.word[token].gain = ranking.KIND_GAIN
                has_kind = True
            # "NA" is Namibia, "n/a" is nothing.
            said = said or word != PLACEHOLDER or size <= 2
    if count > 0 and (not said or _stands_for_nothing(tokens, count)):
        for token in range(count):
            tokens.word[token].gain = min(tokens.word[token].gain, ranking.PLACEHOLDER_GAIN)
    return has_kind


@kernel
def _stands_for_nothing(tokens, count):  # type: ignore[no-untyped-def]
    """Whether the whole text is a stand-in in several letters: "n/a"."""
    end = tokens.word[count - 1].end
    return 1 < count == end <= ranking.LONGEST_CODE and generic(span_hash(tokens.prefix, 0, end)) == PLACEHOLDER

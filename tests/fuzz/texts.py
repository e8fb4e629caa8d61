"""Text as users, other programs and attackers give it."""

from __future__ import annotations

from hypothesis import strategies as st

HOSTILE = (
    "",
    " ",
    "..",
    "../../up",
    "/etc/passwd",
    "C:\\Windows\\x",
    "a\\b\\c",
    "con",
    "NUL.txt",
    "com1",
    "x" * 300,
    "脳" * 100,
    "🧠 brain 👩‍🔬",
    "e\u0301" * 70,
    "\u202egnp.exe",
    "\u200f\u200eleft",
    "line\nbreak\ttab",
    "zero\0byte",
    "escape\x1b$B",
    "a^b^c^d^e^f",
    "a=b=c=d",
    "lone \ud800 surrogate",
    "\ufeffmark",
    "%s %d {0} ${HOME}",
    "'; DROP TABLE",
    "-rf",
    ".hidden",
    "trailing. ",
    "İstanbul ß ﬁ",
    "ｶﾀｶﾅ",
    "שלום",
    "\x7f\x80\x9f",
)

anything = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(max_size=12),
    st.text(st.characters(exclude_categories=()), max_size=80),
    st.text(st.characters(codec="ascii"), max_size=20),
)
names = st.one_of(st.sampled_from(["", "scan", "T1 (denoised)", "µ-CT [1]"]), anything)

# Shrinks to False. Hypothesis draws the ends of a range more often than its middle.
rarely = st.sampled_from(range(30)).map(lambda n: n == 13)
sometimes = st.sampled_from(range(6)).map(lambda n: n == 3)

"""Invoice code or number → the authority that holds the invoice. Rules and sources: domain facts §2.

A paper or early electronic invoice has a code of 10 or 12 digits with the region inside and is verified at its
province. A fully digital invoice (数电票) has no code, only a number of 20 digits, with a region of its own kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from monitor.model import Authority

CITIES = frozenset({"2102", "3302", "3502", "3702", "4403"})
"""Regions of the cities with an authority of their own; every other one folds to its province ([S3][S7][S9])."""

CITY_PREFIXES = frozenset({"91", "92", "93", "94"})
"""Regions of a 数电票 that stand for cities with an authority of their own; which one, no public source says."""

_BLANKS = "-‐‑‒–—―−－\u200b\ufeff"
_READ_AS = str.maketrans(
    {**dict.fromkeys(_BLANKS), **{chr(0xFF10 + digit): str(digit) for digit in range(10)}}
)

# The page's own list of 12-digit codes that are electronic invoices whatever their suffix says ([S7][S9]).
_ELECTRONIC = frozenset({"144031539110", "131001570151", "133011501118", "111001571071"})
_BY_SUFFIX = {"11": "10", "04": "04", "05": "04", "06": "11", "07": "11", "12": "14", "17": "15", "13": "08"}
_BY_KIND = {"1": "01", "5": "01", "3": "04", "6": "04", "2": "02", "7": "02"}

INVOICE_TYPES = {
    "zh": {
        "01": "增值税专用发票",
        "02": "货运发票",
        "03": "机动车发票",
        "04": "增值税普通发票",
        "08": "增值税电子专用发票",
        "10": "增值税电子普通发票",
        "11": "卷式发票",
        "14": "通行费发票",
        "15": "二手车发票",
        "99": "其他",
    },
    "en": {
        "01": "special VAT invoice",
        "02": "freight invoice",
        "03": "motor vehicle invoice",
        "04": "ordinary VAT invoice",
        "08": "electronic special VAT invoice",
        "10": "electronic ordinary VAT invoice",
        "11": "roll invoice",
        "14": "toll invoice",
        "15": "used car invoice",
        "99": "other",
    },
}
"""The page's types (fplx) in words, by language."""

SENTENCES = {
    "en": {
        "coded": "{name} serves captcha and data of this invoice itself; the national page only passes on",
        "digital": "数电票 of {name}: {host}. Of it only reachability is watched; the national page verifies the invoice",
        "no_host": "no address of its platform is known",
        "cut": "12 digits that begin with {head} look like the first 12 of a 20-digit number (数电票), "
        "{belongs}codes of 12 digits in use begin with 0 or 1: give all 20.",
        "belongs": "which would belong to {name}; ",
        "number_only": "8 digits are an invoice number without its code: give the code (10 or 12 digits)",
        "no_code": "{text!r} is not an invoice code: 10 or 12 digits, or the 20 digits of a 数电票",
        "no_region": "no authority has region {region}. {warning}",
        "no_prefix": "digits 3 and 4 are {prefix}: no authority has this region",
        "city_prefix": "digits 3 and 4 are {prefix}: a city with an authority of its own, but which one is in no public "
        "source; set authorities.override.<slug>.digital_invoice_prefix to {prefix!r} once you know",
    },
    "zh": {
        "coded": "这张发票的验证码和数据由{name}税务局自己提供，全国查验平台只是转接",
        "digital": "{name}的数电票：{host}。这里只观测该平台能否连通，发票由全国查验平台查验",
        "no_host": "没有已知的平台地址",
        "cut": "以 {head} 开头的 12 位数字像是 20 位数电票号码的前 12 位，{belongs}"
        "在用的 12 位发票代码以 0 或 1 开头：请给出全部 20 位。",
        "belongs": "那样应属{name}；",
        "number_only": "8 位数字只是发票号码：请改用发票代码（10 位或 12 位）",
        "no_code": "“{text}”不是发票代码：应为 10 位或 12 位发票代码，或 20 位数电票号码",
        "no_region": "没有哪个税务机关的地区代码是 {region}。{warning}",
        "no_prefix": "第 3、4 位是 {prefix}：没有哪个税务机关用这个地区代码",
        "city_prefix": "第 3、4 位是 {prefix}：属于某个计划单列市，但公开资料没有说是哪一个；"
        "查明后请在 probes.yaml 里设置 authorities.override.<slug>.digital_invoice_prefix 为 {prefix!r}",
    },
}
"""What is said of a route, and why there is none, by language."""


class InvoiceKind(StrEnum):
    """What was typed: a code of 10 or 12 digits, or the 20-digit number of a 数电票."""

    CODE10 = "code10"
    CODE12 = "code12"
    DIGITAL = "digital"


class NoRouteError(Exception):
    """Why an invoice leads nowhere: in English as `str()`, for programs, and `said` for people."""

    def __init__(self, sentence: str, **values: str | Mapping[str, str]) -> None:
        """`values` fill the gaps of the sentence; one that is a sentence itself comes in every language."""
        self._sentence, self._values = sentence, values
        super().__init__(self.said("en"))

    def said(self, language: str) -> str:
        """The reason in that language."""
        values = {name: one if isinstance(one, str) else one[language] for name, one in self._values.items()}
        return SENTENCES[language][self._sentence].format(**values).strip()


class InvoiceCodeError(NoRouteError):
    """The text is neither a code of 10 or 12 digits nor a number of 20."""


class UnknownRegionError(NoRouteError):
    """The digits that name the region name none that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceRoute:
    """Where an invoice is held. `endpoint` is the address to ask, None where the registry has none."""

    invoice: str
    """The digits, normalised."""
    authority: Authority
    kind: InvoiceKind
    endpoint: str | None
    service: str
    """What of the authority answers for it: `verify` or `dppt`."""
    warning: str = ""
    """Why the digits may mean something else; empty if they do not."""
    advice: str

    @property
    def explained(self) -> str:
        """Warning and advice, for people."""
        return f"{self.warning} {self.advice}".strip()


def normalise(text: str) -> str:
    """The digits of `text`, without blanks and hyphens, full-width ones made ASCII.

    Raises InvoiceCodeError for anything that is not 10, 12 or 20 digits then.
    """
    digits = "".join(text.split()).translate(_READ_AS)
    if digits.isascii() and digits.isdigit() and len(digits) in (10, 12, 20):
        return digits
    if digits.isascii() and digits.isdigit() and len(digits) == 8:
        raise InvoiceCodeError("number_only")
    raise InvoiceCodeError("no_code", text=text if len(text) <= 40 else f"{text[:40]}…")


def find(text: str, authorities: Mapping[str, Authority], language: str = "en") -> InvoiceRoute:
    """The authority that holds the invoice with this code or number; advice and warning in that language (zh, en).

    Raises InvoiceCodeError or UnknownRegionError.
    """
    digits = normalise(text)
    read = _digital if len(digits) == 20 else _coded
    return read(digits, authorities, language)


def invoice_type(code: str) -> str:
    """The page's type (fplx, as in `INVOICE_TYPES`) of a code of 10 or 12 digits ([S7][S9]); no digital number says."""
    if len(code) == 10:
        return _BY_KIND.get(code[7], "99")
    if code in _ELECTRONIC:
        return "10"
    if code[0] == "0":
        return _BY_SUFFIX.get(code[10:], "99")
    return "03" if code[7] == "2" else "99"


def _coded(code: str, authorities: Mapping[str, Authority], language: str) -> InvoiceRoute:
    written = code[:4] if len(code) == 10 else code[1:5]
    region = written if written in CITIES else f"{written[:2]}00"
    warnings = {known: _truncation(code, authorities, known) for known in SENTENCES}
    authority = next((one for one in authorities.values() if one.code == region), None)
    if authority is None:
        raise UnknownRegionError("no_region", region=written, warning=warnings)
    return InvoiceRoute(
        invoice=code,
        authority=authority,
        kind=InvoiceKind.CODE10 if len(code) == 10 else InvoiceKind.CODE12,
        endpoint=_fact(authority, "verify_url"),
        service="verify",
        warning=warnings[language],
        advice=SENTENCES[language]["coded"].format(name=_name(authority, language)),
    )


def _truncation(code: str, authorities: Mapping[str, Authority], language: str) -> str:
    """What to say of 12 digits that look like the first 12 of 20.

    The legacy page cuts a 20-digit number so (seen 2023-12 [S10]) and then reads the year's last digit as part of the
    region. All codes of 12 digits in our sources begin with 0 or 1; a number of 20 begins with its year, from 20 on.
    """
    if len(code) != 12 or code[0] in "01":
        return ""
    meant = _by_prefix(code[2:4], authorities)
    say = SENTENCES[language]
    belongs = say["belongs"].format(name=_name(meant, language)) if meant else ""
    return say["cut"].format(head=code[:2], belongs=belongs)


def _name(authority: Authority, language: str) -> str:
    return authority.name if language == "zh" else f"{authority.name_en} ({authority.name})"


def _digital(number: str, authorities: Mapping[str, Authority], language: str) -> InvoiceRoute:
    authority = _by_prefix(number[2:4], authorities)
    if authority is None:
        is_city = number[2:4] in CITY_PREFIXES
        raise UnknownRegionError("city_prefix" if is_city else "no_prefix", prefix=number[2:4])
    endpoint = _fact(authority, "dppt_url")
    say = SENTENCES[language]
    host = _fact(authority, "dppt_host") or say["no_host"]
    return InvoiceRoute(
        invoice=number,
        authority=authority,
        kind=InvoiceKind.DIGITAL,
        endpoint=endpoint,
        service="dppt",
        advice=say["digital"].format(name=_name(authority, language), host=host),
    )


def _by_prefix(prefix: str, authorities: Mapping[str, Authority]) -> Authority | None:
    return next((one for one in authorities.values() if _fact(one, "digital_invoice_prefix") == prefix), None)


def _fact(authority: Authority, name: str) -> str | None:
    fact = authority.facts.get(name)
    return fact.value if fact else None

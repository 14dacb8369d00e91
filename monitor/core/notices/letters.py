"""Letters that are read as others: traditional as simplified, full-width as ASCII, the many dashes and colons as one."""

from __future__ import annotations

_TRADITIONAL = (
    "務务總总國国稅税發发電电臺台驗验維维護护暫暂時时間间開开關关於于統统進进級级將将對对為为業业辦办納纳繳缴費费網网"
    "絡络線线軟软終终應应號号週周復复複复後后與与內内無无機机雲云雙双數数據据錄录優优異异動动點点兩两個个從从來来這这"
    "過过選选擇择確确認认綜综證证專专賬账帳账戶户體体廳厅閉闭斷断換换遷迁檢检區区廣广東东連连寧宁廈厦門门島岛遼辽龍龙"
    "蘇苏灣湾陝陕肅肃貴贵慶庆漢汉爾尔壯壮請请諒谅屆届屬属順顺繼继續续預预計计約约歷历長长結结畢毕運运啟启實实執执鎖锁"
    "註注銷销徵征報报訊讯訂订變变調调議议設设備备則则層层臨临項项範范圍围聯联現现場场單单條条當当淩凌禮礼餘余處处產产"
    "權权團团義义縣县類类參参夠够說说購购車车領领補补誤误稱称響响學学號号處处傳传輸输載载裝装聲声陸陆額额頁页種种資资"
    "離离訪访問问題题絕绝績绩緩缓緊紧試试該该詳详諮谘華华鄉乡鎮镇見见觀观覽览標标億亿僅仅價价協协員员"
)
_SAME = {
    " ": "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000",
    ":": "︰﹕∶꞉ː",
    "-": "‐‑‒–—―−─━﹘﹣ー",
    "~": "～〜∼∽˜",
    "〇": "○◯◦",
    "(": "﹙〈【",
    ")": "﹚〉】",
    ";": "﹔",
    ",": "﹐",
}
_WIDE = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}

READ_AS = str.maketrans(
    _WIDE
    | dict(zip(_TRADITIONAL[::2], _TRADITIONAL[1::2], strict=True))
    | {letter: plain for plain, letters in _SAME.items() for letter in letters}
)
"""One letter for one, so that places stay the same."""

UNSEEN = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u061c"
"""Letters that nobody sees and that break words."""

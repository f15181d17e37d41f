"""Text in the encodings that people's files are in, most of them undeclared."""

import pytest

from ingest.decode import decode

GERMAN = (
    "Die Rückgabe ist innerhalb von dreißig Tagen möglich. Bitte fügen Sie die Rechnung über 15,50 € bei."
)
POLISH = (
    "Zwrot jest możliwy w ciągu trzydziestu dni. Prosimy dołączyć fakturę i opakowanie, w którym było łóżko."
)
TURKISH = (
    "İade otuz gün içinde mümkündür. Lütfen faturayı ekleyiniz ve ürünü özgün kutusunda şubemize gönderiniz."
)
RUSSIAN = "Возврат возможен в течение тридцати дней. Пожалуйста, приложите счёт и упаковку."
GREEK = "Η επιστροφή είναι δυνατή εντός τριάντα ημερών. Παρακαλούμε επισυνάψτε το τιμολόγιο."
ARABIC = "يمكن إرجاع المنتج خلال ثلاثين يوما من تاريخ الشراء مع إرفاق الفاتورة."
JAPANESE = "商品は三十日以内に返品できます。送料はお客様のご負担となります。"
CHINESE = "商品可以在三十天内退货。运费由客户承担，请附上发票和原包装。"
KOREAN = "상품은 삼십일 이내에 반품할 수 있습니다. 배송비는 고객 부담입니다."


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (GERMAN, "utf-8"),
        (GERMAN, "utf-8-sig"),
        (GERMAN, "utf-16"),
        (GERMAN, "utf-16-le"),
        (GERMAN, "utf-16-be"),
        (GERMAN, "utf-32"),
        (GERMAN, "cp1252"),
        (POLISH, "cp1250"),
        (TURKISH, "cp1254"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8-r"),
        (GREEK, "cp1253"),
        (ARABIC, "cp1256"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc_jp"),
        (JAPANESE, "iso2022_jp"),
        (CHINESE, "gb18030"),
        (KOREAN, "cp949"),
    ],
)
def test_undeclared_encodings_are_told_by_their_bytes(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


def test_a_declaration_is_believed_where_the_bytes_allow_it() -> None:
    text = '<meta charset="iso-8859-2"><p>mąka i łóżko</p>'
    assert decode(text.encode("iso-8859-2")) == text
    assert decode(b'<meta charset="utf-8"><p>caf\xe9</p>').endswith("café</p>")
    assert decode(b'<?xml version="1.0" encoding="no-such"?><p>caf\xe9</p>').endswith("café</p>")


def test_strange_lines_in_utf_8_spoil_only_themselves() -> None:
    assert decode("größer\n".encode() * 3 + b"caf\xe9\n") == "größer\n" * 3 + "café\n"


def test_line_ends_become_newlines() -> None:
    assert decode(b"one\r\ntwo\rthree\n") == "one\ntwo\nthree\n"

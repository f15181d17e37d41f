from ingest.language import detect

SPANISH = "Puede devolver el producto dentro de los treinta días siguientes a la compra. Adjunte la factura, por favor."
ENGLISH = (
    "You can return the product within thirty days of the purchase. Please put the invoice into the parcel."
)


def test_the_language_of_most_of_the_text() -> None:
    assert detect(SPANISH) == "es"
    assert detect(SPANISH * 30 + ENGLISH * 3) == "es"
    assert detect("商品は三十日以内に返品できます。送料はお客様のご負担となります。ご了承ください。") == "ja"


def test_none_where_there_is_no_majority_or_hardly_a_word() -> None:
    assert detect("OK") is None
    assert detect("| 12 | 34 |\n| --- | --- |\n| 5 | 6 |\n" * 40) is None
    assert detect("") is None

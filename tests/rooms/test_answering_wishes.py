"""Who asks for a person is heard in every language, and who asks for none is not sent one."""

from datetime import UTC, datetime

import pytest

from app.answering.phrases import PHRASES, moment
from app.answering.smalltalk import recognise

WISHES: dict[str, list[str]] = {
    "en": [
        "I want to talk to a human",
        "Can I speak to someone please?",
        "human please",
        "connect me to an agent",
        "I'd like to chat with a real person",
        "get me a human",
        "let me talk to support",
        "agent",
        "Could I speak with a representative?",
        "I need to talk to somebody",
    ],
    "de": [
        "Ich möchte mit einem Menschen sprechen",
        "Kann ich mit einem Mitarbeiter reden?",
        "Mitarbeiter bitte",
        "Bitte verbinden Sie mich mit einem Mitarbeiter",
        "Ich will einen Menschen",
        "Ich würde gerne mit jemandem sprechen",
        "Mensch bitte",
        "Verbinden Sie mich mit dem Support",
    ],
    "fr": [
        "Je veux parler à une personne",
        "Puis-je parler à quelqu'un ?",
        "un humain s'il vous plaît",
        "Je voudrais parler à un conseiller",
        "Mettez-moi en relation avec un agent",
        "Passez-moi un conseiller",
    ],
    "es": [
        "Quiero hablar con una persona",
        "¿Puedo hablar con alguien?",
        "un humano por favor",
        "Quisiera hablar con un agente",
        "Páseme con un agente",
        "Necesito hablar con una persona real",
    ],
    "ar": ["أريد التحدث إلى شخص", "أريد أن أتحدث مع موظف", "هل يمكنني التحدث مع إنسان؟", "حولني إلى موظف"],
    "ro": [
        "Vreau să vorbesc cu o persoană",
        "Pot vorbi cu cineva?",
        "Aș vrea să vorbesc cu un operator",
        "Un operator, vă rog",
        "Vreau un om",
    ],
    "tr": [
        "Bir insanla konuşmak istiyorum",
        "Temsilciyle görüşmek istiyorum",
        "Müşteri temsilcisine bağlanmak istiyorum",
        "Biriyle konuşabilir miyim?",
        "Beni bir yetkiliye bağlayın",
    ],
    "vi": [
        "Tôi muốn nói chuyện với người thật",
        "Cho tôi gặp nhân viên",
        "Tôi muốn gặp tư vấn viên",
        "Tôi cần nói chuyện với nhân viên hỗ trợ",
    ],
    "ru": [
        "Я хочу поговорить с человеком",
        "Соедините меня с оператором",
        "оператор",
        "Можно поговорить с живым человеком?",
        "Позовите оператора",
        "Мне нужен оператор",
    ],
    "el": [
        "Θέλω να μιλήσω με έναν άνθρωπο",
        "Μπορώ να μιλήσω με κάποιον;",
        "Θα ήθελα να μιλήσω με εκπρόσωπο",
        "Συνδέστε με με έναν εκπρόσωπο",
    ],
    "hi": [
        "मुझे किसी इंसान से बात करनी है",
        "क्या मैं किसी व्यक्ति से बात कर सकता हूँ?",
        "मैं एजेंट से बात करना चाहता हूँ",
        "किसी एजेंट से बात कराइए",
    ],
    "th": ["อยากคุยกับคน", "ขอคุยกับเจ้าหน้าที่", "ต้องการติดต่อเจ้าหน้าที่ครับ", "ขอสายเจ้าหน้าที่"],
    "zh": ["我想和真人说话", "转人工", "请帮我转接人工客服", "我要找客服", "能不能找个真人聊聊", "人工服务"],
}
OTHERS: dict[str, list[str]] = {
    "en": [
        "I don't want to talk to a person",
        "How do visitors talk to a person?",
        "I don't need a human",
        "Please don't connect me to an agent",
        "no human please",
        "Can a person change the opening hours?",
        "What does the agent see?",
        "Is a human reading this?",
        "I want to talk about my refund",
    ],
    "de": [
        "Ich möchte nicht mit einem Menschen sprechen",
        "Ich will keinen Menschen",
        "kein Mensch bitte",
        "Wie spreche ich mit Kunden?",
        "Was sieht der Mitarbeiter?",
        "Bitte nicht mit einem Mitarbeiter verbinden",
    ],
    "fr": [
        "Je ne veux pas parler à une personne",
        "pas d'humain s'il vous plaît",
        "Comment un agent répond-il ?",
        "Je ne souhaite pas parler à un conseiller",
    ],
    "es": [
        "No quiero hablar con una persona",
        "no necesito un agente",
        "¿Qué ve el agente?",
        "No quiero un humano",
    ],
    "ar": ["لا أريد التحدث إلى شخص", "لا أريد موظف", "ماذا يرى الموظف؟"],
    "ro": ["Nu vreau să vorbesc cu o persoană", "nu vreau un operator", "Ce vede operatorul?"],
    "tr": ["Bir insanla konuşmak istemiyorum", "Temsilciyle görüşmek istemiyorum", "Temsilci ne görüyor?"],
    "vi": ["Tôi không muốn nói chuyện với người thật", "Tôi không cần gặp nhân viên", "Nhân viên thấy gì?"],
    "ru": [
        "Я не хочу говорить с человеком",
        "не нужен оператор",
        "Что видит оператор?",
        "не соединяйте меня с оператором",
    ],
    "el": ["Δεν θέλω να μιλήσω με άνθρωπο", "Δεν θέλω εκπρόσωπο", "Τι βλέπει ο εκπρόσωπος;"],
    "hi": ["मुझे किसी इंसान से बात नहीं करनी है", "मैं एजेंट से बात नहीं करना चाहता", "एजेंट क्या देखता है?"],
    "th": ["ไม่อยากคุยกับคน", "ไม่ต้องการติดต่อเจ้าหน้าที่", "เจ้าหน้าที่เห็นอะไรบ้าง"],
    "zh": ["我不想和真人说话", "不要转人工", "不需要人工客服", "客服能看到什么"],
}


@pytest.mark.parametrize(
    ("language", "text"), [(language, text) for language, texts in WISHES.items() for text in texts]
)
def test_the_wish_for_a_person_is_heard(language: str, text: str) -> None:
    found = recognise(text)
    assert found is not None
    assert (found.kind, found.language) == ("person", language)


@pytest.mark.parametrize("text", [text for texts in OTHERS.values() for text in texts])
def test_what_is_no_such_wish_is_not_taken_for_one(text: str) -> None:
    found = recognise(text)
    assert found is None or found.kind != "person"


def test_what_the_assistant_says_itself_it_says_in_every_language() -> None:
    for name, texts in PHRASES.items():
        assert set(texts) >= set(WISHES), name
        assert len({"{" in text for text in texts.values()}) == 1, "each has a place for what is told"
    monday = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    assert moment(monday, "de") == "Montag, 23.11.2026, 09:00 Uhr"
    assert moment(monday, "xx") == moment(monday, "en") == "Monday, 2026-11-23, 09:00"
    assert len({moment(monday, language) for language in WISHES}) == len(WISHES)

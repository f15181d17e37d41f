"""Small talk and the wish for a person, recognised without asking a model."""

import time

import pytest

from app.answering.language import language_of
from app.answering.phrases import PHRASES, phrase
from app.answering.smalltalk import question_of, recognise


@pytest.mark.parametrize(
    ("text", "kind", "language"),
    [
        ("Hi", "greeting", "en"),
        ("hello there!", "greeting", "en"),
        ("Good morning 👋", "greeting", "en"),
        ("Hi, how are you?", "greeting", "en"),
        ("how are you?", "greeting", "en"),
        ("Wie geht's?", "greeting", "de"),
        ("Comment ça va ?", "greeting", "fr"),
        ("help", "help", "en"),
        ("What can you do?", "help", "en"),
        ("I have a question", "help", "en"),
        ("Was kannst du?", "help", "de"),
        ("Pouvez-vous m'aider ?", "help", "fr"),
        ("necesito ayuda", "help", "es"),
        ("No, thank you.", "goodbye", "en"),
        ("Who made you?", "bot", "en"),
        ("Guten Tag", "greeting", "de"),
        ("Bonjour !", "greeting", "fr"),
        ("¡Hola!", "greeting", "es"),
        ("مرحبا", "greeting", "ar"),
        ("你好", "greeting", "zh"),
        ("Thanks!", "thanks", "en"),
        ("ok, thank you so much", "thanks", "en"),
        ("Vielen Dank!", "thanks", "de"),
        ("merci beaucoup", "thanks", "fr"),
        ("bye", "goodbye", "en"),
        ("Are you a bot?", "bot", "en"),
        ("am I talking to a real person?", "bot", "en"),
        ("Bist du ein Bot?", "bot", "de"),
        ("Êtes-vous un robot ?", "bot", "fr"),
        ("¿Eres un robot?", "bot", "es"),
        ("Bună ziua!", "greeting", "ro"),
        ("Grüß Gott", "greeting", "de"),
        ("Merhaba", "greeting", "tr"),
        ("Xin chào", "greeting", "vi"),
        ("Здравствуйте!", "greeting", "ru"),
        ("Γεια σας", "greeting", "el"),
        ("नमस्ते", "greeting", "hi"),
        ("สวัสดีครับ", "greeting", "th"),
        ("مع السلامة", "goodbye", "ar"),
        ("La revedere!", "goodbye", "ro"),
        ("Hoşça kalın", "goodbye", "tr"),
        ("Tạm biệt", "goodbye", "vi"),
        ("До свидания!", "goodbye", "ru"),
        ("Τα λέμε!", "goodbye", "el"),
        ("अलविदा", "goodbye", "hi"),
        ("ลาก่อนค่ะ", "goodbye", "th"),
        ("再见！", "goodbye", "zh"),
        ("هل أنت روبوت؟", "bot", "ar"),
        ("Ești un robot?", "bot", "ro"),
        ("Sen bir robot musun?", "bot", "tr"),
        ("Bạn là người thật à?", "bot", "vi"),
        ("Вы робот?", "bot", "ru"),
        ("Είστε άνθρωπος;", "bot", "el"),
        ("क्या आप रोबोट हैं?", "bot", "hi"),
        ("คุณเป็นหุ่นยนต์หรือเปล่า", "bot", "th"),
        ("你是机器人吗？", "bot", "zh"),
        ("ساعدني", "help", "ar"),
        ("Puteți să mă ajutați?", "help", "ro"),
        ("Bir sorum var", "help", "tr"),
        ("Bạn có thể giúp tôi không?", "help", "vi"),
        ("У меня вопрос", "help", "ru"),
        ("Μπορείτε να με βοηθήσετε;", "help", "el"),
        ("क्या आप मेरी मदद कर सकते हैं?", "help", "hi"),
        ("ช่วยฉันหน่อย", "help", "th"),
        ("你能帮我吗？", "help", "zh"),
        ("Can I talk to a human?", "person", "en"),
        ("talk to a person", "person", "en"),
        ("I want to speak with someone", "person", "en"),
        ("I'd like to talk to a real person, please.", "person", "en"),
        ("human please", "person", "en"),
        ("Please connect me to an agent", "person", "en"),
        ("I need a human", "person", "en"),
        ("get me a human now", "person", "en"),
        ("Can I chat with customer support?", "person", "en"),
        ("Ich möchte mit einem Menschen sprechen", "person", "de"),
        ("Kann ich bitte mit einem Mitarbeiter reden?", "person", "de"),
        ("Je voudrais parler à une personne", "person", "fr"),
        ("parler avec un conseiller s'il vous plaît", "person", "fr"),
        ("Quiero hablar con una persona", "person", "es"),
        ("أريد التحدث مع شخص حقيقي", "person", "ar"),
        ("Vreau să vorbesc cu o persoană", "person", "ro"),
        ("Bir insanla konuşmak istiyorum", "person", "tr"),
        ("Tôi muốn nói chuyện với người thật", "person", "vi"),
        ("Я хочу поговорить с человеком", "person", "ru"),
        ("Θέλω να μιλήσω με έναν άνθρωπο", "person", "el"),
        ("मैं किसी इंसान से बात करना चाहता हूँ", "person", "hi"),
        ("อยากคุยกับเจ้าหน้าที่", "person", "th"),
        ("我想找人工客服", "person", "zh"),
    ],
)
def test_recognised(text: str, kind: str, language: str) -> None:
    found = recognise(text)
    assert found is not None
    assert (found.kind, found.language) == (kind, language)


@pytest.mark.parametrize(
    ("text", "kind"), [("🎉🎉", "thanks"), ("👍", "thanks"), ("🤔", "help"), ("???", "help"), ("…", "help")]
)
def test_a_message_without_a_word_is_answered_too(text: str, kind: str) -> None:
    found = recognise(text)
    assert found is not None
    assert (found.kind, found.language) == (kind, None)


@pytest.mark.parametrize(
    "text",
    [
        "Hi, where is my order?",
        "What do you do with my data?",
        "Can you help me with my invoice?",
        "Who made the widget?",
        "How do visitors talk to a human?",
        "What happens when a visitor asks for a person?",
        "How do I add an agent?",
        "Thanks, but how do I turn that off?",
        "What is a bot?",
        "How do I talk to the API?",
        "Does the support team work on Sundays?",
        "I want to install the agent",
        "Wie spreche ich mit der API?",
        "one",
        "parler",
        "me",
        "",
        "  \n ",
        "a" * 5000,
    ],
)
def test_questions_are_no_small_talk(text: str) -> None:
    assert recognise(text) is None


def test_no_message_takes_long() -> None:
    started = time.monotonic()
    for text in (
        "please " * 700,
        "talk to a " * 9,
        "i want to " * 15,
        "get me an a the a the real " * 5,
        "我想要" * 50,
    ):
        recognise(text)
    assert time.monotonic() - started < 0.2


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("How do I install the widget?", "en"),
        ("Wie kann ich das ausschalten?", "de"),
        ("Comment puis-je installer le widget ?", "fr"),
        ("¿Cómo puedo instalar el widget?", "es"),
        ("كيف أثبّت الأداة؟", "ar"),
        ("Как установить виджет?", "ru"),
        ("如何安装小部件？", "zh"),
        ("widget", "en"),
        ("My parcel ce89264c never arrived", "en"),
        ("", "en"),
    ],
)
def test_the_language_of_a_question(text: str, language: str) -> None:
    assert language_of(text) == language


def test_each_phrase_has_an_english_text() -> None:
    assert all("en" in texts for texts in PHRASES.values())
    assert phrase("goodbye", "cy") == PHRASES["goodbye"]["en"]


@pytest.mark.parametrize(
    ("asked", "question"),
    [
        (["Hi!", "how do I turn it off", "the sound"], "how do I turn it off\nthe sound"),
        (["How do I turn it off?", "Thanks!"], "How do I turn it off?"),
        (["Hi", "Hello?"], "Hello?"),
        (["It broke", "Can I talk to a human?", "please"], "Can I talk to a human?"),
        (["One thing."], "One thing."),
    ],
)
def test_a_burst_is_one_question(asked: list[str], question: str) -> None:
    assert question_of(asked) == question

"""Messages that ask nothing of the documents: greetings, thanks, "what can you do", and the wish for a person.

Recognised only where that is all that a message says: "Hi, where is my order?" is a question, and "How do visitors
talk to a person?" is one about the documents.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from app.answering.language import language_of
from app.answering.wishes import language_of_wish

Kind = Literal["greeting", "thanks", "goodbye", "bot", "help", "person"]

LONGEST = 90
# Of how many messages this process remembers what they are: a turn asks it again and again of all that was said.
MOST_REMEMBERED = 1_000
# Anything but letters with their marks, digits and the signs that stand within words.
UNSPOKEN = re.compile(r"[^\w\s',\u0300-\u036f\u0900-\u097f\u0e00-\u0e7f\u064b-\u0652-]")

GREETING = {
    "en": r"(?:hi|hello|hey|hiya|howdy|greetings|good (?:morning|afternoon|evening|day))"
    r"(?: there| everyone| all| team)?(?:,? (?:how are you|how's it going|how do you do|what's up))?"
    r"|how are you(?: doing)?(?: today)?|how's it going|how do you do|what's up",
    "de": r"(?:hallo|moin|servus|grüß gott|guten (?:tag|morgen|abend)|hallöchen)(?: zusammen)?"
    r"|(?:hallo,? )?wie geht(?:'s| es dir| es ihnen)(?: heute)?",
    "fr": r"(?:bonjour|bonsoir|salut|coucou)(?: à tous)?(?:,? (?:ça va|comment allez[- ]vous|comment vas[- ]tu))?"
    r"|(?:comment )?ça va|comment (?:allez[- ]vous|vas[- ]tu)",
    "es": r"(?:hola|buenos d[ií]as|buenas(?: tardes| noches)?|hola,? (?:qué tal|buenos d[ií]as|buenas tardes))"
    r"|qué tal|cómo (?:estás|está usted|está)",
    "ar": r"(?:مرحبا|مرحبًا|أهلا|اهلا|السلام عليكم|صباح الخير|مساء الخير)",
    "ro": r"(?:bună(?: ziua| dimineața| seara)?|buna(?: ziua)?|salut)",
    "tr": r"(?:merhaba|selam|günaydın|iyi (?:günler|akşamlar))",
    "vi": r"(?:xin chào|chào(?: bạn)?)",
    "ru": r"(?:привет|здравствуйте|добрый (?:день|вечер)|доброе утро)",
    "el": r"(?:γεια(?: σας| σου)?|καλημέρα|καλησπέρα)",
    "hi": r"(?:नमस्ते|नमस्कार)",
    "th": r"สวัสดี(?:ครับ|ค่ะ)?",
    "zh": r"(?:你好|您好|早上好|下午好|晚上好)",
}
THANKS = {
    "en": r"(?:ok(?:ay)?,? |great,? |perfect,? |cool,? |nice,? )?(?:thanks|thank you|thx|ty|cheers|much appreciated)"
    r"(?: a lot| so much| very much| again| for (?:your|the) help| for that)?"
    r"|(?:great|perfect|that helps|that helped|got it|awesome|nice|cool)(?:,? thanks)?",
    "de": r"(?:vielen |lieben |herzlichen )?dank(?:e)?(?: schön| dir| ihnen| für (?:die|ihre) hilfe)?|dankeschön",
    "fr": r"merci(?: beaucoup| bien)?",
    "es": r"(?:muchas )?gracias(?: por (?:su|tu) ayuda)?",
    "ar": r"شكرا(?: جزيلا)?|شكرًا(?: جزيلًا)?",
    "ro": r"mulțumesc(?: mult)?|multumesc|mersi",
    "tr": r"teşekkür(?:ler| ederim)|sağ ol(?:un)?",
    "vi": r"(?:xin )?cảm ơn(?: bạn| nhiều)?",
    "ru": r"(?:большое )?спасибо(?: большое)?|благодарю",
    "el": r"ευχαριστώ(?: πολύ)?",
    "hi": r"धन्यवाद|शुक्रिया",
    "th": r"ขอบคุณ(?:ครับ|ค่ะ|มาก)?",
    "zh": r"谢谢(?:你|您)?|多谢",
}
GOODBYE = {
    "en": r"(?:good ?bye|bye(?: bye)?|see you(?: later)?|have a (?:nice|good|great) day)"
    r"|(?:no|nope)(?:,? (?:thanks|thank you|that's all|that is all))?|that's all|that is all|nothing else",
    "de": r"(?:auf wiedersehen|tschüss|tschüß|bis bald|schönen tag(?: noch)?)",
    "fr": r"(?:au revoir|à bientôt|bonne journée)",
    "es": r"(?:adiós|adios|hasta (?:luego|pronto)|chao)",
    "ar": r"(?:مع السلامة|إلى اللقاء)",
    "ro": r"la revedere|pa(?: pa)?|o zi bună|pe curând",
    "tr": r"hoşça ?kal(?:ın)?|güle güle|görüşürüz|görüşmek üzere",
    "vi": r"tạm biệt(?: bạn)?|hẹn gặp lại",
    "ru": r"до свидания|пока(?: пока)?|до встречи|всего (?:доброго|хорошего)",
    "el": r"αντίο|τα λέμε|καλή συνέχεια",
    "hi": r"अलविदा|फिर मिलेंगे",
    "th": r"ลาก่อน(?:ครับ|ค่ะ)?|แล้วพบกันใหม่",
    "zh": r"再见|拜拜|回头见",
}
BOT = {
    "en": r"(?:(?:are|r) (?:you|u)|am i (?:talking|speaking|chatting) (?:to|with)|is this) (?:an? |the )?(?:real )?"
    r"(?:ro)?(?:bot|chat ?bot|ai|human|person|machine|computer|real|human being)(?: or (?:an? )?(?:real )?"
    r"(?:bot|ai|human|person|machine|robot|human being))?|(?:who|what) are you|what(?:'s| is) your name"
    r"|who (?:made|built|created|wrote|programmed) you",
    "de": r"(?:bist du|sind sie|spreche ich mit|ist das) (?:hier )?(?:ein(?:e[mnr]?)? )?(?:echter? |echten )?"
    r"(?:ro)?(?:bot|chatbot|ki|mensch|menschen|maschine|computer)|wer (?:bist du|sind sie)",
    "fr": r"(?:êtes[- ]vous|es[- ]tu|vous êtes|tu es|est-ce que vous êtes) (?:un |une )?(?:vraie? )?"
    r"(?:robot|bot|ia|humain|personne|machine)|qui (?:êtes[- ]vous|es[- ]tu)",
    "es": r"(?:eres|es usted|estoy hablando con|hablo con) (?:un |una )?(?:robot|bot|ia|humano|persona|máquina)"
    r"(?: real)?|quién (?:eres|es usted)",
    "ar": r"هل أنت (?:روبوت|بوت|إنسان|شخص|آلة)(?: حقيقي)?|من أنت",
    "ro": r"(?:ești|sunteți|vorbesc cu) (?:un |o )?(?:robot|bot|om|persoană|ia)(?: adevărată?| reală?)?"
    r"|cine (?:ești|sunteți)",
    "tr": r"(?:sen |siz )?(?:bir )?(?:robot|bot|insan|yapay zek[aâ]) (?:mısın(?:ız)?|musun(?:uz)?)"
    r"|(?:sen kimsin|siz kimsiniz)",
    "vi": r"(?:bạn|đây) (?:có phải )?là (?:một )?(?:robot|bot|người|máy|con người)(?: thật)?(?: không| à)?|bạn là ai",
    "ru": r"(?:ты|вы) (?:настоящий )?(?:робот|бот|человек|машина)(?: или (?:робот|бот|человек))?"
    r"|(?:ты кто|кто (?:ты|вы))",
    "el": r"(?:είσαι|είστε|μιλάω με) (?:ένα |έναν )?(?:ρομπότ|bot|άνθρωπος|άνθρωπο|μηχανή)|ποιος (?:είσαι|είστε)",
    "hi": r"क्या (?:आप|तुम) (?:एक )?(?:रोबोट|बॉट|इंसान|मशीन) (?:हैं|हो)|(?:आप|तुम) कौन (?:हैं|हो)",
    "th": r"(?:คุณ|นี่)(?:คือ|เป็น)(?:หุ่นยนต์|บอท|บอต|คน|มนุษย์)(?:จริง)?(?:หรือ(?:เปล่า|ไม่)|ไหม|มั้ย)?(?:ครับ|คะ)?|คุณคือใคร",
    "zh": r"你是(?:一个)?(?:机器人|人工智能|真人|人|ai)(?:吗|还是(?:真人|机器人))?|你是谁",
}
HELP = {
    "en": r"(?:(?:can|could) you )?help(?: me)?(?: please)?|i need (?:some )?help|i have a (?:quick )?question"
    r"|what (?:can|do) you (?:do|know|answer)|what can (?:i ask(?: you)?|you help(?: me)? with)"
    r"|how (?:can|do) you help(?: me)?",
    "de": r"hilfe|ich (?:brauche hilfe|habe (?:eine|mal eine) frage)|(?:kannst du|können sie) mir helfen"
    r"|was (?:kannst du|können sie)(?: alles| mir sagen)?|was weißt du",
    "fr": r"(?:à l')?aide|aidez?[- ]moi|(?:pouvez[- ]vous|peux[- ]tu) m'aider|j'ai (?:une question|besoin d'aide)"
    r"|que (?:peux[- ]tu|pouvez[- ]vous|sais[- ]tu|savez[- ]vous) faire",
    "es": r"ayuda(?:me)?|ayúda(?:me)?|(?:me )?(?:puedes|puede) (?:ayudar|ayudarme)|tengo una (?:pregunta|duda)"
    r"|necesito ayuda|qué (?:puedes|puede|sabes) hacer",
    "ar": r"مساعدة|ساعدني|هل يمكنك مساعدتي|لدي سؤال|ماذا يمكنك أن تفعل",
    "ro": r"ajutor|(?:mă )?(?:poți|puteți)(?: să mă)? (?:ajuta|ajuți|ajutați)|am (?:o întrebare|nevoie de ajutor)"
    r"|ce (?:poți|puteți|știi) (?:să )?(?:face|faci|faceți)",
    "tr": r"yardım(?: edin| et)?|(?:bana )?yardım (?:eder misin(?:iz)?|edebilir misin(?:iz)?)|bir sorum var"
    r"|yardıma ihtiyacım var|ne(?:ler)? yapabilirsin(?:iz)?",
    "vi": r"giúp (?:tôi|mình|đỡ)(?: với)?|bạn (?:có thể )?giúp (?:tôi|mình) (?:được )?không"
    r"|tôi (?:có câu hỏi|cần giúp đỡ)|bạn (?:có thể )?làm (?:được )?(?:gì|những gì)",
    "ru": r"помощь|помоги(?:те)?(?: мне)?(?: пожалуйста)?|(?:можешь|можете)(?: мне)? помочь|у меня (?:есть )?вопрос"
    r"|мне нужна помощь|что (?:ты умеешь|вы умеете)",
    "el": r"βοήθεια|(?:μπορείς|μπορείτε) να με (?:βοηθήσεις|βοηθήσετε)|έχω μια ερώτηση|χρειάζομαι βοήθεια"
    r"|τι (?:μπορείς|μπορείτε) να (?:κάνεις|κάνετε)",
    "hi": r"मदद|(?:मेरी )?(?:मदद|सहायता) (?:करें|कीजिए|करो)|क्या आप (?:मेरी )?मदद कर सकते हैं|मेरा एक सवाल है"
    r"|मुझे मदद चाहिए|आप क्या कर सकते हैं",
    "th": r"ช่วย(?:ด้วย|ฉัน|ผม|หน่อย)(?:หน่อย|ด้วย)?(?:ครับ|ค่ะ)?|มีคำถาม(?:ครับ|ค่ะ)?|คุณทำอะไรได้บ้าง",
    "zh": r"帮助|帮(?:帮)?我|(?:你)?(?:能|可以)帮(?:帮)?我吗|我有(?:个|一个)?问题|我需要帮助|你(?:能|会)做什么",
}
# What takes up an offer.
YES = re.compile(
    r"(?:yes|yeah|yep|sure|ok|okay|please|please do|go ahead|ja|gern|gerne|bitte|oui|d'accord|volontiers"
    r"|sí|si|vale|claro|نعم|da|evet|có|да|ναι|हाँ|ใช่|是|好|好的)"
    r"(?:,? (?:please|bitte|gern|gerne|s'il vous plaît|svp|por favor|go ahead))?"
)
# Pictures that say thank you; other messages without a word leave open what is wanted.
PLEASED = re.compile(r"[👍👌🙏🙂😊😀😃😄🎉💯❤♥✅👏]")


@dataclass(frozen=True)
class Smalltalk:
    """`language` is None for what is said in no language."""

    kind: Kind
    language: str | None


@lru_cache(MOST_REMEMBERED)
def recognise(text: str) -> Smalltalk | None:
    """What a message is, where it is nothing but small talk or the wish for a person."""
    said = _plain(text)
    if not said and text.strip():
        return Smalltalk("thanks" if PLEASED.search(text) else "help", None)
    if not said:
        return None
    if found := language_of(said) if (wish := language_of_wish(said)) == "en" else wish:
        return Smalltalk("person", found)
    if len(said) > LONGEST:
        return None
    for kind, pattern in _PATTERNS.items():
        for language, compiled in pattern.items():
            if compiled.fullmatch(said):
                # "ok thanks" matches what English says; the words themselves may still tell more.
                return Smalltalk(kind, language if language != "en" else language_of(said))
    return None


def question_of(asked: Sequence[str]) -> str:
    """What several messages ask together: without greetings and thanks, where there is more in them.

    The wish for a person is all that counts where it is one of them.
    """
    kinds = {text: talk.kind for text in asked if (talk := recognise(text))}
    wishes = [text for text in asked if kinds.get(text) == "person"]
    questions = [text for text in asked if text not in kinds]
    return "\n".join(wishes[-1:] or questions or asked[-1:])


def takes_up(text: str) -> bool:
    """Whether a message says yes to what was offered."""
    return YES.fullmatch(_plain(text)) is not None


def _plain(text: str) -> str:
    """Lower case, without the punctuation and the pictures around the words."""
    kept = UNSPOKEN.sub(" ", text.casefold().replace("’", "'"))
    return " ".join(re.sub(r"\s+,", ",", kept).split()).strip(" ,-")


def _compiled(patterns: dict[str, str]) -> dict[str, re.Pattern[str]]:
    # Folded like what is said: "grüß" becomes "grüss", and Greek has no final sigma any more.
    return {language: re.compile(pattern.casefold()) for language, pattern in patterns.items()}


_PATTERNS: dict[Kind, dict[str, re.Pattern[str]]] = {
    "bot": _compiled(BOT),
    "help": _compiled(HELP),
    "greeting": _compiled(GREETING),
    "thanks": _compiled(THANKS),
    "goodbye": _compiled(GOODBYE),
}

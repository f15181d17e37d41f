"""Messages that ask nothing of the documents: greetings, thanks, "what can you do", and the wish for a person.

Recognised only where that is all that a message says: "Hi, where is my order?" is a question, and "How do visitors
talk to a person?" is one about the documents.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from app.answering.language import language_of

Kind = Literal["greeting", "thanks", "goodbye", "bot", "help", "person"]

LONGEST = 90
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
}
# What takes up an offer.
YES = re.compile(
    r"(?:yes|yeah|yep|sure|ok|okay|please|please do|go ahead|ja|gern|gerne|bitte|oui|d'accord|volontiers"
    r"|sí|si|vale|claro|نعم|da|evet|có|да|ναι|हाँ|ใช่|是|好|好的)"
    r"(?:,? (?:please|bitte|gern|gerne|s'il vous plaît|svp|por favor|go ahead))?"
)
# Pictures that say thank you; other messages without a word leave open what is wanted.
PLEASED = re.compile(r"[👍👌🙏🙂😊😀😃😄🎉💯❤♥✅👏]")
# The wish comes in the first person, or as a bare call: never as a question about how others do it.
PERSON = {
    "en": r"(?:(?:i (?:want|need|wish|would like|'d like)|i'd like|can i|could i|may i|let me|please|can you|could you"
    r"|i wanna|is it possible)(?: please)? (?:to )?)?(?:please )?(?:(?:get|have|be)? ?(?:me )?(?:to )?"
    r"(?:talk|speak|chat|connect(?:ed)?|transfer(?:red)?|write|switch|put)(?: me| through)?(?: directly)? (?:to|with)"
    r"|get|(?:i )?(?:need|want)|give me|call|bring in|find me)"
    r" (?:me )?(?:an? |the |some|your |another |real |actual |live )*"
    r"(?:human|person|people|agent|operator|representative|rep|advisor|someone|somebody|staff(?: member)?|team"
    r"|support(?: team| agent| person)?|human being|customer (?:service|support|care)|employee|manager|colleague)"
    r"(?: (?:instead|now|directly|here|please|from (?:your|the) team|real|at support|who can help(?: me)?))*"
    r"|(?:(?:real|live|actual) )?(?:human|person|agent|operator|representative)"
    r"|(?:is (?:there )?)?(?:someone|somebody|anyone|anybody)(?: (?:there|here|real))+"
    r"|(?:(?:i )?(?:don't|do not) want to (?:talk|speak|chat) to a (?:ro)?bot)(?: any ?more)?",
    "de": r"(?:(?:ich (?:möchte|will|würde gern(?:e)?)|kann ich|könnte ich|bitte|darf ich)"
    r" (?:bitte )?)?(?:gern(?:e)? )?(?:direkt )?mit (?:einem |einer |jemandem|dem |eurem |ihrem )?"
    r"(?:echten |richtigen |realen )?(?:menschen|person|mitarbeiter(?:in)?"
    r"|kundenservice|kundendienst|support|berater(?:in)?)?"
    r"(?: (?:vom support|aus dem team))? ?(?:sprechen|reden|chatten|verbinden|schreiben|verbunden werden)"
    r"|(?:ich (?:will|möchte|brauche) )?(?:eine?n? )?(?:echte[rn] )?(?:mensch(?:en)?|mitarbeiter(?:in)?"
    r"|ansprechpartner)"
    r"|(?:bitte )?verbinden? (?:sie )?mich (?:bitte )?mit (?:einem|einer|dem|jemandem)(?: (?:echten )?(?:menschen"
    r"|person|mitarbeiter(?:in)?|kundenservice|support|team))?",
    "fr": r"(?:(?:je (?:veux|voudrais|souhaite|souhaiterais|préfère)|puis-je|est-ce que je peux"
    r"|pouvez-vous me|peux-tu me) )?(?:parler|discuter|mettre en relation|échanger)"
    r" (?:à|avec) (?:un |une |quelqu'un|votre )?(?:vraie? )?"
    r"(?:personne|humain|conseiller|conseillère|agent|opérateur|équipe|être humain|service client)?"
    r"|(?:un |une )?(?:humain|conseiller|vraie personne)"
    r"|(?:mettez-moi en relation avec|passez-moi|je (?:veux|voudrais)) (?:un |une )?(?:vraie )?(?:personne|humain"
    r"|conseiller|conseillère|agent|opérateur)",
    "es": r"(?:(?:quiero|quisiera|me gustaría|necesito|puedo|podría|prefiero) )?(?:hablar|chatear|comunicarme)"
    r" (?:con|a) (?:un |una |alguien|el )?(?:persona|humano|agente|operador|asesor|representante|soporte"
    r"|ser humano)?(?: real| humano| de verdad)?|(?:un |una )?(?:humano|agente|persona real|operador)"
    r"|(?:páseme|pásame|comuníqueme|comunícame|quiero) (?:con )?(?:un |una )?(?:persona|humano|agente|operador|asesor)",
    "ar": r"(?:(?:أريد|اريد|أود|هل يمكنني|ممكن|أرغب في) )?(?:أن )?(?:التحدث|أتحدث|اتحدث|الحديث|التكلم|أتكلم)"
    r" (?:إلى|الى|مع) (?:شخص|موظف|إنسان|انسان|ممثل|أحد)(?: حقيقي| .{0,20})?"
    r"|(?:حولني|وصلني|أريد|اريد) (?:إلى |الى |ب)?(?:شخص|موظف|إنسان|انسان|ممثل)(?: حقيقي)?",
    "ro": r"(?:(?:vreau|aș vrea|as vrea|pot|aș dori) )?(?:să )?(?:vorbesc|vorbi|discut) cu (?:o |un |cineva)?"
    r"(?:persoană|persoana|om|operator|agent|coleg)?(?: reală| real)?"
    r"|(?:vreau |aș vrea )?(?:un (?:operator|om|agent|coleg)|o persoană)(?: reală| real)?",
    "tr": r"(?:bir |gerçek )*(?:insanla|kişiyle|yetkiliyle|temsilciyle|temsilci ile|biriyle|insan ile"
    r"|müşteri temsilcisiyle|müşteri temsilcisine)"
    r"(?: (?:konuşmak|görüşmek|bağlanmak))(?: istiyorum| istiyorum lütfen)?"
    r"|(?:biriyle|bir insanla|bir yetkiliyle|temsilciyle) (?:konuşabilir|görüşebilir) miyim"
    r"|beni (?:bir )?(?:yetkiliye|temsilciye|insana|müşteri temsilcisine) bağla(?:yın|r mısınız)?",
    "vi": r"(?:(?:tôi|mình|em) )?(?:muốn|cần|có thể|cho tôi) (?:được )?(?:nói chuyện|trò chuyện|gặp|chat) (?:với )?"
    r"(?:một )?(?:người thật|người|nhân viên|tư vấn viên|con người)(?: hỗ trợ| thật| tư vấn)?(?: không)?",
    "ru": r"(?:(?:я )?(?:хочу|хотел бы|хотела бы|можно|могу(?: ли)? я|нужно|дайте) )?(?:мне )?(?:поговорить"
    r"|связаться|пообщаться|говорить|соедините(?: меня)?) с"
    r" (?:живым )?(?:человеком|оператором|сотрудником|менеджером|кем-нибудь|поддержкой)"
    r"|(?:позовите |(?:мне )?нужен )?(?:оператор(?:а)?|живой человек|человека?)",
    "el": r"(?:(?:θέλω|θα ήθελα|μπορώ) )?(?:να )?(?:μιλήσω|συνομιλήσω) (?:με|σε) (?:έναν |κάποιον|μια |ένα )?"
    r"(?:άνθρωπο|εκπρόσωπο|υπάλληλο|άτομο|πραγματικό άνθρωπο)?"
    r"|(?:συνδέστε|σύνδεσέ) με με (?:έναν |κάποιον )?(?:άνθρωπο|εκπρόσωπο|υπάλληλο)?",
    "hi": r"(?:(?:मैं|मुझे|क्या मैं) )?(?:किसी |एक )?(?:असली )?(?:इंसान|व्यक्ति|एजेंट|आदमी|मनुष्य|प्रतिनिधि) से (?:बात|चैट)"
    r"(?: .{0,25})?",
    "th": r"(?:(?:ฉัน|ผม|ดิฉัน)?\s?(?:อยาก|ต้องการ|ขอ))?\s?(?:คุย|พูด|ติดต่อ|สนทนา)\s?(?:กับ)?\s?"
    r"(?:คน|เจ้าหน้าที่|พนักงาน|มนุษย์|แอดมิน)(?:จริงๆ|จริง|ได้ไหม|ครับ|ค่ะ)*"
    r"|ขอสาย(?:เจ้าหน้าที่|พนักงาน)(?:ครับ|ค่ะ)*",
    "zh": r"(?:我(?:想|要|需要)?|请|能不能|可以)?(?:帮我)?(?:跟|和|与|找|转|转接|接)?(?:一个|一位|个|位)?"
    r"(?:真人|人工|客服|人工客服|工作人员)(?:客服|服务)?(?:说话|聊天|聊聊|聊|谈谈|交谈|沟通|谈)?(?:吗)?",
}


# What turns the wish into its opposite. To want no robot is to want a person.
NEGATED = re.compile(
    r"\b(?:don't|do not|not|never|without)\b(?!.*bot\b)|\bno (?:human|person|agent|operator|one)\b"
    r"|\bkeine?n?\b|\bnicht\b|\bne \w+ pas\b|\bpas d|\bno (?:quiero|quisiera|necesito|deseo|me gustaría)\b"
    r"|\bلا\b|\bnu (?:vreau|am|aș)\b|istemiyorum|gerek yok|không (?:muốn|cần|thích)|\bне\b|\bδεν\b|\bμην?\b"
    r"|नहीं|मत\b|ไม่|(?<![能可])不|别"
)


@dataclass(frozen=True)
class Smalltalk:
    """`language` is None for what is said in no language."""

    kind: Kind
    language: str | None


def recognise(text: str) -> Smalltalk | None:
    """What a message is, where it is nothing but small talk or the wish for a person."""
    said = _plain(text)
    if not said and text.strip():
        return Smalltalk("thanks" if PLEASED.search(text) else "help", None)
    if not said or len(said) > LONGEST:
        return None
    for kind, pattern in _PATTERNS.items():
        if kind == "person" and NEGATED.search(said):
            continue
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


def _compiled(patterns: dict[str, str], before: str = "", after: str = "") -> dict[str, re.Pattern[str]]:
    return {language: re.compile(f"{before}(?:{pattern}){after}") for language, pattern in patterns.items()}


POLITE = (
    r"(?:(?:hi|hello|hey|ok|okay|no|yes|please|bitte|danke|hallo|bonjour|hola|s'il vous plaît|svp|por favor|lütfen"
    r"|пожалуйста|vă rog|xin|thanks|sorry|παρακαλώ)[, ]*)?"
)
_PATTERNS: dict[Kind, dict[str, re.Pattern[str]]] = {
    "person": _compiled(PERSON, POLITE, f"(?:[, ]*{POLITE})?"),
    "bot": _compiled(BOT),
    "help": _compiled(HELP),
    "greeting": _compiled(GREETING),
    "thanks": _compiled(THANKS),
    "goodbye": _compiled(GOODBYE),
}

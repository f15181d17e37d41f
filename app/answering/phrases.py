"""What the assistant says in its own words, by language; English where a language is missing."""

from typing import Literal

Phrase = Literal[
    "greeting",
    "thanks",
    "goodbye",
    "bot",
    "help",
    "person",
    "unknown",
    "nothing_known",
    "trouble",
    "spent",
    "loop",
    "away",
    "back",
]

PHRASES: dict[Phrase, dict[str, str]] = {
    "greeting": {
        "en": "Hello! What would you like to know?",
        "de": "Hallo! Was möchten Sie wissen?",
        "fr": "Bonjour ! Que souhaitez-vous savoir ?",
        "es": "¡Hola! ¿Qué le gustaría saber?",
        "ar": "مرحبًا! ماذا تودّ أن تعرف؟",
        "ro": "Bună! Ce ați dori să știți?",
        "tr": "Merhaba! Ne öğrenmek istersiniz?",
        "vi": "Xin chào! Bạn muốn biết điều gì?",
        "ru": "Здравствуйте! Что вы хотели бы узнать?",
        "el": "Γεια σας! Τι θα θέλατε να μάθετε;",
        "hi": "नमस्ते! आप क्या जानना चाहते हैं?",
        "th": "สวัสดี มีเรื่องอะไรที่อยากทราบไหม",
        "zh": "您好！您想了解什么？",
    },
    "thanks": {
        "en": "You're welcome! Is there anything else?",
        "de": "Gern geschehen! Kann ich sonst noch helfen?",
        "fr": "Avec plaisir ! Autre chose ?",
        "es": "¡De nada! ¿Algo más?",
        "ar": "على الرحب والسعة! هل من شيء آخر؟",
        "ro": "Cu plăcere! Mai este ceva?",
        "tr": "Rica ederim! Başka bir şey var mı?",
        "vi": "Không có gì! Bạn còn cần gì nữa không?",
        "ru": "Пожалуйста! Могу ли я ещё чем-нибудь помочь?",
        "el": "Παρακαλώ! Μπορώ να βοηθήσω σε κάτι άλλο;",
        "hi": "आपका स्वागत है! क्या और कुछ चाहिए?",
        "th": "ยินดี มีอะไรให้ช่วยอีกไหม",
        "zh": "不客气！还有其他问题吗？",
    },
    "goodbye": {
        "en": "Goodbye! This conversation stays here if you need it again.",
        "de": "Auf Wiedersehen! Dieses Gespräch bleibt hier, falls Sie es noch brauchen.",
        "fr": "Au revoir ! Cette conversation reste ici si vous en avez encore besoin.",
        "es": "¡Hasta luego! Esta conversación queda aquí por si la necesita de nuevo.",
        "ar": "إلى اللقاء! ستبقى هذه المحادثة هنا إن احتجت إليها.",
    },
    "bot": {
        "en": "I'm an automated assistant. I answer from what this website has published, and say where each answer "
        "comes from. If you'd rather talk to a person, just ask.",
        "de": "Ich bin ein automatischer Assistent. Ich antworte aus dem, was diese Website veröffentlicht hat, und "
        "nenne die Quelle. Wenn Sie lieber mit einem Menschen sprechen möchten, sagen Sie es einfach.",
        "fr": "Je suis un assistant automatique. Je réponds à partir de ce que ce site a publié, en citant mes "
        "sources. Si vous préférez parler à une personne, dites-le simplement.",
        "es": "Soy un asistente automático. Respondo con lo que este sitio ha publicado y digo de dónde procede cada "
        "respuesta. Si prefiere hablar con una persona, solo tiene que pedirlo.",
        "ar": "أنا مساعد آلي. أجيب ممّا نشره هذا الموقع وأذكر مصدر كل إجابة. إن كنت تفضّل التحدث إلى شخص فاطلب ذلك.",
    },
    "help": {
        "en": "I answer questions from what this website has published, and say where each answer comes from. Ask in "
        "your own words, or ask for a person at any time.",
        "de": "Ich beantworte Fragen aus dem, was diese Website veröffentlicht hat, und nenne die Quelle. Fragen Sie "
        "in Ihren eigenen Worten, oder verlangen Sie jederzeit einen Menschen.",
        "fr": "Je réponds aux questions à partir de ce que ce site a publié, en citant mes sources. Demandez avec vos "
        "propres mots, ou demandez une personne à tout moment.",
        "es": "Respondo preguntas con lo que este sitio ha publicado y digo de dónde procede cada respuesta. Pregunte "
        "con sus propias palabras, o pida hablar con una persona en cualquier momento.",
        "ar": "أجيب عن الأسئلة ممّا نشره هذا الموقع وأذكر مصدر كل إجابة. اسأل بكلماتك، أو اطلب التحدث إلى شخص متى شئت.",
    },
    "person": {
        "en": "I'm passing you on to a person. They can read what you have written here.",
        "de": "Ich gebe Sie an einen Menschen weiter. Was Sie hier geschrieben haben, kann er lesen.",
        "fr": "Je vous passe une personne. Elle peut lire ce que vous avez écrit ici.",
        "es": "Le paso con una persona. Puede leer lo que ha escrito aquí.",
        "ar": "سأحوّلك إلى أحد الموظفين. يمكنه قراءة ما كتبته هنا.",
        "ro": "Vă transfer către o persoană, care poate citi ce ați scris aici.",
        "tr": "Sizi bir yetkiliye aktarıyorum. Burada yazdıklarınızı okuyabilir.",
        "vi": "Tôi chuyển bạn đến nhân viên. Họ đọc được những gì bạn đã viết ở đây.",
        "ru": "Передаю вас сотруднику. Он видит то, что вы здесь написали.",
        "el": "Σας μεταφέρω σε έναν άνθρωπο, που μπορεί να διαβάσει όσα γράψατε εδώ.",
        "hi": "मैं आपको एक व्यक्ति के पास भेज रहा हूँ। वे यहाँ लिखी आपकी बातें पढ़ सकते हैं।",
        "th": "กำลังส่งต่อให้เจ้าหน้าที่ ซึ่งอ่านสิ่งที่คุณเขียนไว้ที่นี่ได้",
        "zh": "正在为您转接工作人员，他们可以看到您在这里写的内容。",
    },
    "unknown": {
        "en": "I don't know: I could not find an answer to that in what I have read. A person can help you with it.",
        "de": "Das weiß ich nicht: In dem, was ich gelesen habe, fand ich keine Antwort darauf. Ein Mensch kann "
        "Ihnen dabei helfen.",
        "fr": "Je ne sais pas : je n'ai pas trouvé de réponse dans ce que j'ai lu. Une personne peut vous aider.",
        "es": "No lo sé: no he encontrado una respuesta en lo que he leído. Una persona puede ayudarle.",
        "ar": "لا أعرف: لم أجد إجابة عن ذلك فيما قرأته. يمكن لأحد الموظفين مساعدتك.",
        "ro": "Nu știu: nu am găsit un răspuns în ceea ce am citit. O persoană vă poate ajuta.",
        "tr": "Bilmiyorum: okuduklarım arasında buna bir yanıt bulamadım. Bir yetkili size yardımcı olabilir.",
        "vi": "Tôi không biết: tôi không tìm thấy câu trả lời trong những gì đã đọc. Nhân viên có thể giúp bạn.",
        "ru": "Я не знаю: в том, что я прочитал, ответа на это не нашлось. Вам может помочь сотрудник.",
        "el": "Δεν γνωρίζω: δεν βρήκα απάντηση σε όσα έχω διαβάσει. Ένας άνθρωπος μπορεί να σας βοηθήσει.",
        "hi": "मुझे नहीं पता: मैंने जो पढ़ा है उसमें इसका उत्तर नहीं मिला। कोई व्यक्ति आपकी मदद कर सकता है।",
        "th": "ไม่ทราบคำตอบ เพราะไม่พบเรื่องนี้ในข้อมูลที่มี เจ้าหน้าที่สามารถช่วยคุณได้",
        "zh": "我不知道：在我读过的资料中没有找到答案。可以请工作人员为您解答。",
    },
    "nothing_known": {
        "en": "I don't know: nothing has been published here for me to read yet. A person can help you.",
        "de": "Das weiß ich nicht: Hier wurde noch nichts veröffentlicht, das ich lesen könnte. Ein Mensch kann "
        "Ihnen helfen.",
        "fr": "Je ne sais pas : rien n'a encore été publié ici que je puisse lire. Une personne peut vous aider.",
        "es": "No lo sé: aquí aún no se ha publicado nada que pueda leer. Una persona puede ayudarle.",
        "ar": "لا أعرف: لم يُنشر هنا بعد ما يمكنني قراءته. يمكن لأحد الموظفين مساعدتك.",
    },
    "trouble": {
        "en": "I cannot write an answer right now. Please try again in a moment, or ask for a person.",
        "de": "Ich kann gerade keine Antwort schreiben. Versuchen Sie es gleich noch einmal oder fragen Sie nach "
        "einem Menschen.",
        "fr": "Je ne peux pas rédiger de réponse pour le moment. Réessayez dans un instant ou demandez une personne.",
        "es": "Ahora mismo no puedo escribir una respuesta. Inténtelo de nuevo en un momento o pida hablar con una "
        "persona.",
        "ar": "لا أستطيع كتابة إجابة الآن. حاول مرة أخرى بعد قليل أو اطلب التحدث إلى شخص.",
    },
    "away": {
        "en": "Nobody is here right now. Leave your e-mail address and a message.",
        "de": "Gerade ist niemand da. Hinterlassen Sie Ihre E-Mail-Adresse und eine Nachricht.",
        "fr": "Il n'y a personne pour le moment. Laissez votre adresse e-mail et un message.",
        "es": "Ahora mismo no hay nadie. Deje su correo electrónico y un mensaje.",
        "ar": "لا يوجد أحد الآن. اترك بريدك الإلكتروني ورسالة.",
        "ro": "Acum nu este nimeni aici. Lăsați adresa de e-mail și un mesaj.",
        "tr": "Şu anda kimse yok. E-posta adresinizi ve bir mesaj bırakın.",
        "vi": "Hiện không có ai ở đây. Hãy để lại địa chỉ e-mail và lời nhắn.",
        "ru": "Сейчас никого нет. Оставьте адрес электронной почты и сообщение.",
        "el": "Αυτή τη στιγμή δεν είναι κανείς εδώ. Αφήστε το e-mail σας και ένα μήνυμα.",
        "hi": "अभी यहाँ कोई नहीं है। अपना ई-मेल पता और संदेश छोड़ दें।",
        "th": "ขณะนี้ไม่มีเจ้าหน้าที่ โปรดฝากอีเมลและข้อความไว้",
        "zh": "现在没有人在。请留下您的电子邮箱和留言。",
    },
    "back": {
        "en": "We are here again from {when}.",
        "de": "Wir sind wieder da ab {when}.",
        "fr": "Nous sommes de retour à partir du {when}.",
        "es": "Volvemos a estar aquí a partir del {when}.",
        "ar": "سنعود إلى هنا ابتداءً من {when}.",
        "ro": "Suntem din nou aici începând cu {when}.",
        "tr": "{when} itibarıyla yine buradayız.",
        "vi": "Chúng tôi có mặt trở lại từ {when}.",
        "ru": "Мы снова на месте с {when}.",
        "el": "Είμαστε ξανά εδώ από {when}.",
        "hi": "हम {when} से फिर यहाँ होंगे।",
        "th": "เจ้าหน้าที่จะกลับมาตั้งแต่ {when}",
        "zh": "我们从 {when} 起恢复服务。",
    },
    "loop": {
        "en": "I'm stopping here: we seem to be going round in circles. A person can read what is written here.",
        "de": "Ich höre hier auf, weil wir uns im Kreis zu drehen scheinen. Ein Mensch kann lesen, was hier steht.",
        "fr": "Je m'arrête ici, car nous semblons tourner en rond. Une personne peut lire ce qui est écrit ici.",
        "es": "Me detengo aquí, porque parece que damos vueltas. Una persona puede leer lo que está escrito aquí.",
        "ar": "سأتوقف هنا لأننا على ما يبدو ندور في حلقة. يمكن لأحد الموظفين قراءة ما كُتب هنا.",
        "ro": "Mă opresc aici, pentru că parcă ne învârtim în cerc. O persoană poate citi ce este scris aici.",
        "tr": "Burada duruyorum, çünkü dönüp duruyoruz gibi görünüyor. Bir yetkili burada yazılanları okuyabilir.",
        "vi": "Tôi dừng ở đây vì có vẻ chúng ta đang lặp lại. Nhân viên đọc được những gì đã viết ở đây.",
        "ru": "Я остановлюсь: похоже, мы ходим по кругу. Сотрудник видит то, что здесь написано.",
        "el": "Σταματώ εδώ, γιατί φαίνεται πως κάνουμε κύκλους. Ένας άνθρωπος μπορεί να διαβάσει όσα γράφτηκαν εδώ.",
        "hi": "मैं यहाँ रुक रहा हूँ, क्योंकि लगता है हम एक ही बात दोहरा रहे हैं। कोई व्यक्ति यहाँ लिखी बातें पढ़ सकता है।",
        "th": "ขอหยุดตรงนี้ เพราะดูเหมือนเรากำลังวนซ้ำ เจ้าหน้าที่อ่านสิ่งที่เขียนไว้ที่นี่ได้",
        "zh": "我先停在这里，因为我们似乎在原地打转。工作人员可以看到这里的内容。",
    },
    "spent": {
        "en": "I have given as many answers as I may for now. I'm passing you on to a person, who can read what you "
        "have written here.",
        "de": "Ich habe vorerst so viele Antworten gegeben, wie ich darf. Ich gebe Sie an einen Menschen weiter, der "
        "lesen kann, was Sie hier geschrieben haben.",
        "fr": "J'ai donné autant de réponses que je le peux pour le moment. Je vous passe une personne, qui peut lire "
        "ce que vous avez écrit ici.",
        "es": "He dado por ahora todas las respuestas que puedo. Le paso con una persona, que puede leer lo que ha "
        "escrito aquí.",
        "ar": "قدّمتُ في الوقت الحالي كل ما يُسمح لي به من إجابات. سأحوّلك إلى أحد الموظفين، ويمكنه قراءة ما كتبته هنا.",
        "ro": "Am dat deocamdată câte răspunsuri am voie. Vă transfer către o persoană, care poate citi ce ați scris.",
        "tr": "Şimdilik verebileceğim kadar yanıt verdim. Sizi, burada yazdıklarınızı okuyabilen bir yetkiliye "
        "aktarıyorum.",
        "vi": "Hiện tôi đã trả lời hết số lần cho phép. Tôi chuyển bạn đến nhân viên, họ đọc được những gì bạn viết.",
        "ru": "На данный момент я дал столько ответов, сколько мне разрешено. Передаю вас сотруднику: он видит то, что "
        "вы здесь написали.",
        "el": "Έδωσα προς το παρόν όσες απαντήσεις επιτρέπεται. Σας μεταφέρω σε έναν άνθρωπο, που μπορεί να διαβάσει "
        "όσα γράψατε εδώ.",
        "hi": "अभी के लिए मैं जितने उत्तर दे सकता था, दे चुका हूँ। मैं आपको एक व्यक्ति के पास "
        "भेज रहा हूँ, जो यहाँ लिखी आपकी बातें पढ़ सकते हैं।",
        "th": "ขณะนี้ตอบครบจำนวนที่กำหนดแล้ว กำลังส่งต่อให้เจ้าหน้าที่ ซึ่งอ่านสิ่งที่คุณเขียนไว้ที่นี่ได้",
        "zh": "目前我能给出的回答次数已用完。正在为您转接工作人员，他们可以看到您在这里写的内容。",
    },
}


# What ends with the offer of a person.
OFFERS = {text for name in ("unknown", "nothing_known", "trouble") for text in PHRASES[name].values()}
# What says nothing about any subject.
SAYINGS = {text for texts in PHRASES.values() for text in texts.values()}


def phrase(name: Phrase, language: str) -> str:
    texts = PHRASES[name]
    return texts.get(language, texts["en"])

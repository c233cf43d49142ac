"""Made-up people by a seeded generator: names and titles in six scripts, plainly invented, and editions of them."""

from __future__ import annotations

import hashlib
import random
import unicodedata

from undersigned.protocol import base64url, canonical

NAMES = {
    "en": (
        "Ada Bram Cora Dean Elsie Finn Greta Hugh Iris Jonas Katrin Liam Mona Nils Olga Percy Quentin Rosa Samuel "
        "Tilda Ursula Victor Wendy Xenia Yann Zoe Alistair Beatrice Christopher Margaret",
        "Ashdown Birchwood Copperfield Drake Elmsworth Fairweather Greenhalgh Hartley-Vane Inkpen Jessop Kettle "
        "Lockwood Marlowe Nightingale O’Dell Pemberton Quill Ravensworth Sample Thistlewood Underhill Vane "
        "Winterbourne Yardley Zeal Van der Test",
    ),
    "he": (
        "אבנר ברכה גדעון דבורה הדר ורד זאב חנה טל יעל כרמל לאה מיכל נועם סיוון עומר פנינה צביקה קרן רועי שירה תמר",
        "אלון בן־דוגמה גלעדי דרור הר־צבי ורדי זהבי חרמוני טנא ירדני כרמי לביא מדגמי נחשוני סלעי ערבה פלגי צורי קדם "
        "רימון שקדי תבור אבו־דוגמה",
    ),
    "ar": (
        "أحمد بشرى تامر ثريا جميل حنان خالد دلال رامي زينب سامر شادي صفاء طارق عادل غادة فارس قاسم كريم ليلى محمود",
        "المثالي البستاني التجريبي الجبلي الحداد الخوري الدمشقي الراوي الزيتوني السامي الشامي الصباغ الطويل العطار "
        "الغزالي الفارسي القاسمي الكاتب اللبان المصري النجار",
    ),
    "ru": (
        "Анна Борис Вера Глеб Дарья Егор Жанна Захар Ирина Кирилл Лидия Максим Нина Олег Павел Раиса Семён Тамара Юлия",
        "Образцов Примерная Ветров Громова Дубравин Ёлкина Журавлёв Зимина Ильин Калинина Лесной Морозова Новиков",
    ),
    "el": (
        "Άννα Βασίλης Γιώργος Δήμητρα Ελένη Ζωή Ηρώ Θάνος Ιωάννα Κώστας Λένα Μάριος Νίκη Ξένια Όλγα Πέτρος",
        "Παραδειγματίδης Βουνού Γαλανός Δάσους Ελαιώνας Θαλασσινός Κήπου Λευκός Μελισσάς Ποταμίτης",
    ),
    "ja": ("太郎 花子 一郎 美咲 健太 陽子 直樹 恵 翔 桜", "見本 例文 山川 海野 田所 森沢 石橋 小鳥 高嶺 春日"),
}
TITLES = {
    "en": "Captain (res.)|Lieutenant Colonel (res.)|Major|navigator|flight engineer|helicopter pilot|flight nurse|"
    "transport pilot, retired|weapons systems officer|instructor|Sgt. (ret.)|Dr. med., flight surgeon",
    "he": "סרן (מיל׳)|סא״ל (מיל׳)|רס״ן|נווט|מהנדסת טיסה|טייס מסוק|רב־סרן|נווטת (מיל׳)|מדריך טיסה|סמ״ר (מיל׳)",
    "ar": "نقيب (احتياط)|مقدم|ملاح جوي|مهندس طيران|طيار مروحية|ممرضة جوية|رائد متقاعد|مدرب طيران",
    "ru": "капитан запаса|штурман|бортинженер|лётчик-инструктор|майор в отставке",
    "el": "σμηναγός ε.α.|πλοηγός|μηχανικός πτήσεως|εκπαιδευτής",
    "ja": "予備役大尉|航法士|機関士|教官",
}
GROUPS = {
    "en": {"reserve": "Reserve", "retired": "Retired"},
    "he": {"reserve": "מילואים", "retired": "גמלאים"},
    "ar": {"reserve": "الاحتياط", "retired": "المتقاعدون"},
    "ru": {"reserve": "В запасе", "retired": "В отставке"},
    "el": {"reserve": "Έφεδροι", "retired": "Απόστρατοι"},
    "ja": {"reserve": "予備役", "retired": "退役"},
}
LETTERS = {
    "en": (
        "We will not fly what we cannot answer for",
        "To those who decide, and to everybody in whose name they decide:\n\n"
        "We are air-crew, in the reserve and retired. We have flown for many years, in good weather and in bad, and we "
        "were taught from the first day that an order has two sides: the one who gives it answers for it, and so does "
        "the one who carries it out. *We have not forgotten that lesson*, and we ask that nobody else forget it.\n\n"
        "In the past months we were asked to be silent about what all of us can see. We were told that this is not the "
        "time. We believe that it is late, but that it is time. A country that sends its children to fly must be able "
        "to say why, for how long, and to what end.\n\n"
        "We therefore ask three things: that the agreement on the table be signed; that those who are held be brought "
        "home; and that the questions of the families be answered **in public and without delay**.\n\n"
        "We sign with our names. They can be checked, every one of them.",
    ),
    "he": (
        "לא נטוס אל מה שאיננו יכולים לתת עליו את הדין",
        "אל מקבלי ההחלטות, ואל כל מי שבשמם הן מתקבלות:\n\n"
        "אנחנו אנשי צוות אוויר, במילואים ובגמלאות. טסנו שנים רבות, במזג אוויר טוב ורע, ולימדו אותנו מהיום הראשון שלכל "
        "פקודה שני צדדים: מי שנותן אותה נושא באחריות, וכך גם מי שמבצע אותה. **לא שכחנו את השיעור הזה**, ואנחנו מבקשים "
        "שגם אחרים לא ישכחו.\n\n"
        "בחודשים האחרונים נתבקשנו לשתוק על מה שכולנו רואים. אמרו לנו שזה לא הזמן. אנחנו מאמינים שהשעה מאוחרת, אבל זה "
        "הזמן. מדינה ששולחת את ילדיה לטוס חייבת לומר מדוע, לכמה זמן ולשם מה.\n\n"
        "לכן אנחנו מבקשים שלושה דברים: שייחתם ההסכם המונח על השולחן; שיושבו הביתה המוחזקים; ושתינתן תשובה פומבית "
        "ומיידית לשאלות המשפחות.\n\n"
        "אנחנו חותמים בשמותינו. אפשר לבדוק כל אחד מהם.",
    ),
    "ar": (
        "لن نطير إلى ما لا نستطيع أن نتحمّل مسؤوليته",
        "إلى أصحاب القرار، وإلى كل من يُتّخذ القرار باسمهم:\n\n"
        "نحن أطقم جوية، في الاحتياط والتقاعد. طرنا سنوات طويلة في الجو الصحو والعاصف، وتعلّمنا منذ اليوم الأول أن لكل "
        "أمر وجهين: من يصدره مسؤول عنه، وكذلك من ينفّذه. لم ننسَ ذلك الدرس، ونطلب ألّا ينساه أحد.\n\n"
        "في الأشهر الماضية طُلب منا أن نصمت عمّا نراه جميعًا. قيل لنا إن الوقت غير مناسب. نؤمن بأن الوقت متأخر، لكنه "
        "الوقت. على البلد الذي يرسل أبناءه إلى الجو أن يقول لماذا، وإلى متى، ولأي غاية.\n\n"
        "نوقّع بأسمائنا، ويمكن التحقق من كل اسم منها.",
    ),
    "ru": (
        "Мы не полетим туда, за что не сможем ответить",
        "Тем, кто решает, и всем, от чьего имени они решают.\n\nМы лётчики, штурманы и бортинженеры, в запасе и в "
        "отставке. Нас с первого дня учили, что у приказа две стороны: за него отвечает и тот, кто отдаёт, и тот, кто "
        "исполняет. Мы не забыли этот урок и просим, чтобы его не забывали другие.\n\nМы подписываемся своими именами.",
    ),
    "el": (
        "Δεν θα πετάξουμε για όσα δεν μπορούμε να λογοδοτήσουμε",
        "Προς όσους αποφασίζουν, και προς όλους στο όνομα των οποίων αποφασίζουν.\n\nΕίμαστε πληρώματα αεροσκαφών, "
        "έφεδροι και απόστρατοι. Από την πρώτη μέρα μάθαμε ότι κάθε διαταγή έχει δύο πλευρές: ευθύνεται αυτός που τη "
        "δίνει και αυτός που την εκτελεί. Υπογράφουμε με τα ονόματά μας.",
    ),
    "ja": (
        "責任を負えない飛行には就きません",
        "決定を下す方々へ、そしてその名において決定が下されるすべての方々へ。\n\n私たちは予備役および退役の航空乗員です。"
        "命令には二つの面があると、最初の日に教えられました。命じる者が責任を負い、従う者もまた責任を負うのです。"
        "私たちはその教えを忘れていません。私たちは自分の名前で署名します。",
    ),
}
MIX = ("en", "en", "he", "ar", "ru", "el", "ja")


def people(roll: str, number: int, *, seed: int = 1, titled: float = 0.6) -> list[tuple[str, str]]:
    """``number`` invented (name, title) pairs of one language, or of all of them if ``roll`` is "mixed"."""
    chance = random.Random(f"{roll} {seed}")
    found = []
    for _ in range(number):
        lang = chance.choice(MIX) if roll == "mixed" else roll
        given, family = (part.split() if lang != "en" else part.split(" ") for part in NAMES[lang])
        if lang == "en":
            family = " ".join(family).replace("Van der Test", "Van_der_Test").split()
        first, last = chance.choice(given), chance.choice(family).replace("_", " ")
        if lang == "ja":
            name = last + first
        elif lang == "en" and chance.random() < 0.12:
            name = f"{first} {chance.choice('ABCDEFGHJKLMNPRSTW')}. {last}"
        else:
            name = f"{first} {last}"
        title = chance.choice(TITLES[lang].split("|")) if chance.random() < titled else ""
        found.append((name, title))
    return found


def _nfc(text: str) -> str:
    """As every string in canonical JSON is."""
    return unicodedata.normalize("NFC", text)


def edition_from(pairs: list[tuple[str, str]], *, anonymous: int = 0, number: int = 1, initials: int = 0) -> bytes:
    """The canonical bytes of an edition of ``pairs``, in two groups; the first ``initials`` of them are initials."""
    roll = []
    for i, (name, title) in enumerate(pairs):
        key = hashlib.sha256(f"key {i}".encode()).digest()
        group = "reserve" if key[0] < 150 else "retired"
        kind = "initials" if i < initials else "name"
        row = {"as": kind, "group": group, "key": base64url.encode(key), "name": _nfc(name), "title": _nfc(title)}
        roll.append({**row, "verified": kind == "name"})
    roll.sort(key=lambda row: base64url.decode(str(row["key"])))
    groups = {g: sum(r["group"] == g for r in roll) for g in ("reserve", "retired")}
    groups["reserve"] += anonymous
    total = len(roll) + anonymous
    counts = {
        "signed": total, "withdrawn": 0, "standing": total, "named": len(roll) - initials, "initials": initials,
        "anonymous": anonymous, "void": 0, "unresolved": 0, "struck": 0, "groups": groups,
    }  # fmt: skip
    letter = base64url.encode(hashlib.sha256(b"letter").digest())
    return canonical.encode(
        {
            "type": "edition", "v": 1, "letter": letter, "number": number, "cut": total + 1, "size": total + 2,
            "root": letter, "counts": counts, "since": {"from": 1, "added": 0, "withdrawn": 0}, "roll": roll,
        }
    )  # fmt: skip


def edition_of(roll: str, number: int, *, seed: int = 1, titled: float = 0.6, anonymous: int = 0) -> bytes:
    """An edition of ``number`` invented people."""
    return edition_from(people(roll, number, seed=seed, titled=titled), anonymous=anonymous)

"""What a slip says, by language."""

from __future__ import annotations

from typing import Final

_WORDS: Final = {
    "en": (
        "You may sign this letter. Your name stays sealed until it is published.",
        "This code signs once. Do not show it, do not photograph it. Not from devices or networks of your work.",
    ),
    "de": (
        "Sie können diesen Brief unterzeichnen. Ihr Name bleibt bis zur Veröffentlichung versiegelt.",
        "Dieser Code gilt einmal. Nicht zeigen, nicht fotografieren. Nicht von Geräten oder Netzen der Arbeit.",
    ),
    "fr": (
        "Vous pouvez signer cette lettre. Votre nom reste scellé jusqu’à la publication.",
        "Ce code sert une fois. Ne le montrez pas, ne le photographiez pas. Pas depuis le réseau du travail.",
    ),
    "es": (
        "Puede firmar esta carta. Su nombre queda sellado hasta la publicación.",
        "Este código sirve una vez. No lo muestre ni lo fotografíe. No desde aparatos o redes del trabajo.",
    ),
    "he": (
        "אפשר לחתום על מכתב זה. השם נשאר חתום עד הפרסום.",
        "הקוד תקף לחתימה אחת. אין להראות ואין לצלם אותו. לא ממכשירים או רשתות של העבודה.",
    ),
    "ar": (
        "يمكنك توقيع هذه الرسالة. يبقى اسمك مختومًا حتى النشر.",
        "هذا الرمز صالح لمرة واحدة. لا تُظهره ولا تصوّره. لا تستخدم أجهزة العمل أو شبكاته.",
    ),
    "ru": (
        "Вы можете подписать это письмо. Ваше имя останется запечатанным до публикации.",
        "Код действует один раз. Не показывайте и не фотографируйте его. Не с рабочих устройств и сетей.",
    ),
    "el": (
        "Μπορείτε να υπογράψετε αυτή την επιστολή. Το όνομά σας μένει σφραγισμένο μέχρι τη δημοσίευση.",
        "Ο κωδικός ισχύει μία φορά. Μην τον δείχνετε, μην τον φωτογραφίζετε. Όχι από συσκευές της εργασίας.",
    ),
    "ja": (
        "この書簡に署名できます。氏名は公表まで封印されます。",
        "このコードは一度だけ有効です。見せたり撮影したりしないでください。職場の端末は使わないでください。",
    ),
    "zh": (
        "您可以签署此信。公布之前，您的姓名将被封存。",
        "此码仅可使用一次。请勿示人或拍照。请勿使用工作设备或网络。",
    ),
}


def slip_words(lang: str) -> dict[str, str]:
    """``intro`` and ``note`` in ``lang``, or in English."""
    intro, note = _WORDS.get(lang.split("-")[0], _WORDS["en"])
    return {"intro": intro, "note": note}

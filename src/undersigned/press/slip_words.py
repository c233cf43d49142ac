"""Texts of an access code slip, by language."""

from __future__ import annotations

from typing import Final

_WORDS: Final = {
    "en": (
        "You can sign this letter. Your name stays sealed until the letter is published.",
        "This code works once. Don’t show or photograph it. Don’t use devices or networks at work.",
    ),
    "de": (
        "Sie können diesen Brief unterschreiben. Ihr Name bleibt bis zur Veröffentlichung versiegelt.",
        "Dieser Code gilt einmal. Zeigen und fotografieren Sie ihn nicht. Keine Geräte oder Netze der Arbeit.",
    ),
    "fr": (
        "Vous pouvez signer cette lettre. Votre nom reste scellé jusqu’à la publication.",
        "Ce code sert une fois. Ne le montrez pas, ne le photographiez pas. Pas d’appareil ni de réseau du travail.",
    ),
    "es": (
        "Puede firmar esta carta. Su nombre queda sellado hasta la publicación.",
        "Este código sirve una vez. No lo muestre ni lo fotografíe. No use dispositivos ni redes del trabajo.",
    ),
    "he": (
        "אפשר לחתום על המכתב הזה. השם נשאר נעול עד הפרסום.",
        "הקוד תקף לחתימה אחת. אין להראות אותו או לצלם אותו. אין להשתמש במכשירים או ברשתות של העבודה.",
    ),
    "ar": (
        "يمكنك توقيع هذه الرسالة. يبقى اسمك مختومًا حتى النشر.",
        "هذا الرمز صالح لمرة واحدة. لا تُظهره ولا تصوّره. لا تستخدم أجهزة العمل أو شبكاته.",
    ),
    "ru": (
        "Вы можете подписать это письмо. Ваше имя останется запечатанным до публикации.",
        "Код действует один раз. Не показывайте и не фотографируйте его. Не с рабочих устройств и не из рабочей сети.",
    ),
    "el": (
        "Μπορείτε να υπογράψετε αυτή την επιστολή. Το όνομά σας μένει σφραγισμένο μέχρι τη δημοσίευση.",
        "Ο κωδικός ισχύει μία φορά. Μην τον δείξετε ούτε τον φωτογραφίσετε. Όχι από συσκευές ή δίκτυα της εργασίας.",
    ),
    "ja": (
        "この書簡に署名できます。氏名は公表まで封印されます。",
        "このコードは一度だけ有効です。人に見せたり撮影したりせず、職場の端末や回線も使わないでください。",
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

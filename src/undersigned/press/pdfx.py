"""Converts a finished page to PDF/X: page boxes, output intent and identification. The content is not changed.

Versions: PDF/X-1a:2001 (PDF 1.3), PDF/X-1a:2003 (PDF 1.4) and PDF/X-4 (PDF 1.6). X-1a names a registered output
condition and needs no profile, which also suits papers that forbid one; X-4 embeds the paper's own profile. We say
"built to", never "certified": no open validator of PDF/X exists.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import pikepdf
from pikepdf import Array, Dictionary, Name, String

from .errors import PaperError
from .icc import is_output_profile

_VERSIONS: Final[Mapping[str, str]] = {"PDF/X-1a:2001": "1.3", "PDF/X-1a:2003": "1.4", "PDF/X-4": "1.6"}
REGISTERED: Final = frozenset({"IFRA26", "IFRA30", "CGATS TR 001", "FOGRA39", "FOGRA51", "FOGRA52"})
"""Conditions of the ICC's registry that X-1a may name without a profile."""
REGISTRY: Final = "http://www.color.org"


def convert_to_pdfx(
    data: bytes, *, flavour: str, condition: str, title: str, timestamp: datetime, icc: bytes | None
) -> bytes:
    """The page ``data`` as ``flavour``. ``icc``: a CMYK output profile, embedded if given; X-4 needs one.

    Raises PaperError if the required profile is missing, or is not one for CMYK printing.
    """
    if flavour == "PDF/X-4" and icc is None:
        raise PaperError(f"PDF/X-4 embeds the paper's output profile ({condition}): ask the paper for the ICC file")
    if icc is not None and not is_output_profile(icc):
        raise PaperError("the ICC file is not a CMYK output profile")
    with pikepdf.open(io.BytesIO(data)) as pdf:
        for key in (
            "/StructTreeRoot",
            "/Names",
            "/AF",
            "/MarkInfo",
            "/ViewerPreferences",
            "/Metadata",
            "/Outlines",
            "/Lang",
        ):
            if key in pdf.Root:
                del pdf.Root[key]
        for page in pdf.pages:
            for key in ("/Group", "/Annots", "/Tabs", "/StructParents", "/CropBox", "/ArtBox"):
                if key in page.obj:
                    del page.obj[key]
            box = [float(v) for v in page.mediabox]
            page.obj["/TrimBox"] = Array(box)
            page.obj["/BleedBox"] = Array(box)
        _identify(pdf, flavour, condition, title, timestamp, icc)
        out = io.BytesIO()
        pdf.save(
            out,
            deterministic_id=True,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
            force_version=_VERSIONS[flavour],
            linearize=False,
        )
    return out.getvalue()


def _identify(
    pdf: pikepdf.Pdf, flavour: str, condition: str, title: str, timestamp: datetime, icc: bytes | None
) -> None:
    date = timestamp.strftime("D:%Y%m%d%H%M%SZ")
    info: dict[str, Any] = {
        "/Title": String(title),
        "/Creator": String("undersigned"),
        "/Producer": String("undersigned"),
        "/CreationDate": String(date),
        "/ModDate": String(date),
        "/Trapped": Name("/False"),
    }
    if flavour == "PDF/X-1a:2001":
        info["/GTS_PDFXVersion"] = String("PDF/X-1:2001")
        info["/GTS_PDFXConformance"] = String("PDF/X-1a:2001")
    else:
        info["/GTS_PDFXVersion"] = String(flavour)
    pdf.trailer["/Info"] = pdf.make_indirect(Dictionary(info))
    registered = icc is None or condition in REGISTERED
    intent: dict[str, Any] = {
        "/Type": Name("/OutputIntent"),
        "/S": Name("/GTS_PDFX"),
        "/OutputConditionIdentifier": String(condition if icc is None or registered else "Custom"),
        "/OutputCondition": String(condition),
        "/Info": String(condition),
    }
    if registered:
        intent["/RegistryName"] = String(REGISTRY)
    if icc is not None:
        stream = pdf.make_stream(icc)
        stream["/N"] = 4
        intent["/DestOutputProfile"] = stream
    pdf.Root["/OutputIntents"] = Array([pdf.make_indirect(Dictionary(intent))])
    if flavour == "PDF/X-4":
        pdf.Root["/Metadata"] = _metadata(pdf, title, timestamp)


def _metadata(pdf: pikepdf.Pdf, title: str, timestamp: datetime) -> pikepdf.Object:
    moment = timestamp.strftime("%Y-%m-%dT%H:%M:%SZ")
    digest = hashlib.sha256(title.encode() + moment.encode()).hexdigest()
    escaped = title.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    identity = f"uuid:{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"
    xml = f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"
 xmlns:pdfxid="http://www.npes.org/pdfx/ns/id/">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{escaped}</rdf:li></rdf:Alt></dc:title>
<xmp:CreatorTool>undersigned</xmp:CreatorTool><xmp:CreateDate>{moment}</xmp:CreateDate>
<xmp:ModifyDate>{moment}</xmp:ModifyDate><xmp:MetadataDate>{moment}</xmp:MetadataDate>
<pdf:Producer>undersigned</pdf:Producer><pdf:Trapped>False</pdf:Trapped>
<xmpMM:DocumentID>{identity}</xmpMM:DocumentID><xmpMM:VersionID>1</xmpMM:VersionID>
<xmpMM:RenditionClass>default</xmpMM:RenditionClass>
<pdfxid:GTS_PDFXVersion>PDF/X-4</pdfxid:GTS_PDFXVersion>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"""
    stream = pdf.make_stream(xml.encode())
    stream["/Type"] = Name("/Metadata")
    stream["/Subtype"] = Name("/XML")
    return stream

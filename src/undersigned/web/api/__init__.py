"""HTTP for tools: organisers', trustees' and registrars' views. They parse, call an act, and answer."""

/** A shorter value would blank out ordinary text, so it is not masked; the control plane refuses it as a secret. */
export const MASK_BYTES_MIN = 4;
/** A line of a multi-line secret is masked on its own when it is at least this long. */
const MASK_LINE_BYTES_MIN = 8;

/** Every form in which a secret commonly turns up in output: itself, its lines, URL, JSON and base64 forms. */
export function maskForms(values: readonly string[]): Buffer[] {
  const forms = new Set<string>();
  for (const value of values) {
    if (Buffer.byteLength(value) < MASK_BYTES_MIN) continue;
    for (const form of textForms(value)) forms.add(form);
    for (const line of value.split(/\r?\n/))
      if (Buffer.byteLength(line.trim()) >= MASK_LINE_BYTES_MIN)
        for (const form of textForms(line.trim())) forms.add(form);
  }
  return [...forms].map((form) => Buffer.from(form, "utf8"));
}

function textForms(value: string): string[] {
  const url = encodeUrl(value);
  return [
    value,
    url,
    url.replaceAll(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase()),
    url.replaceAll("%20", "+"),
    JSON.stringify(value).slice(1, -1),
    ...base64Forms(Buffer.from(value, "utf8")),
  ].filter((form) => Buffer.byteLength(form) >= MASK_BYTES_MIN);
}

/** encodeURIComponent for any string: a lone surrogate, which that refuses, is replaced as in UTF-8 output. */
function encodeUrl(value: string): string {
  return encodeURIComponent(value.toWellFormed());
}

/**
 * The base64 digits that a value fixes when it stands at each of the three offsets in a longer text.
 * Digits that also depend on its neighbours are left out.
 */
function base64Forms(value: Buffer): string[] {
  const forms: string[] = [];
  for (const before of [0, 1, 2]) {
    const digits = Buffer.concat([Buffer.alloc(before), value])
      .toString("base64")
      .replaceAll("=", "");
    const first = Math.ceil((before * 8) / 6);
    const last = Math.floor(((before + value.length) * 8) / 6);
    const fixed = digits.slice(first, last);
    forms.push(fixed, fixed.replaceAll("+", "-").replaceAll("/", "_"));
  }
  return forms;
}

/**
 * Colours of a terminal, and nothing else of it: a log is text of somebody else. SGR sequences become
 * styles; every other escape sequence (titles, links, the clipboard, the cursor) is shown as text.
 */
// oxlint-disable-next-line no-control-regex -- the escape character is what this is about
const SGR = /\u001b\[([0-9;]{0,32})m/g;
const COLOURS = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

/** Styles in force at the start of a log. */
export function plainStyle() {
  return { colour: null, background: null, bold: false, dim: false, italic: false, underline: false };
}

/**
 * Splits one line into pieces of one style each. Returns them with the style that the next line
 * begins with. What a program wrote over with carriage returns is left out.
 */
export function readLine(line, style) {
  const shown = line.replace(/\r+$/, "").split("\r").at(-1) ?? "";
  const pieces = [];
  let at = 0;
  let current = style;
  for (const match of shown.matchAll(SGR)) {
    if (match.index > at) pieces.push({ text: visible(shown.slice(at, match.index)), style: current });
    current = applied(current, match[1] ?? "");
    at = match.index + match[0].length;
  }
  if (at < shown.length) pieces.push({ text: visible(shown.slice(at)), style: current });
  return { pieces, style: current };
}

/** Class names for a style, of which style.css knows all. */
export function classesOf(style) {
  const { colour, background } = style;
  const flags = ["bold", "dim", "italic", "underline"].filter((name) => style[name]);
  return [
    ...(colour === null ? [] : [`fg-${colour}`]),
    ...(background === null ? [] : [`bg-${background}`]),
    ...flags,
  ].join(" ");
}

function visible(text) {
  // oxlint-disable-next-line no-control-regex -- control characters get a shape instead of a meaning
  return text.replace(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    shape,
  );
}

/** Characters that turn the direction of text around could disguise it, so they are named. */
function shape(character) {
  const code = character.charCodeAt(0);
  return code < 0x20 ? String.fromCharCode(0x2400 + code) : `\\u${code.toString(16).padStart(4, "0")}`;
}

function applied(style, parameters) {
  const codes = parameters === "" ? [0] : parameters.split(";").map(Number);
  let next = style;
  for (let index = 0; index < codes.length; index++) {
    const code = codes[index] ?? 0;
    if (code === 38 || code === 48) {
      const side = code === 38 ? "colour" : "background";
      // 38;5;n names one of 256 colours, of which the first sixteen are ours; 38;2;r;g;b is taken as none.
      if (codes[index + 1] === 5) {
        next = { ...next, [side]: named(codes[index + 2] ?? -1) };
        index += 2;
      } else {
        index += 4;
      }
      continue;
    }
    next = appliedOne(next, code);
  }
  return next;
}

function appliedOne(style, code) {
  if (code === 0) return plainStyle();
  if (code === 1) return { ...style, bold: true };
  if (code === 2) return { ...style, dim: true };
  if (code === 3) return { ...style, italic: true };
  if (code === 4) return { ...style, underline: true };
  if (code === 22) return { ...style, bold: false, dim: false };
  if (code === 23) return { ...style, italic: false };
  if (code === 24) return { ...style, underline: false };
  if (code === 39) return { ...style, colour: null };
  if (code === 49) return { ...style, background: null };
  if (code >= 30 && code <= 37) return { ...style, colour: named(code - 30) };
  if (code >= 90 && code <= 97) return { ...style, colour: named(code - 82) };
  if (code >= 40 && code <= 47) return { ...style, background: named(code - 40) };
  if (code >= 100 && code <= 107) return { ...style, background: named(code - 92) };
  return style;
}

function named(index) {
  if (index >= 0 && index < 8) return COLOURS[index];
  return index >= 8 && index < 16 ? `bright-${COLOURS[index - 8]}` : null;
}

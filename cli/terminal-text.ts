/**
 * Text from a repository, a job or a server may carry terminal escapes that move the cursor, write
 * the clipboard or change the title. Colours (SGR) pass; every other control character is shown as
 * text, so that what a reader sees is what was there. So is what turns the direction of writing, which can show
 * a name as another one.
 */
// oxlint-disable-next-line no-control-regex -- control characters are what this file is about
const SGR = /^\u001b\[[0-9;:]{0,64}m/;
// oxlint-disable-next-line no-control-regex -- as above
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** Keeps tabs, newlines and, when asked, colours; `\x1b` and its like become visible. */
export function terminalText(
  text: string,
  options: { readonly colours: boolean } = { colours: true },
): string {
  return text.replace(CONTROL, (character, offset: number) => {
    if (character === "\r" && text[offset + 1] === "\n") return "";
    if (character === "\u001b" && options.colours && SGR.test(text.slice(offset, offset + 70)))
      return character;
    const code = character.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code}` : `\\x${code.padStart(2, "0")}`;
  });
}

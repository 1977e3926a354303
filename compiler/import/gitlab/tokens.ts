const TOKEN =
  /\s*(?:(\$[A-Za-z_]\w*|\$\{[A-Za-z_]\w*\})|"([^"]*)"|'([^']*)'|(\/(?:[^/\\]|\\.)+\/[a-z]*)|(null\b)|(==|!=|=~|!~|&&|\|\||[()!]))/y;

export type Token =
  | { readonly kind: "variable" | "text" | "pattern"; readonly text: string }
  | { readonly kind: "null" }
  | { readonly kind: "operator"; readonly text: string };

/** Words of a GitLab condition; the part that is none, when there is one. */
export function tokensOf(source: string): readonly Token[] | { readonly odd: string } {
  const tokens: Token[] = [];
  const text = source.trimEnd();
  for (let at = 0; at < text.length; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(text);
    if (found === null) return { odd: text.slice(at, at + 40).trim() };
    const [, variable, double, single, pattern, none, operator] = found;
    if (variable !== undefined) tokens.push({ kind: "variable", text: variable.replace(/[${}]/g, "") });
    else if (pattern !== undefined) tokens.push({ kind: "pattern", text: pattern });
    else if (none !== undefined) tokens.push({ kind: "null" });
    else if (operator !== undefined) tokens.push({ kind: "operator", text: operator });
    else tokens.push({ kind: "text", text: double ?? single ?? "" });
  }
  return tokens;
}

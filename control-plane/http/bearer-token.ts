/** The token of an `authorization: Bearer` header; null when there is none. */
export function bearerToken(authorization: string | undefined): string | null {
  return /^bearer +([^\s]+)$/i.exec(authorization ?? "")?.[1] ?? null;
}

export interface AnsiStyle {
  readonly colour: string | null;
  readonly background: string | null;
  readonly bold: boolean;
  readonly dim: boolean;
  readonly italic: boolean;
  readonly underline: boolean;
}
export function plainStyle(): AnsiStyle;
export function readLine(
  line: string,
  style: AnsiStyle,
): {
  readonly pieces: readonly { readonly text: string; readonly style: AnsiStyle }[];
  readonly style: AnsiStyle;
};
export function classesOf(style: AnsiStyle): string;

import type { Span } from "../../schemas/diagnostic.ts";
import type { Report } from "../diagnostics/report.ts";
import type { Expression, Template } from "../expressions/index.ts";
import { pathOf } from "../expressions/check.ts";
import { remembered } from "../remembered.ts";
import { unreachable } from "../unreachable.ts";

/** What `needs.JOB.result` or `needs.JOB.outputs.NAME` reads; `output` is null for the result. */
export interface LateRead {
  readonly job: string;
  readonly output: string | null;
  readonly span: Span;
}

/** Null when the expression is anything but one such read. */
export function lateRead(expression: Expression): LateRead | null {
  const [root, job, kind, name, ...more] = chainOf(expression) ?? [];
  if (root !== "needs" || job === undefined || more.length > 0) return null;
  if (kind === "result" && name === undefined) return { job, output: null, span: expression.span };
  return kind === "outputs" && name !== undefined ? { job, output: name, span: expression.span } : null;
}

/** Whether a text is complete only when a needed job has ended. The instances of a job ask it of the same texts. */
export const readsLate = remembered(({ parts }: Template): boolean =>
  parts.some((part) => typeof part !== "string" && lateRead(part) !== null),
);

/**
 * Reports expressions that read `needs` where it has no value, and `secrets` anywhere. True when the
 * expression is about one of these names, so that nobody types it a second time.
 */
export function checkReserved(expression: Expression, mayReadNeeds: boolean, report: Report): boolean {
  const secret = firstReading(expression, "secrets");
  if (secret !== null) reportSecret(secret, report);
  const need = firstReading(expression, "needs");
  if (need !== null) reportNeed(expression, need, mayReadNeeds, report);
  return secret !== null || need !== null;
}

function reportSecret(secret: Expression, report: Report): void {
  const name = chainOf(secret)?.[1] ?? "NAME";
  const variable = name.replaceAll("-", "_").toUpperCase();
  const message = `Secrets are never part of an expression; ask for it with \`secrets: { ${variable}: ${name} }\` in the job, and its steps read the variable \`${variable}\``;
  report.add("DC1121", secret.span, message);
}

function reportNeed(expression: Expression, need: Expression, mayReadNeeds: boolean, report: Report): void {
  const read = lateRead(need);
  const path = `\`${pathOf(need)}\``;
  if (!mayReadNeeds) {
    const message = `${path} is known only when that job has ended; it may be read in the \`env\` of a job or a step, and nowhere else`;
    report.add("DC1120", need.span, message);
  } else if (read === null) {
    const job = chainOf(need)?.[1] ?? "JOB";
    const message = `${path} has no text; read \`needs.${job}.result\` or \`needs.${job}.outputs.NAME\``;
    report.add("DC1120", need.span, message);
  } else if (need !== expression) {
    const message = `${path} must stand alone in its \`\${{ }}\`: when it is known, expressions have long been worked out`;
    report.add("DC1120", need.span, message);
  }
}

/** The first, and largest, part that reads the name or something in it. */
function firstReading(expression: Expression, name: string): Expression | null {
  const among = (parts: readonly Expression[]): Expression | null => {
    for (const part of parts) {
      const found = firstReading(part, name);
      if (found !== null) return found;
    }
    return null;
  };
  switch (expression.kind) {
    case "literal":
      return null;
    case "name":
      return expression.name === name ? expression : null;
    case "member":
      return rootOf(expression) === name ? expression : among([expression.object, expression.key]);
    case "list":
      return among(expression.items);
    case "not":
      return firstReading(expression.operand, name);
    case "binary":
      return among([expression.left, expression.right]);
    case "call":
      return among(expression.arguments);
    default:
      return unreachable(expression);
  }
}

function rootOf(expression: Expression): string | null {
  if (expression.kind === "member") return rootOf(expression.object);
  return expression.kind === "name" ? expression.name : null;
}

/** `a.b['c']` as its names; null for anything with a computed key. */
function chainOf(expression: Expression): readonly string[] | null {
  if (expression.kind === "name") return [expression.name];
  if (expression.kind !== "member" || expression.key.kind !== "literal") return null;
  const owner = chainOf(expression.object);
  return owner && [...owner, String(expression.key.value)];
}

import { expect, test } from "vitest";
import { DIAGNOSTICS_MAX, Report } from "../../../compiler/diagnostics/report.ts";

const span = (start: number) => ({ file: "p.yaml", start, end: start + 1 });

test("a message that takes time is made for what is kept, and never for what is not", () => {
  const report = new Report();
  let made = 0;
  for (let start = 0; start < 3 * DIAGNOSTICS_MAX; start += 1) {
    report.add("DC1901", span(start), () => `made ${(made += 1)}`);
  }
  expect(made).toBe(DIAGNOSTICS_MAX);
  expect(report.settle()).toHaveLength(DIAGNOSTICS_MAX);
  expect(report.settle()[0]?.message).toBe("made 1");
});

test("an error is an error where nothing more is kept, and where it was told before", () => {
  const report = new Report();
  for (let start = 0; start < DIAGNOSTICS_MAX; start += 1) report.add("DC1901", span(start), "advice");
  expect([report.hasErrors, report.isFull, report.isSettled]).toEqual([false, true, false]);
  report.add("DC1203", span(0), "not kept");
  expect([report.hasErrors, report.isFull, report.isSettled]).toEqual([true, true, true]);

  const repeated = new Report();
  for (const message of ["told", () => "told"]) repeated.add("DC1203", span(0), message);
  expect(repeated.settle()).toHaveLength(1);
  expect(repeated.asked).toBe(2);
});

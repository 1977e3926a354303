/**
 * How many times as long as usual tests wait before they call something hung, and leases of their machines last: 1,
 * or what DELTA_TEST_PATIENCE says for a machine that is that much slower. It changes no claim that a test makes.
 */
export const PATIENCE = patienceFrom(process.env["DELTA_TEST_PATIENCE"]);

function patienceFrom(text: string | undefined): number {
  if (text === undefined || text === "") return 1;
  const factor = Number(text);
  if (Number.isInteger(factor) && factor >= 1 && factor <= 100) return factor;
  throw new Error(`DELTA_TEST_PATIENCE is a whole number from 1 to 100, and not ${text}`);
}

/** One expression as written. The longest real condition known to us has about 400. */
export const EXPRESSION_CHARACTERS_MAX = 4_096;
/** Brackets, calls and `!` inside each other. */
export const EXPRESSION_DEPTH_MAX = 32;
/** Work of one evaluation: one for each node, each list item looked at and each 64 characters made. */
export const EVALUATION_COST_MAX = 1_000_000;
/** The longest text an expression or a template may make; environment values beyond it reach no process. */
export const TEXT_CHARACTERS_MAX = 64 * 1024;
/** A value that was read is shown up to here. */
export const READ_CHARACTERS_MAX = 200;

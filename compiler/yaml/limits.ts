import { PLAN_JOBS_CEILING } from "../../schemas/limits.ts";

/** Limits of one YAML file, beside its size (CONFIG_FILE_BYTES_MAX). A parser that is fed within them ends soon. */

/** Collections inside each other. The deepest pipeline that makes sense has about ten. */
export const DEPTH_MAX = 64;
/** Keys of one map: as many as the jobs of the largest plan that operators can allow. */
export const MAP_KEYS_MAX = PLAN_JOBS_CEILING;
/** Items of one list. No list of the language may have more than 1,000. */
export const LIST_ITEMS_MAX = 10_000;
/** Lexical tokens, about nine for each line of a pipeline: 500 KiB of ordinary text has fewer than 230,000. */
export const TOKENS_MAX = 250_000;
/** Lines. Half a megabyte in more than this is lines of less than ten characters, blank ones and comments. */
export const LINES_MAX = 50_000;
export const ANCHORS_MAX = 1_000;
export const ALIASES_MAX = 10_000;
/** Values after every alias is replaced by what it stands for. */
export const EXPANDED_NODES_MAX = 200_000;
/** After this many faults in its grammar a text is not worth more of anybody's time. */
export const SYNTAX_ERRORS_MAX = 20;
/** Characters of a key that is read without the parser; it may have 1,024 up to its colon, and near that the parser counts. */
export const KEY_LENGTH_MAX = 1_000;

/** The exit codes of all commands. */
export const ExitCode = {
  ok: 0,
  /** Asked, and the answer is no: not resumed, expired, different, not in the cache. */
  no: 1,
  /** Wrong usage. */
  usage: 2,
  /** Could not be done: no connection, no such file, no program. */
  failed: 3,
} as const;

/** Levels of the original plugin: 1 errors, 2 warnings, 4 info, 5 more, 6 notes, 9 everything. */
export type LogLevel = 1 | 2 | 4 | 5 | 6 | 9;

export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

/** Writes one line for an event. `event` is a stable dotted word; `fields` hold the facts, never a secret. */
export type Log = (level: LogLevel, event: string, fields?: LogFields) => void;

/**
 * Log levels, numbered as in the plugin that domainsync replaces: 1 errors, 2 warnings, 4 info, 5 more, 6
 * notes, 9 everything.
 */
export type LogLevel = 1 | 2 | 4 | 5 | 6 | 9;

export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

/**
 * Writes one line for an event. `event` is a name with a dot that never changes (`engine.start`). `fields`
 * hold the facts, never a secret.
 */
export type Log = (level: LogLevel, event: string, fields?: LogFields) => void;

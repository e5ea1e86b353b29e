/** Whether something thrown is an error of the operating system; with `codes`, one of these (`ENOENT`). */
export function isSystemError(error: unknown, ...codes: readonly string[]): error is NodeJS.ErrnoException {
  if (!(error instanceof Error && 'code' in error)) return false;
  return codes.length === 0 || codes.some((code) => code === error.code);
}

/**
 * Returns the result of `act`. If the operating system reports an error, with `codes` one of these, returns
 * `fallback`.
 */
export function systemOr<T, R>(act: () => T, fallback: R, ...codes: readonly string[]): T | R {
  try {
    return act();
  } catch (error) {
    if (isSystemError(error, ...codes)) return fallback;
    throw error;
  }
}

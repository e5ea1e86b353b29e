/**
 * Whether a thrown value is an error of the operating system.
 * @param codes if given, only errors with one of these codes (such as `ENOENT`) count
 */
export function isSystemError(error: unknown, ...codes: readonly string[]): error is NodeJS.ErrnoException {
  if (!(error instanceof Error && 'code' in error)) return false;
  return codes.length === 0 || codes.some((code) => code === error.code);
}

/**
 * Returns the result of `act`. If `act` throws an error of the operating system, returns `fallback`.
 * @param codes if given, only errors with one of these codes count; all others are thrown
 */
export function systemOr<T, R>(act: () => T, fallback: R, ...codes: readonly string[]): T | R {
  try {
    return act();
  } catch (error) {
    if (isSystemError(error, ...codes)) return fallback;
    throw error;
  }
}

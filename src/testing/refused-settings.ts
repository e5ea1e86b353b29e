import assert from 'node:assert/strict';
import { SettingsRefused } from '../centrals/connection.ts';

/** Why settings are refused: which, and the code. */
export function refusedSettings(read: () => unknown): string[] {
  try {
    read();
  } catch (error) {
    assert.ok(error instanceof SettingsRefused, String(error));
    return error.problems.map(({ code, params }) => `${params['setting'] ?? ''} ${code}`);
  }
  return [];
}

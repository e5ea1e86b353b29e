import assert from 'node:assert/strict';
import { SettingsRefused } from '../centrals/connection.ts';

/** Collects the settings that `read` refuses, each as `setting code`. Empty: `read` refuses none. */
export function refusedSettings(read: () => unknown): string[] {
  try {
    read();
  } catch (error) {
    assert.ok(error instanceof SettingsRefused, String(error));
    return error.problems.map(({ code, params }) => `${params['setting'] ?? ''} ${code}`);
  }
  return [];
}

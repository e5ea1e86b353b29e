import * as v from 'valibot';
import { mostRules } from '../rights/decide.ts';
import { mostPatternText, ruleSchema } from '../rights/rule.ts';

/** Maximum number of patterns in one list of a token. */
const mostPatterns = 1_000;

const patterns = v.pipe(v.array(v.pipe(v.string(), v.maxLength(mostPatternText))), v.maxLength(mostPatterns));

/** The rights of a token, as they are stored and as the API takes them. */
export const rightsSchema = v.strictObject({
  rules: v.pipe(v.array(ruleSchema), v.maxLength(mostRules)),
  createZones: patterns,
  deleteZones: patterns,
  protectedTypes: patterns,
});

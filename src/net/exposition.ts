/**
 * Writes the text format of Prometheus (https://prometheus.io/docs/instrumenting/exposition_formats/, version
 * 0.0.4).
 */

/** One value of a metric. Its labels are written in the order in which `labels` has them. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** Is put behind the metric's name; absent: nothing. Only histograms have such values. */
  readonly suffix?: '_bucket' | '_sum' | '_count';
}

/** A metric with its description and all its values. */
export interface Metric {
  /** Name of the metric, made of letters, digits and underscores. The name of a counter ends in `_total`. */
  readonly name: string;
  readonly type: 'gauge' | 'counter' | 'histogram';
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** Makes a metric with one value and no labels. @param value null: the metric has no value now */
export function single(
  name: string,
  type: Metric['type'],
  help: string,
  value: number | boolean | null,
): Metric {
  return { name, type, help, samples: value === null ? [] : [{ labels: {}, value: Number(value) }] };
}

/**
 * The metrics as text, with a line feed at the end of each line. A metric without a value is left out.
 * @param common labels that are put before each sample's own labels
 */
export function exposition(metrics: readonly Metric[], common: Sample['labels'] = {}): string {
  return metrics
    .filter(({ samples }) => samples.length > 0)
    .flatMap(({ name, type, help, samples }) => [
      `# HELP ${name} ${escapedHelp(help)}\n`,
      `# TYPE ${name} ${type}\n`,
      ...samples.map(
        ({ labels, value, suffix = '' }) =>
          `${name}${suffix}${labelText({ ...common, ...labels })} ${value}\n`,
      ),
    ])
    .join('');
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escapedValue(value)}"`);
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}

function escapedHelp(text: string): string {
  return text.replaceAll('\\', String.raw`\\`).replaceAll('\n', String.raw`\n`);
}

function escapedValue(text: string): string {
  return escapedHelp(text).replaceAll('"', String.raw`\"`);
}

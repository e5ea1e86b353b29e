import { escapeHtml } from './page-html.ts';
import type { Lang } from './page-texts.ts';
import type { Field } from './page-views.ts';

export interface FormPage {
  readonly lang: Lang;
  readonly title: string;
  /** Path to which the form is sent. */
  readonly action: string;
  /** Name of the field whose change redraws the form; absent: there is none. */
  readonly rerenders?: string;
  readonly fields: readonly Field[];
  /** Values of hidden fields: function, elid, plid, token. */
  readonly hidden: Readonly<Record<string, string>>;
  readonly value: (name: string) => string;
  readonly label: (name: string) => string;
  /** Returns the hint below a field; empty: it has none. */
  readonly hint: (name: string) => string;
  /** Returns the choices of a select field. */
  readonly options: (field: Field) => readonly (readonly [value: string, text: string])[];
  /** Target of the link Cancel. */
  readonly back: string;
  readonly error: { readonly text: string; readonly field: string } | null;
}

function attribute(name: string, value: string | undefined): string {
  return value === undefined ? '' : ` ${name}="${escapeHtml(value)}"`;
}

/**
 * Makes the HTML control of a field.
 * @param wrong whether the error is about this field
 * @param more further attributes
 */
export function fieldControl(page: FormPage, field: Field, wrong: boolean, more = ''): string {
  const { name, type } = field;
  const shared =
    ` id="${name}" name="${name}"${attribute('maxlength', field.maxlength)}` +
    `${field.readonly === true ? ' readonly' : ''}${wrong ? ' aria-invalid="true"' : ''}${more}`;
  const value = page.value(name);
  switch (type) {
    case 'select': {
      const options = page.options(field).map(([key, label]) => {
        const chosen = key === value ? ' selected' : '';
        return `<option value="${escapeHtml(key)}"${chosen}>${escapeHtml(label)}</option>`;
      });
      return `<select${shared}>${options.join('')}</select>`;
    }
    case 'textarea':
      return `<textarea${shared} rows="4">${escapeHtml(value)}</textarea>`;
    case 'checkbox':
      return `<input type="checkbox" value="on"${shared}${value === 'on' ? ' checked' : ''}>`;
    case 'password':
      // A password is never sent back, so that nobody can read it in the page.
      return `<input type="password" autocomplete="new-password"${shared}>`;
    case 'text':
    case 'hidden':
      return `<input type="${type}" value="${escapeHtml(value)}"${shared}>`;
  }
}

/** Hidden fields as HTML. */
export function hiddenHtml(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`)
    .join('');
}

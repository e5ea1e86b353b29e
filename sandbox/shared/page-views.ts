/** A field of a form. */
export interface Field {
  readonly name: string;
  readonly type: 'text' | 'password' | 'checkbox' | 'select' | 'textarea' | 'hidden';
  /** Choices of a select field, if the document has none. */
  readonly values?: readonly string[];
  readonly maxlength?: string;
  readonly required?: boolean;
  readonly readonly?: boolean;
  readonly fallback?: string;
}

export interface FormView {
  readonly kind: 'form';
  /** Function of the list that follows after the form. */
  readonly back: string;
  readonly fields: readonly Field[];
  /**
   * Fields that depend on the value of the field `field`. A change of it renders the form again
   * (docs/protocol.md#parameters).
   */
  readonly byType?: {
    readonly field: string;
    readonly fields: Readonly<Record<string, readonly Field[]>>;
    readonly fallback: readonly Field[];
  };
}

export interface ListView {
  readonly kind: 'list';
  /** Column whose value identifies a row. */
  readonly key: string;
  /** Column whose text is a link to the row; absent: no column. */
  readonly name?: string;
  /** Column with the name of the function for a row's settings; absent: rows have no settings. */
  readonly settings?: string;
  readonly columns: readonly string[];
  /** Function of the form for rows; absent: there is no form. */
  readonly edit?: string;
  /** Whether the form is also for existing rows, and not only for new ones. */
  readonly editRows?: boolean;
  /**
   * Functions that buttons call for a row. With `when`, only rows with a cell of this name have the button.
   */
  readonly actions: readonly { readonly func: string; readonly label: string; readonly when?: string }[];
  /** Function that lists what belongs to a row, such as the records of a zone. */
  readonly open?: string;
  /**
   * Whether the list shows what belongs to one row of another list, whose identifier is the parameter `elid`.
   */
  readonly inside?: boolean;
}

export type View = FormView | ListView;

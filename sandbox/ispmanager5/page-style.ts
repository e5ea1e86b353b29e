/** The colours of a generation's pages. */
export interface Palette {
  readonly accent: string;
  readonly side: string;
  readonly sideText: string;
  readonly chosen: string;
}

/** Version 6: a light page with the menu on the left. */
export const V6_PALETTE: Palette = {
  accent: '#3a62e0',
  side: '#f3f5fb',
  sideText: '#2b3350',
  chosen: '#dfe6fc',
};

/** Version 5: a dark menu. */
export const V5_PALETTE: Palette = {
  accent: '#1d7f8c',
  side: '#2f3b46',
  sideText: '#dbe4ea',
  chosen: '#45545f',
};

/** DNSmanager: a dark menu in another colour. */
export const DNSMGR_PALETTE: Palette = {
  accent: '#4f7a28',
  side: '#333a2c',
  sideText: '#e3e8dc',
  chosen: '#4a543f',
};

/** Makes the style sheet with these colours. */
export function style({ accent, side, sideText, chosen }: Palette): string {
  return `
:root { font: 14px/1.45 "DejaVu Sans", "Segoe UI", sans-serif; color: #20263a; background: #fff }
* { box-sizing: border-box }
body { margin: 0; display: grid; grid-template: 52px 1fr / 232px 1fr; min-height: 100vh }
header { grid-column: 2; display: flex; align-items: center; justify-content: flex-end; gap: 20px; padding: 0 28px; border-bottom: 1px solid #e3e7f0 }
header a { color: ${accent}; text-decoration: none }
nav { grid-row: 1 / 3; grid-column: 1; background: ${side}; color: ${sideText}; padding: 0 0 20px }
nav b { display: block; padding: 16px 20px 14px; font-size: 15px; overflow-wrap: anywhere }
nav h2 { font-size: 11px; font-weight: 600; letter-spacing: .06em; text-transform: uppercase; opacity: .65; margin: 18px 20px 6px }
nav a { display: block; padding: 7px 20px; color: inherit; text-decoration: none; border-left: 3px solid transparent }
nav a:hover { background: ${chosen} } nav a[aria-current] { background: ${chosen}; border-color: ${accent}; font-weight: 600 }
main { padding: 22px 28px; min-width: 0 } h1 { font-size: 21px; font-weight: 600; margin: 0 0 16px; overflow-wrap: anywhere }
.toolbar { display: flex; gap: 8px; margin: 0 0 12px; flex-wrap: wrap }
button, .button { font: inherit; line-height: 20px; padding: 6px 14px; border: 1px solid #c9d0e0; border-radius: 6px; background: #fff; color: inherit; cursor: pointer; text-decoration: none; display: inline-block }
button:hover, .button:hover { border-color: ${accent} } button.main, .button.main { background: ${accent}; border-color: ${accent}; color: #fff }
table { border-collapse: collapse; width: 100% } th { text-align: left; font-weight: 600; color: #5d6780; border-bottom: 2px solid #e3e7f0 }
th, td { min-width: 62px; padding: 8px 10px; vertical-align: top } td { border-bottom: 1px solid #edf0f6; max-width: 460px; overflow-wrap: anywhere } td:nth-child(2) { min-width: 190px } td.short, th.short { width: 36px; min-width: 0 }
tbody tr:hover { background: #f7f9fe } tbody tr:has(:checked) { background: #eef3ff } td a { color: ${accent} }
.veil { display: flex; justify-content: center; align-items: flex-start; padding: 12px 0 }
.modal { width: 100%; max-width: 720px; border: 1px solid #d8deea; border-radius: 10px; box-shadow: 0 12px 36px #20263a22; background: #fff }
.modal h1 { margin: 0; padding: 16px 22px; border-bottom: 1px solid #e3e7f0; font-size: 18px } .modal .fields { padding: 18px 22px 6px } .modal footer { padding: 14px 22px; border-top: 1px solid #e3e7f0; display: flex; gap: 10px }
.field { display: grid; grid-template-columns: 200px 1fr; gap: 4px 16px; margin-bottom: 14px; align-items: center } .field small { grid-column: 2; color: #6b7590 }
.field input:not([type=checkbox]), select, textarea { font: inherit; padding: 7px 10px; border: 1px solid #c9d0e0; border-radius: 6px; width: 100%; background: #fff } .field input[type=checkbox] { justify-self: start; width: 18px; height: 18px }
input[readonly] { background: #f4f6fa !important; color: #5d6780 } .need::after { content: " *"; color: #c0392b }
.invalid input, .invalid select, .invalid textarea { border-color: #c0392b !important } .invalid label { color: #c0392b }
[role=alert] { background: #fdeeec; border: 1px solid #e6a39b; border-radius: 6px; color: #7d2117; padding: 10px 14px; margin: 0 0 16px; overflow-wrap: anywhere; white-space: pre-line }
.modal [role=alert] { margin: 16px 22px 0 }
body.login { display: block; background: ${side}; padding-top: 7vh } .login main { max-width: 520px; margin: 0 auto }
`;
}

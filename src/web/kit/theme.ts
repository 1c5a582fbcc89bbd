import { createTheme, type MantineColorsTuple } from '@mantine/core';

const pine: MantineColorsTuple = [
  '#eaf7f3',
  '#d6ebe4',
  '#abd7c8',
  '#7cc2aa',
  '#56b091',
  '#3da581',
  '#2f9f78',
  '#218a66',
  '#147b5a',
  '#006a4b',
];

/** Fonts are those of the reader's system: the pages load nothing from elsewhere. */
export const theme = createTheme({
  primaryColor: 'pine',
  primaryShade: { light: 8, dark: 5 },
  colors: { pine },
  defaultRadius: 'md',
  cursorType: 'pointer',
  autoContrast: true,
  fontFamily: 'Inter, ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Open Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, "JetBrains Mono", Menlo, Consolas, monospace',
  headings: { fontWeight: '650' },
});

// What is shown as a file of its own, with the page's styles and without its buttons.
export function asDocument(element, title) {
  const copy = element.cloneNode(true)
  for (const one of copy.querySelectorAll('.screen-only')) one.remove()
  const style = document.createElement('style')
  style.textContent = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]).map((rule) => rule.cssText).join('\n')
  const { lang, dir } = document.documentElement
  return `<!doctype html>\n<html lang="${lang}" dir="${dir}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>${style.outerHTML}</head><body>${copy.outerHTML}</body></html>\n`
}
